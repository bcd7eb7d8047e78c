"""The cell network's corpus: combs drawn, scanned, and cut by the station's own code.

``python -m models.training.cells.corpus PART COUNT SEED FILE`` writes COUNT cells; the same seed
draws the same cells. Geometry and tints of the combs are those of the measured forms, and others
around them. Each comb passes through ``edge.extraction.ink.cut_zone`` and ``combs.assign_ink``, so
that the network learns from what the station will show it, faults of the cutting included.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.extraction import combs
from edge.extraction import ink as extraction_ink
from edge.ocr.network_io import SIDE_PX, normalise_cell
from models.training.cells import glyphs
from models.training.cells.glyphs import Glyph, Part, Source
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import bounding_box

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


LABELS = "0123456789AB"
JUNK = len(LABELS)
_MARGIN_MM = 0.7  # as edge.extraction.zones takes combs
_JUNK_SHARE, _EMPTY_SHARE = 0.09, 0.06
_LEAST_LEFT = 0.45  # of a character's ink; with less in its cell it is a rest
_OTHERS = "CDEFGHJKLMNPQRTUVWXY#%&*/-+=?"  # what is no digit and looks like none


@dataclass(frozen=True, slots=True)
class Cell:
    """One cut cell: its picture as the network sees it (0..255), its class, how it was made."""

    picture: NDArray[np.uint8]
    label: int
    is_written: bool
    is_bitonal: bool
    comb: int
    place: int


def draw(part: Part, seed: int, written_share: float = 0.6) -> Iterator[Cell]:
    """Draw cells without end, in combs."""
    for number in range(sys.maxsize):
        rng = np.random.default_rng((seed, number, list(Part).index(part)))
        yield from _comb(part, number, rng, written_share)


@dataclass(frozen=True, slots=True)
class DrawnComb:
    """A comb as the station cuts it, None when it finds nothing, and what was drawn.

    ``labels`` and ``inks`` (mm²) are of all its cells; an empty or spoilt cell is junk.
    """

    found: combs.CombInk | None
    made: Comb
    labels: Sequence[int]
    inks: Sequence[float]
    is_bitonal: bool


Content = tuple[Glyph | None, float, int]  # what a cell holds, its height's share, its class


def draw_comb(
    made: Comb, source: Source, contents: Sequence[Content], rng: np.random.Generator
) -> DrawnComb:
    """Print, fill, scan and cut one comb."""
    how = scan(rng)
    sheet = printed(made)
    inks = _write(sheet, made, source, contents, rng)
    page, where, _ = scanned(sheet, how, rng)
    zone = extraction_ink.cut_zone(page, where, bounding_box(made.cells), _MARGIN_MM)
    found = combs.assign_ink(zone, made.cells)
    return DrawnComb(found, made, [one[2] for one in contents], inks, bool(how.threshold))


def _comb(
    part: Part, number: int, rng: np.random.Generator, written_share: float
) -> Iterator[Cell]:
    made = comb(rng)
    source = Source(part, bool(rng.random() < written_share), rng)
    drawn = draw_comb(made, source, [_content(source, rng) for _ in made.cells], rng)
    found = drawn.found
    if found is None or not found.in_cells:
        return
    for cell, piece in zip(found.filled, found.pieces, strict=True):
        label = drawn.labels[cell]
        if label != JUNK and _ink_mm2(piece) < _LEAST_LEFT * drawn.inks[cell]:
            label = JUNK
        picture = (normalise_cell(piece) * 255).round().astype(np.uint8)
        yield Cell(picture, label, source.is_written, drawn.is_bitonal, number, cell)


def _ink_mm2(piece: NDArray[np.uint8]) -> float:
    level = (255.0 + float(piece.min())) / 2
    return float((piece < level).sum()) / extraction_ink.PX_PER_MM**2


def _write(
    sheet: NDArray[np.uint8],
    made: Comb,
    source: Source,
    contents: Sequence[Content],
    rng: np.random.Generator,
) -> list[float]:
    """Fill a comb; the ink (mm²) of each cell."""
    cell = made.cells[0]
    if source.is_written:
        usual = float(np.clip(rng.normal(0.68, 0.13), 0.4, 1.0)) * min(cell.height, 5.6)
        drift = rng.normal(0, (0.35, 0.3))
        loose = float(rng.uniform(0.05, 0.35))
    else:
        usual = float(np.clip(rng.uniform(1.8, 3.2), 1.6, cell.height * 0.8))
        drift = rng.uniform(-0.55, 0.55, 2)
        loose = float(rng.uniform(0.0, 0.08))
    dark = int(rng.integers(10, 90)) if rng.random() < 0.8 else int(rng.integers(90, 140))
    inks = []
    for cell, (glyph, share, _) in zip(made.cells, contents, strict=True):
        if glyph is None:
            inks.append(0.0)
            continue
        middle = (
            cell.left + cell.width / 2 + float(drift[0]) + float(rng.normal(0, loose)),
            cell.top + cell.height / 2 + float(drift[1]) + float(rng.normal(0, loose)),
        )
        height = usual * share * (float(np.exp(rng.normal(0, 0.1))) if source.is_written else 1.0)
        widest = cell.width * (1.05 if source.is_written else 0.95)
        height = min(height, widest * glyph.shape[0] / glyph.shape[1])
        inks.append(put(sheet, glyph, middle, height, dark + int(rng.integers(0, 12))))
    return inks


def _content(source: Source, rng: np.random.Generator) -> Content:
    """What one cell holds: a glyph or nothing, its height's share, its class."""
    chance = float(rng.random())
    if chance < _JUNK_SHARE:
        return (*spoilt(source, rng), JUNK)
    if chance < _JUNK_SHARE + _EMPTY_SHARE:
        return None, 1.0, JUNK
    char = LABELS[int(rng.integers(10))] if rng.random() > 0.06 else "AB"[int(rng.integers(2))]
    glyph, share = source.glyph(char)
    return glyph, share, LABELS.index(char)


def spoilt(source: Source, rng: np.random.Generator) -> tuple[Glyph, float]:
    """Something that is no character of a comb, and its height's share."""
    one, share = source.glyph(LABELS[int(rng.integers(10))])
    other, _ = source.glyph(LABELS[int(rng.integers(10))])
    match int(rng.integers(0, 6)):
        case 0 | 1:
            return glyphs.struck(one, rng), share * 1.15
        case 2:
            return glyphs.overlaid(one, other, rng), share * 1.05
        case 3:
            return glyphs.beside(one, other, rng), share * 0.85
        case 4:
            return glyphs.scribble(rng), float(rng.uniform(0.4, 1.2))
        case _:
            return source.glyph(_OTHERS[int(rng.integers(len(_OTHERS)))])


def corpus(
    part: Part, count: int, seed: int, written_share: float = 0.6
) -> dict[str, NDArray[np.uint8] | NDArray[np.int64]]:
    """``count`` cells as arrays: pictures, labels, is_written, is_bitonal."""
    pictures = np.zeros((count, SIDE_PX, SIDE_PX), np.uint8)
    labels = np.zeros(count, np.int64)
    flags = np.zeros((count, 2), np.uint8)
    for i, cell in zip(range(count), draw(part, seed, written_share), strict=False):
        pictures[i], labels[i] = cell.picture, cell.label
        flags[i] = (cell.is_written, cell.is_bitonal)
    return {"pictures": pictures, "labels": labels, "flags": flags}


def main() -> int:
    """Write a shard of the corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", type=Part)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    made = corpus(options.part, options.count, options.seed)
    np.savez(options.file, **made)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
