"""Whole forms with ticks as people make them, scanned as offices scan, and the truth of each box.

For measuring: drawn by ``tick_pens``, soiled by ``degrade``; the network learned from neither.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge.extraction import ticks as extraction_ticks
from models.training.drawing import degrade, fill
from models.training.drawing.paper import load_font
from models.training.ticks import pens, sight
from models.training.ticks.ink import Layer, Mark, inked, layer
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldKind, FieldSpec, FormDefinition, bounding_box

Pixels = NDArray[np.uint8]

# What may be accepted of each: nobody knows what was meant that is struck out or painted over.
MAY_SAY: Mapping[Mark, frozenset[str]] = MappingProxyType({
    Mark.EMPTY: frozenset({"false"}),
    Mark.CROSS: frozenset({"true"}),
    Mark.CHECK: frozenset({"true"}),
    Mark.STROKE: frozenset({"true"}),
    Mark.BLACKENED: frozenset({"true"}),
    Mark.CIRCLED: frozenset({"true"}),
    Mark.BESIDE: frozenset({"true"}),
    Mark.DOT: frozenset({"true"}),
    Mark.STRUCK: frozenset(),
    Mark.STAMP: frozenset({"false"}),
    Mark.CROSSING: frozenset({"false"}),
    Mark.COVERED: frozenset(),
})  # fmt: skip
_MEANT: Mapping[Mark, int] = MappingProxyType({
    Mark.CROSS: 30, Mark.CHECK: 18, Mark.STROKE: 10, Mark.BLACKENED: 12, Mark.CIRCLED: 7,
    Mark.BESIDE: 8, Mark.STRUCK: 9, Mark.DOT: 6, Mark.COVERED: 3,
})  # fmt: skip
_UNMEANT = {Mark.EMPTY: 88, Mark.STAMP: 6, Mark.CROSSING: 6}
_MARKED_GROUP, _MARKED, _TWICE = 0.85, 0.5, 0.05
_SKEW = 2.0
_DARK, _GREY = 100.0, frozenset({"grey", "JPEG", "bleed-through"})


@dataclass(frozen=True, slots=True)
class Pen:
    """Its name, its grey, and what of it the paper's grain leaves out."""

    name: str
    grey: float
    grain: float


@dataclass(frozen=True, slots=True)
class Box:
    """What was done at one box; ``is_lost`` when the scan shows nothing of it."""

    name: str
    mark: Mark
    is_lost: bool


@dataclass(frozen=True, slots=True)
class TickedPage:
    """A scanned form and the truth of its boxes.

    ``where`` maps the blank's millimetres to the scan's pixels (2 × 3), ``way`` tells how it was
    scanned.
    """

    image: Pixels
    dpi: int
    where: NDArray[np.float64]
    pen: str
    way: str
    boxes: tuple[Box, ...]


def pen(rng: random.Random) -> Pen:
    """What somebody had at hand."""
    return rng.choice((
        Pen("black", rng.uniform(8, 50), 0.05),
        Pen("blue or red", rng.uniform(55, 140), 0.15),
        Pen("pencil", rng.uniform(105, 170), 0.4),
        Pen("hard pencil", rng.uniform(170, 215), 0.3),
    ))  # fmt: skip


def marks_of(form: FormDefinition, rng: random.Random) -> dict[str, Mark]:
    """What is done at each box: of ticks that exclude each other mostly one is set."""
    ticks = [spec.name for spec in form.fields if spec.kind is FieldKind.TICK]
    chosen = {name: _by_weight(_UNMEANT, rng) for name in ticks}
    grouped = {name for group in form.groups for name in group.fields}
    for group in form.groups:
        if rng.random() < _MARKED_GROUP:
            count = 2 if rng.random() < _TWICE else 1
            for name in rng.sample(group.fields, count):
                chosen[name] = _by_weight(_MEANT, rng)
    for name in ticks:
        if name not in grouped and rng.random() < _MARKED:
            chosen[name] = _by_weight(_MEANT, rng)
    return chosen


def _by_weight(weights: Mapping[Mark, int], rng: random.Random) -> Mark:
    return rng.choices(list(weights), list(weights.values()))[0]


def draw(
    form: FormDefinition,
    blank: Pixels,
    dpi: int,
    seed: int,
    *,
    way: str | None = None,
    marks: Mapping[str, Mark] | None = None,
    with_pen: Pen | None = None,
) -> TickedPage:
    """Fill a form, tick it, scan it.

    Args:
        form: With its groups.
        blank: Of the form, whole.
        dpi: Of the blank.
        seed: The same page for the same seed.
        way: One of ``WAYS``; None: by chance.
        marks: By field name; None: ``marks_of``.
        with_pen: None: by chance.
    """
    rng = random.Random(seed)
    used = with_pen or pen(rng)
    chosen = marks or marks_of(form, rng)
    written = {
        name: value
        for name, value in fill.plausible_values(form, rng).items()
        if form.field(name).kind is not FieldKind.TICK
    }
    face = rng.choice(list(fill.typefaces().values()))
    plain = fill.fill(blank, form, written, font=face, rng=rng)
    inks = {name: _ink(form.field(name), mark, plain, form, rng) for name, mark in chosen.items()}
    marked = plain.astype(np.float32)
    chance = np.random.default_rng(rng.getrandbits(32))
    grain = _grain(marked.shape, chance, used.grain)
    for name, ink in inks.items():
        if ink is not None and chosen[name] is Mark.STAMP:
            inked(marked, ink, rng.uniform(50, 140))
        elif ink is not None and chosen[name] is Mark.COVERED:
            marked += (np.float32(rng.uniform(238, 255)) - marked) * ink
        elif ink is not None:
            inked(marked, ink, used.grey, grain)
    how = way or rng.choices(list(WAYS), [weight for _, weight in WAYS.values()])[0]
    scan_seed = rng.getrandbits(32)
    image = _scanned(np.asarray(marked, np.uint8), dpi, how, scan_seed)
    # Nothing of dark ink is lost where nothing is thresholded.
    is_kept = used.grey < _DARK and how in _GREY and Mark.COVERED not in chosen.values()
    unmarked = np.full_like(image, 255) if is_kept else _scanned(plain, dpi, how, scan_seed)
    turn = degrade.placed(plain, random.Random(scan_seed), most_skew=_SKEW)
    px = image.shape[1] / form.width_mm
    where = turn @ np.diag([px, px, 1.0])
    moved = cv2.warpAffine(plain, turn, plain.shape[::-1], borderValue=255)
    scans = sight.Scans(image, unmarked, np.asarray(moved, np.uint8), dpi / 25.4)
    boxes = tuple(
        Box(name, mark, (ink := inks[name]) is not None and _is_lost(scans, ink, turn, is_kept))
        for name, mark in chosen.items()
    )
    return TickedPage(image, dpi, where, used.name, how, boxes)


def _ink(
    spec: FieldSpec, mark: Mark, page: Pixels, form: FormDefinition, rng: random.Random
) -> Layer | None:
    if mark is Mark.EMPTY:
        return None
    box = bounding_box(extraction_ticks.boxes_of(spec))
    px = page.shape[1] / form.width_mm
    if mark is Mark.STAMP:
        return _stamp(page.shape, box, px, rng)
    frame = BoxMm(0.0, 0.0, form.width_mm, form.height_mm)
    seen = layer(pens.draw(mark, box, rng), frame, px)
    whole = np.zeros(page.shape, np.float32)
    high, wide = (min(pair) for pair in zip(page.shape, seen.shape, strict=True))
    whole[:high, :wide] = seen[:high, :wide]
    return whole


def _grain(shape: tuple[int, ...], chance: np.random.Generator, depth: float) -> Layer:
    """Paper's grain, coarser than a pixel."""
    high, wide = shape
    rough = chance.random((high // 2 + 1, wide // 2 + 1), np.float32)
    large = cv2.resize(rough, (wide, high), interpolation=cv2.INTER_LINEAR)
    return np.asarray(1 - depth * large, np.float32)


def _stamp(shape: tuple[int, ...], box: BoxMm, px: float, rng: random.Random) -> Layer:
    """A round date stamp, or a block of words, one line of which goes through the box."""
    x, y = (box.left + box.width / 2) * px, (box.top + box.height / 2) * px
    image = Image.new("L", (shape[1], shape[0]), 0)
    pencil = ImageDraw.Draw(image)
    radius = rng.uniform(10, 16) * px
    angle = rng.uniform(0, 6.28)
    middle = (x + radius * np.cos(angle), y + radius * np.sin(angle))
    faces = list(fill.typefaces().values())
    if rng.random() < 0.5:
        for share in (1.0, 0.7):
            reach = radius * share
            around = (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
            pencil.ellipse(around, outline=255, width=max(1, round(0.4 * px)))
        pencil.text(
            middle,
            "12.11.2026",
            fill=255,
            font=load_font(rng.choice(faces), round(3.4 * px)),
            anchor="mm",
        )
    else:
        text = "\n".join(
            rng.sample(
                ("C.P.A.M.", "COURRIER ARRIVÉ", "12 NOV. 2026", "Dr A. LEROY", "17000 LA ROCHELLE"),
                3,
            )
        )
        font = load_font(rng.choice(faces), round(rng.uniform(3.0, 5.0) * px))
        place = (x - rng.uniform(2, 25) * px, y - rng.uniform(1.0, 9.0) * px)
        pencil.multiline_text(place, text, fill=255, font=font)
    turned = image.rotate(rng.uniform(-12, 12), center=(x, y))
    return np.asarray(turned, np.float32) / np.float32(255 / rng.uniform(0.55, 0.95))


def _is_lost(scans: sight.Scans, ink: Layer, turn: NDArray[np.float64], is_kept: bool) -> bool:
    return not is_kept and sight.sight(scans, ink, turn).is_lost


def _scanned(page: Pixels, dpi: int, way: str, seed: int) -> Pixels:
    rng = random.Random(seed)
    made = degrade.scan(page, rng, most_skew=_SKEW)
    fault, _ = WAYS[way]
    return fault(made, dpi, rng)


def _plain(page: Pixels, _: float, __: random.Random) -> Pixels:
    return page


def _bitonal(page: Pixels, _: float, __: random.Random) -> Pixels:
    return degrade.bitonal(page)


def _dusty(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """Specks of 0.05 to 0.3 mm, some hundred on a sheet, then black and white or not."""
    made, chance = page.copy(), np.random.default_rng(rng.getrandbits(32))
    high, wide = made.shape
    for _ in range(int(chance.integers(80, 500))):
        place = (int(chance.integers(0, wide)), int(chance.integers(0, high)))
        radius = max(0, round(float(chance.uniform(0.03, 0.14)) * dpi / 25.4))
        cv2.circle(made, place, radius, int(chance.integers(0, 150)), -1)
    return degrade.bitonal(made) if rng.random() < 0.5 else made


def _carbon(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    """A copy through carbon paper: everything pale and soft."""
    return degrade.low_contrast(degrade.blur(page, dpi, rng), dpi, rng)


def _pale_then_black(page: Pixels, dpi: float, rng: random.Random) -> Pixels:
    return degrade.threshold(degrade.low_contrast(page, dpi, rng), dpi, rng)


WAYS: Mapping[str, tuple[Callable[[Pixels, float, random.Random], Pixels], int]] = MappingProxyType(
    {
        "grey": (_plain, 26),
        "JPEG": (degrade.jpeg, 14),
        "black and white": (_bitonal, 16),
        "thresholds by chance": (degrade.threshold, 16),
        "low contrast": (degrade.low_contrast, 8),
        "carbon": (_carbon, 4),
        "low contrast, thresholds": (_pale_then_black, 4),
        "bleed-through": (degrade.show_through, 6),
        "dust": (_dusty, 6),
    }
)  # fmt: skip
