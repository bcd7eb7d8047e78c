"""The cell network's corpus: combs drawn, scanned, and cut by the station's own code.

``python -m models.training.cells PART COUNT SEED FILE`` writes COUNT cells; the same seed draws
the same cells. Each comb passes through ``edge.extraction.ink.cut_zone`` and ``combs.assign_ink``,
so the network sees what the station will show it, faults of the cutting included.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.extraction import combs, ink
from edge.ocr.network_io import SIDE_PX, normalise_cell
from models.training import cell_combs, cell_hand
from models.training.cell_glyphs import Glyph, Part
from models.training.cell_source import Source

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
    made: cell_combs.Comb
    labels: Sequence[int]
    inks: Sequence[float]
    is_bitonal: bool


Content = tuple[Glyph | None, float, int]  # what a cell holds, its height's share, its class


def draw_comb(
    made: cell_combs.Comb, source: Source, contents: Sequence[Content], rng: np.random.Generator
) -> DrawnComb:
    """Print, fill, scan and cut one comb."""
    how = cell_combs.scan(rng)
    sheet = cell_combs.printed(made)
    inks = _write(sheet, made, source, contents, rng)
    page, where, _ = cell_combs.scanned(sheet, how, rng)
    zone = ink.cut_zone(page, where, combs.bounds(made.cells), _MARGIN_MM)
    found = combs.assign_ink(zone, made.cells)
    return DrawnComb(found, made, [one[2] for one in contents], inks, bool(how.threshold))


def _comb(
    part: Part, number: int, rng: np.random.Generator, written_share: float
) -> Iterator[Cell]:
    made = cell_combs.comb(rng)
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
    return float((piece < level).sum()) / ink.PX_PER_MM**2


def _write(
    sheet: NDArray[np.uint8],
    made: cell_combs.Comb,
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
        inks.append(cell_combs.put(sheet, glyph, middle, height, dark + int(rng.integers(0, 12))))
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
            return cell_hand.struck(one, rng), share * 1.15
        case 2:
            return cell_hand.overlaid(one, other, rng), share * 1.05
        case 3:
            return cell_hand.beside(one, other, rng), share * 0.85
        case 4:
            return cell_hand.scribble(rng), float(rng.uniform(0.4, 1.2))
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
