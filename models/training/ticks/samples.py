"""Draw what the tick network learns from: boxes, marks, bad scans, and what a person would say.

``python -m models.training.ticks.samples 10000 1 OUT.npz`` draws ten thousand.
"""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.extraction import ticks
from edge.inference.readers import TICK_LABELS
from edge.ocr.engine import Patch
from models.training.ticks import marks as ticks_marks
from models.training.ticks import scans as ticks_scans
from models.training.ticks import scenes, sight
from models.training.ticks.ink import Layer, Mark, Stroke, grain, inked, layer, moved
from models.training.ticks.scenes import HIGH_MM, WIDE_MM, Scene
from vaguemestre.model.document import BoxMm

EMPTY, TICKED, DOUBTFUL = range(len(TICK_LABELS))

_MIX = {
    Mark.EMPTY: 36, Mark.CROSS: 10, Mark.CHECK: 8, Mark.STROKE: 7, Mark.BLACKENED: 6,
    Mark.CIRCLED: 4, Mark.BESIDE: 10, Mark.STRUCK: 8, Mark.DOT: 4, Mark.STAMP: 4, Mark.CROSSING: 6,
    Mark.COVERED: 2,
}  # fmt: skip
_SAID = {
    Mark.EMPTY: EMPTY, Mark.CROSS: TICKED, Mark.CHECK: TICKED, Mark.STROKE: TICKED,
    Mark.BLACKENED: TICKED,
}  # fmt: skip
_SAME = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_INK = 0.03  # of full ink: where a mark changes the page
_FRAME = BoxMm(0.0, 0.0, WIDE_MM, HIGH_MM)
# Of what counts as seen (``tick_sight``): what is nearly lost is learned as well.
_LOST = 0.75
_PALE_MM2, _IS_SURE = 0.35, 20.0  # less that differs by so much of 255, and nobody would swear
_NO_BLANK = np.full((ticks.HIGH_PX, ticks.WIDE_PX), ticks.NO_BLANK, np.uint8)
_PALE_OF_OURS = 0.8
_SHIFT_MM, _MOST_SHIFT_MM = 0.25, 0.9


@dataclass(frozen=True, slots=True)
class Sample:
    """A patch and the index of its label; ``is_ours`` when it is of one of our forms."""

    patch: Patch
    said: int
    kind: Mark
    is_ours: bool


def draw(rng: random.Random, *, is_pale: bool = False) -> Sample:
    """One sample; a mark that the scan lost is drawn again.

    ``is_pale``: only pencils, and more scans that leave little of them; mostly on our own forms.
    """
    while True:
        kind = rng.choices(list(_MIX), list(_MIX.values()))[0]
        made = _draw(kind, rng, is_pale=is_pale)
        if made is not None:
            return made


def _draw(kind: Mark, rng: random.Random, *, is_pale: bool) -> Sample | None:
    scene = scenes.draw(rng, of_ours=_PALE_OF_OURS if is_pale else scenes.OF_OURS)
    chance = np.random.default_rng(rng.getrandbits(32))
    plain = scene.paper.astype(np.float32)
    _others(plain, scene, rng, chance)
    marked = plain.copy()
    _mark(kind, marked, scene, rng, chance, is_pale=is_pale)
    how = ticks_scans.drawn(rng, scene.dpi, is_pale=is_pale)
    scanned = ticks_scans.scan(marked, how)
    said = _SAID.get(kind, DOUBTFUL)
    if kind is not Mark.EMPTY:
        unmarked = ticks_scans.scan(plain, how)
        ink = (np.abs(plain - marked) / 255).clip(0, 1)
        if _is_lost(sight.Scans(scanned, unmarked, _whole(plain), scene.dpi / 25.4), ink):
            return None
        if _shows(scanned, unmarked, scene, _IS_SURE) < _PALE_MM2:
            said = DOUBTFUL
    return Sample(_patch(scanned, scene, rng), said, kind, scene.is_ours)


def _mark(
    kind: Mark,
    page: Layer,
    scene: Scene,
    rng: random.Random,
    chance: np.random.Generator,
    *,
    is_pale: bool,
) -> None:
    """Mark a box, in place."""
    marks = ticks_marks.draw(kind, scene.box, rng)
    if marks:
        _write(page, marks, scene, _pen(rng, is_pale=is_pale), chance)
    if kind is Mark.STAMP:
        if rng.random() < 0.4:
            first = rng.choice((Mark.CROSS, Mark.CHECK))
            _write(page, ticks_marks.draw(first, scene.box, rng), scene, _pen(rng), chance)
        stamped = ticks_scans.stamp(page.shape, scene.box, scene.dpi, rng)
        inked(page, stamped, rng.uniform(40, 150))
    if kind is Mark.COVERED:
        if rng.random() < 0.7:
            first = rng.choice((Mark.CROSS, Mark.CHECK, Mark.STROKE))
            _write(page, ticks_marks.draw(first, scene.box, rng), scene, _pen(rng), chance)
        over = layer(ticks_marks.paint(scene.box, rng), _FRAME, scene.dpi / 25.4)
        high, wide = (min(sides) for sides in zip(page.shape, over.shape, strict=True))
        part, over = page[:high, :wide], over[:high, :wide] * np.float32(rng.uniform(0.9, 1.0))
        part[:] = part * (1 - over) + np.float32(rng.uniform(235, 255)) * over


def _whole(page: Layer) -> NDArray[np.uint8]:
    return np.asarray(page.clip(0, 255), np.uint8)


def _is_lost(scans: sight.Scans, ink: Layer) -> bool:
    """Whether nobody sees the mark, not even one who looks closer than who measures."""
    seen = sight.sight(scans, (ink > _INK).astype(np.float32), _SAME)
    return seen.area_mm2 < _LOST * sight.LEAST_MM2 or seen.times < _LOST * sight.LEAST_TIMES


def _pen(rng: random.Random, *, is_pale: bool = False) -> tuple[float, float]:
    """Its grey, and how much the paper's grain leaves out."""
    pens = (
        (rng.uniform(5, 70), rng.uniform(0, 0.2)),  # black, dark blue
        (rng.uniform(50, 130), rng.uniform(0, 0.3)),  # blue, red
        (rng.uniform(110, 190), rng.uniform(0.2, 0.7)),  # pencil
        (rng.uniform(170, 228), rng.uniform(0.1, 0.6)),  # hard pencil
    )
    return rng.choice(pens[2:] if is_pale else pens)


def _write(
    page: Layer, marks: list[Stroke], scene: Scene, pen: tuple[float, float],
    chance: np.random.Generator,
) -> None:  # fmt: skip
    grey, depth = pen
    seen = layer(marks, _FRAME, scene.dpi / 25.4)
    high, wide = (min(sides) for sides in zip(page.shape, seen.shape, strict=True))
    rough = grain((high, wide), chance, depth) if depth else None
    inked(page[:high, :wide], seen[:high, :wide], grey, rough)


def _others(page: Layer, scene: Scene, rng: random.Random, chance: np.random.Generator) -> None:
    """What is written in other boxes and fields near by, and far away from all."""
    pen = _pen(rng)
    if rng.random() < 0.4:
        kinds = (Mark.CROSS, Mark.CHECK, Mark.STROKE, Mark.BLACKENED, Mark.CROSS)
        for other in scene.ticks:
            if rng.random() < 0.4:
                marks = ticks_marks.draw(rng.choice(kinds), other, rng)
                if not _comes_near(marks, scene.box, 0.7):
                    _write(page, marks, scene, pen, chance)
    for field in scene.fields:
        if rng.random() < 0.5:
            words = ticks_marks.writing(rng, rng.uniform(5, max(6.0, field.width)))
            words = moved(words, field.left, field.top + field.height * 0.85)
            if not _comes_near(words, scene.box, 0.7):
                _write(page, words, scene, pen, chance)
    if rng.random() < 0.15:
        words = ticks_marks.writing(rng, rng.uniform(8, 25))
        y = scene.box.top + rng.choice((-1, 1)) * rng.uniform(6.0, 10.0)
        words = moved(words, rng.uniform(-5, 20), y + scene.box.height)
        if not _comes_near(words, scene.box, 3.0):
            _write(page, words, scene, pen, chance)


def _comes_near(marks: list[Stroke], box: BoxMm, by: float) -> bool:
    points = np.vstack([one.points for one in marks])
    spare = by + max(max(one.widths) for one in marks) / 2
    low = np.array([box.left - spare, box.top - spare])
    high = np.array([box.left + box.width + spare, box.top + box.height + spare])
    return bool(((points > low) & (points < high)).all(axis=1).any())


def _shows(
    marked: NDArray[np.uint8], plain: NDArray[np.uint8], scene: Scene, from_: float
) -> float:
    """How much of a mark the scan shows, in mm²."""
    px = scene.dpi / 25.4
    differs = cv2.absdiff(marked, plain).astype(np.float32)
    soft = cv2.GaussianBlur(differs, (0, 0), 0.12 * px)
    return float((soft > from_).sum()) / px**2


def _patch(scanned: NDArray[np.uint8], scene: Scene, rng: random.Random) -> Patch:
    """Cut as a station does: the page turned upright, the form found a little beside its place."""
    px = scene.dpi / 25.4
    high, wide = scanned.shape
    matrix = np.array([[px, 0.0, 0.0], [0.0, px, 0.0]])
    if rng.random() < 0.6:
        turn = np.asarray(
            cv2.getRotationMatrix2D((wide / 2, high / 2), rng.uniform(-2, 2), 1.0), np.float64
        )
        scanned = np.asarray(
            cv2.warpAffine(
                scanned, turn, (wide, high), flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ), np.uint8,
        )  # fmt: skip
        matrix = turn @ np.vstack([matrix, [0, 0, 1]])
    middle = np.array([WIDE_MM / 2, HIGH_MM / 2])
    size, bend = 1 + rng.gauss(0, 0.005), rng.gauss(0, 0.004)
    wrong = np.array([[size, bend], [-bend, size]])
    most = _MOST_SHIFT_MM
    shift = [max(-most, min(most, rng.gauss(0, _SHIFT_MM))) for _ in range(2)]
    off = middle - wrong @ middle + np.array(shift)
    matrix = matrix @ np.vstack([np.column_stack([wrong, off]), [0, 0, 1]])
    where = Registration(matrix)
    picture, blank = ticks.on_blank(ticks.wider(scanned, where, scene.boxes), scene.blank)
    others = (*scene.ticks, *scene.fields)
    return Patch(picture, ticks.plan(scene.boxes, scene.printed, others), blank)


def main() -> None:
    """Draw samples into a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pale", action="store_true", help="pencils that the scan nearly loses")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rng = random.Random(options.seed)
    drawn = [draw(rng, is_pale=options.pale) for _ in range(options.count)]
    part = options.out.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        pictures=np.stack([one.patch.picture for one in drawn]),
        plans=np.stack([one.patch.plan for one in drawn]),
        blanks=np.stack([_NO_BLANK if (b := one.patch.blank) is None else b for one in drawn]),
        said=np.array([one.said for one in drawn], np.int64),
        kinds=np.array([one.kind.value for one in drawn]),
        ours=np.array([one.is_ours for one in drawn]),
    )
    part.replace(options.out)


if __name__ == "__main__":
    main()
