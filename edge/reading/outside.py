"""Whether anything stands on a scan beside the form that was recognised on it.

Two sheets on one glass, a second one that sticks out of a double feed, a letter beside a form: what
lies outside the form's own sheet is read by nobody. Writing there is told by its pieces: small,
dark against their paper, not at the scan's edge. Borders, a lid's edge, shadows, punch holes and
dust are none of that.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces, reduced, times
from edge.reading.readers import Gray
from edge.reading.registration import Registration
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FormDefinition

OUTSIDE_CONTENT = "outside_content"

_WORK_DPI = 100.0
_MARGIN_MM = 4.0  # a sheet is cut larger than its form was measured, and lies a little askew
_STRIP_MM = 5.0  # a strip as narrow holds no line; up to here the edge of the scan is paper
_PAPER_MM = 8.0  # around a pixel, what is taken for its paper
_CONTRAST = 30  # grey levels darker than the paper around
_LEAST_MM, _LARGEST_MM = 0.9, 60.0  # of a piece, the longer way: specks, and edges and shadows
_THIN_MM, _THIN = 0.7, 0.06  # its shorter way, in mm and of the longer one: edges, and their rests
_HOLE_MM, _FILLED = 3.5, 0.66  # a punch hole is as large at least, and solid
_INK_MM2 = 6.0  # three handwritten words have several times this
_FEWEST = 2  # pieces: one alone is a speck of dirt, a corner, a page number


def holds_content(gray: Gray, where: Registration, form: FormDefinition) -> bool:
    """Whether something is written or printed on a page outside its form's sheet.

    Args:
        gray: The upright page, black borders painted white.
        where: Where the form lies.
        form: Whose sheet it is.
    """
    strips = list(_strips(gray, where, form))
    if not strips:
        return False
    px_per_mm = float(np.sqrt(abs(np.linalg.det(where.matrix[:, :2]))))
    by = times(px_per_mm * 25.4, _WORK_DPI)
    return any(_is_written(reduced(strip, by), px_per_mm / by) for strip in strips)


def _strips(gray: Gray, where: Registration, form: FormDefinition) -> Iterator[Gray]:
    """What lies left, right, above and below of the sheet, where it is wide enough for a line."""
    height, width = gray.shape
    sheet = BoxMm(
        -_MARGIN_MM,
        -_MARGIN_MM,
        form.width_mm + 2 * _MARGIN_MM,
        form.height_mm + 2 * _MARGIN_MM,
    )
    left, top, across, down = where.to_px(sheet)
    least = _STRIP_MM * across / sheet.width
    right, bottom = min(width, left + across), min(height, top + down)
    left, top = max(0, left), max(0, top)
    if left > least:
        yield gray[:, :left]
    if width - right > least:
        yield gray[:, right:]
    if top > least:
        yield gray[:top, left:right]
    if height - bottom > least:
        yield gray[bottom:, left:right]


def _is_written(strip: Gray, px_per_mm: float) -> bool:
    size = 2 * round(_PAPER_MM * px_per_mm) + 1
    soft = cv2.GaussianBlur(strip, (3, 3), 0)
    paper = cv2.blur(soft, (size, size), borderType=cv2.BORDER_REPLICATE)
    dark = np.asarray(cv2.subtract(paper, soft) > _CONTRAST, np.uint8)
    if not dark.any():
        return False
    stats = pieces(dark).stats[1:]
    kept = stats[_are_letters(stats, dark.shape, px_per_mm)]
    ink = float(kept[:, cv2.CC_STAT_AREA].sum()) / px_per_mm**2
    return len(kept) >= _FEWEST and ink >= _INK_MM2


def _are_letters(
    stats: NDArray[np.int32], shape: tuple[int, ...], px_per_mm: float
) -> NDArray[np.bool_]:
    left, top, width, height, area = stats.T
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    inside = (left > 0) & (top > 0) & (left + width < shape[1]) & (top + height < shape[0])
    sized = (longer >= _LEAST_MM * px_per_mm) & (longer <= _LARGEST_MM * px_per_mm)
    solid = (shorter >= _HOLE_MM * px_per_mm) & (area >= _FILLED * width * height)
    thin = (shorter < _THIN_MM * px_per_mm) | (shorter <= _THIN * longer)
    return np.asarray(inside & sized & ~thin & ~solid, np.bool_)
