"""A comb as it comes off the scanner: printed frame, characters, and what scanning does to it.

Geometry and tints are those of the forms whose layout was measured, and others around them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from models.training.cell_glyphs import Glyph
from vaguemestre.model.document import BoxMm

Pixels = NDArray[np.uint8]
PX_PER_MM = 14.0  # drawn at, before the scan
_AROUND_MM = 6.0  # of the sheet around a comb, for the scanner's threshold to look at


@dataclass(frozen=True, slots=True)
class Comb:
    """Where a comb's cells lie on its small sheet, and how they are printed."""

    cells: tuple[BoxMm, ...]
    style: str
    tint: int
    paper: int
    line: int
    line_mm: float
    size_mm: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scan:
    """How the sheet was scanned."""

    dpi: float
    skew: float
    blur: float
    noise: float
    threshold: str  # "", "local" or "global"
    jpeg: int  # quality; 0 is none


def comb(rng: np.random.Generator, count: int | None = None) -> Comb:
    """Draw a comb's geometry and look; ``count`` cells, or as many as combs have."""
    style = str(rng.choice(["tinted", "white", "ruled", "framed"], p=[0.38, 0.38, 0.14, 0.10]))
    usual = int(rng.choice([4, 6, 8, 8, 9, 11, 14, 15, 15]))
    count = count or usual
    pitch = float(rng.choice([3.7, 3.9, 4.3, 4.6, 4.8, 4.8, 4.9])) + float(rng.normal(0, 0.12))
    height = float(rng.choice([4.1, 5.1, 5.4, 5.5, 7.1, 7.8])) + float(rng.normal(0, 0.15))
    gap = float(rng.uniform(0.3, 0.8)) if style == "white" else float(rng.uniform(0.0, 0.1))
    if style == "framed":
        gap = float(rng.uniform(0.2, 1.2))
    x, cells = _AROUND_MM, []
    for i in range(count):
        cells.append(BoxMm(x, _AROUND_MM, pitch - gap, height))
        x += pitch
        if count == 15 and i == 12:
            x += float(rng.uniform(0.0, 2.6))
    return Comb(
        tuple(cells),
        style,
        tint=int(rng.integers(180, 232)),
        paper=int(rng.integers(232, 256)),
        line=int(rng.integers(90, 205)),
        line_mm=float(rng.uniform(0.12, 0.4)),
        size_mm=(x + _AROUND_MM, height + 2 * _AROUND_MM),
    )


def printed(made: Comb) -> Pixels:
    """The empty comb on its sheet."""
    width, height = (round(mm * PX_PER_MM) for mm in made.size_mm)
    sheet = np.full((height, width), made.paper, np.uint8)
    first, last = made.cells[0], made.cells[-1]
    around = BoxMm(first.left, first.top, last.left + last.width - first.left, first.height)
    if made.style == "tinted":
        _fill(sheet, around, 0.1, made.tint)
        for cell, following in zip(made.cells, made.cells[1:], strict=False):
            right, bottom = cell.left + cell.width, cell.top + cell.height
            gap = max(0.35, following.left - right)
            middle = (right + following.left) / 2
            tick = cell.height * (1.0 if gap > 1.0 else 0.45)
            _fill(sheet, BoxMm(middle - gap / 2, bottom - tick, gap, tick + 0.1), 0, made.paper)
    elif made.style == "white":
        _fill(sheet, around, 0.9, made.tint)
        for cell in made.cells:
            _fill(sheet, cell, -0.1, made.paper)
    else:
        for cell in made.cells:
            _frame(sheet, cell, made)
    return sheet


def _frame(sheet: Pixels, cell: BoxMm, made: Comb) -> None:
    is_open = made.style == "ruled"
    x0, x1 = (round(x * PX_PER_MM) for x in (cell.left, cell.left + cell.width))
    y1 = round((cell.top + cell.height) * PX_PER_MM)
    y0 = round((cell.top + (cell.height * 0.6 if is_open else 0.0)) * PX_PER_MM)
    thick = max(1, round(made.line_mm * PX_PER_MM))
    if is_open:
        cv2.polylines(
            sheet, [np.array([[x0, y0], [x0, y1], [x1, y1], [x1, y0]])], False, [made.line], thick
        )
    else:
        cv2.rectangle(sheet, (x0, y0), (x1, y1), [made.line], thick)


def _fill(sheet: Pixels, box: BoxMm, grow: float, value: int) -> None:
    y0, y1 = box.top - grow, box.top + box.height + grow
    x0, x1 = box.left - grow, box.left + box.width + grow
    top, bottom, left, right = (max(0, round(mm * PX_PER_MM)) for mm in (y0, y1, x0, x1))
    sheet[top:bottom, left:right] = value


def put(
    sheet: Pixels, glyph: Glyph, middle: tuple[float, float], height_mm: float, ink: int
) -> float:
    """Ink a glyph onto the sheet around ``middle`` (x, y in mm); returns its ink in mm²."""
    scale = height_mm * PX_PER_MM / glyph.shape[0]
    size = (max(1, round(glyph.shape[1] * scale)), max(1, round(glyph.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    alpha = cv2.resize(glyph, size, interpolation=method).astype(np.float32) / 255.0
    x = round(middle[0] * PX_PER_MM - size[0] / 2)
    y = round(middle[1] * PX_PER_MM - size[1] / 2)
    top, left = max(0, y), max(0, x)
    bottom, right = min(sheet.shape[0], y + size[1]), min(sheet.shape[1], x + size[0])
    if bottom <= top or right <= left:
        return 0.0
    alpha = alpha[top - y : bottom - y, left - x : right - x]
    under = sheet[top:bottom, left:right].astype(np.float32)
    sheet[top:bottom, left:right] = (under * (1 - alpha) + ink * alpha).astype(np.uint8)
    return float((alpha > 0.5).sum()) / PX_PER_MM**2


def scan(rng: np.random.Generator) -> Scan:
    """Draw how a sheet is scanned."""
    threshold = str(rng.choice(["", "local", "global"], p=[0.55, 0.35, 0.10]))
    return Scan(
        dpi=float(rng.choice([150.0, 200.0, 200.0, 200.0, 240.0, 300.0])),
        skew=float(np.clip(rng.normal(0, 0.9), -2.5, 2.5)),
        blur=float(rng.uniform(0.3, 1.0)),
        noise=float(rng.uniform(1, 9)),
        threshold=threshold,
        jpeg=0 if threshold or rng.random() < 0.5 else int(rng.integers(25, 85)),
    )


def scanned(
    sheet: Pixels, how: Scan, rng: np.random.Generator
) -> tuple[Pixels, Registration, tuple[float, float]]:
    """Scan a sheet and set it straight again, as the station does.

    Returns:
        The picture, the map from the sheet's millimetres to it as a registration would find it,
        and by how much (mm) that map is off.
    """
    k = how.dpi / 25.4
    scale = k / PX_PER_MM
    size = (max(8, round(sheet.shape[1] * scale)), max(8, round(sheet.shape[0] * scale)))
    small = cv2.resize(sheet, size, interpolation=cv2.INTER_AREA)
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), how.skew, 1.0)
    moved = cv2.warpAffine(small, turn, size, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(moved, (0, 0), how.blur).astype(np.float32)
    noise = rng.standard_normal(soft.shape, np.float32) * np.float32(how.noise)
    page = np.clip(soft * rng.uniform(0.9, 1.0) + noise, 0, 255).astype(np.uint8)
    page = _thresholded(page, how, rng)
    if how.jpeg:
        _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, how.jpeg])
        page = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    # What the station's own deskew leaves, and what its registration misses.
    left_over = float(rng.normal(0, 0.12))
    back = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), left_over - how.skew, 1.0)
    page = np.asarray(cv2.warpAffine(page, back, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    off = (float(rng.normal(0, 0.22)), float(rng.normal(0, 0.22)))
    off = (float(np.clip(off[0], -0.6, 0.6)), float(np.clip(off[1], -0.6, 0.6)))
    matrix = np.array([[k, 0.0, off[0] * k], [0.0, k, off[1] * k]])
    return page, Registration(matrix), off


def _thresholded(page: Pixels, how: Scan, rng: np.random.Generator) -> Pixels:
    if how.threshold == "local":
        soft = cv2.GaussianBlur(page, (0, 0), float(rng.uniform(0.4, 0.9)))
        window = 2 * int(rng.integers(10, 31)) + 1
        offset = float(rng.uniform(9, 24))
        return np.asarray(
            cv2.adaptiveThreshold(
                soft, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, window, offset
            ),
            np.uint8,
        )
    if how.threshold == "global":
        level = float(np.percentile(page, 2)) * 0.5 + 110 * 0.5 + float(rng.uniform(-15, 25))
        return np.where(page < level, 0, 255).astype(np.uint8)
    return page
