"""The characters of drawn combs: real handwritten digits, handwriting fonts and typed ones.

A glyph is a picture of its ink, 0 none to 255 full, cut close. One ``Hand`` writes a whole comb, as
on real forms: slant, width, thickness and wobble differ a little from character to character.
Families of fonts are divided by name, real digits by their place in the sample: most are for
learning, some set the thresholds, the rest measures and is used for neither.
"""

import functools
import itertools
import os
import subprocess
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Glyph = NDArray[np.uint8]

TYPED = (
    "Anonymous Pro", "Averia Serif GWF", "Baskervald ADF Std", "C059", "Cabin", "Caladea",
    "Cantarell", "Carlito", "Charis SIL", "Clear Sans", "Clear Sans Medium", "Courier Prime",
    "Courier Prime Code", "Courier Prime Sans", "DejaVu Sans Mono", "DejaVu Serif", "Dosis",
    "FreeMono", "FreeSans", "FreeSerif", "GNUTypewriter", "Gentium Book Plus", "Hack",
    "Inconsolata", "Jura", "Karla", "Latin Modern Mono", "Latin Modern Roman",
    "Latin Modern Sans", "Lato", "Liberation Mono", "Liberation Sans", "Liberation Sans Narrow",
    "Liberation Serif", "Linux Biolinum O", "Linux Libertine O", "Manrope", "Nimbus Mono PS",
    "Nimbus Roman", "Nimbus Sans", "Nimbus Sans Narrow", "Noto Mono", "Noto Sans", "Noto Serif",
    "Old Standard TT", "Open Sans", "P052", "Play", "Quattrocento", "Quicksand", "Roboto",
    "Roboto Condensed", "TeX Gyre Adventor", "TeX Gyre Bonum", "TeX Gyre Cursor",
    "TeX Gyre Heros", "TeX Gyre Pagella", "TeX Gyre Schola", "TeX Gyre Termes", "Tuffy",
    "URW Bookman", "URW Gothic", "Universalis ADF Std", "Vollkorn", "monofur", "mononoki",
)  # fmt: skip
WRITTEN = (
    "Breip", "Comic Neue", "Dancing Script", "Delphine", "DkgHandwriting", "Ecolier_court",
    "Kristi", "Steve", "Klee One", "Yusei Magic",
)  # fmt: skip
WRITTEN_HELD_OUT = ("Humor Sans", "Rufscript")  # real digits have no letters
_FROM = 0, 4000, 4400, 5000  # real digits learnt on, calibrated on, measured on
_SHARES = 80, 90, 100  # per cent of the typed families, likewise
_EM_PX = 64
_DIGIT_PX = 112  # a sample of 28 pixels, four times as large


class Part(StrEnum):
    """What drawn cells are for."""

    LEARN = "learn"
    CALIBRATE = "calibrate"
    MEASURE = "measure"


@functools.cache
def fonts(part: Part, written: bool = False) -> tuple[tuple[str, ...], ...]:
    """Font files by family, of one part.

    Raises:
        FileNotFoundError: none of the families is installed (models/cards/cells.md).
    """
    listed = subprocess.run(
        ["fc-list", "--format", "%{family[0]}|%{file}|%{slant}\n"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    wanted: tuple[str, ...] = TYPED
    if written:
        wanted = WRITTEN if part is Part.LEARN else WRITTEN_HELD_OUT
    found: dict[str, list[str]] = {}
    for line in sorted(set(listed.splitlines())):
        family, file, slant = line.split("|")
        if family not in wanted or not file.endswith((".ttf", ".otf")):
            continue
        if written or (slant == "0" and _part_of(family) is part):
            found.setdefault(family, []).append(file)
    if not found:
        raise FileNotFoundError("no font of the families that models/training names is installed")
    return tuple(tuple(files) for _, files in sorted(found.items()))


def _part_of(family: str) -> Part:
    drawn_lot = zlib.crc32(family.encode()) % 100
    return next(part for part, below in zip(Part, _SHARES, strict=True) if drawn_lot < below)


@functools.lru_cache(maxsize=8192)
def drawn(font: str, char: str) -> Glyph:
    """A font's character.

    Raises:
        ValueError: the font draws nothing for it.
    """
    face = ImageFont.truetype(font, _EM_PX)
    image = Image.new("L", (3 * _EM_PX, 2 * _EM_PX), 0)
    ImageDraw.Draw(image).text((_EM_PX, _EM_PX // 4), char, fill=255, font=face)
    glyph = _cut(np.asarray(image, np.uint8))
    if glyph is None:
        raise ValueError(f"{font} draws nothing for {char}")
    return glyph


@functools.cache
def cap_height(font: str) -> int:
    """Pixels of a font's digits at the size that ``drawn`` uses."""
    return int(drawn(font, "8").shape[0])


@functools.cache
def _digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    path = Path(os.environ["VAGUEMESTRE_SAMPLES"]) / "digits" / "handwritten_digits.npz"
    with np.load(path) as stored:
        return stored["images"], stored["labels"]


@functools.cache
def _indexes(part: Part) -> tuple[tuple[int, ...], ...]:
    """Indexes of the samples of each digit."""
    _, labels = _digits()
    first, after = dict(zip(Part, itertools.pairwise(_FROM), strict=True))[part]
    return tuple(
        tuple(first + int(i) for i in np.flatnonzero(labels[first:after] == digit))
        for digit in range(10)
    )


def samples(part: Part, digit: str) -> tuple[int, ...]:
    """The real handwritten samples of a digit.

    Raises:
        KeyError: ``VAGUEMESTRE_SAMPLES`` is unset.
    """
    return _indexes(part)[int(digit)]


@functools.lru_cache(maxsize=6000)
def real(index: int) -> Glyph:
    """A real handwritten digit, enlarged and cut close."""
    images, _ = _digits()
    size = (_DIGIT_PX, _DIGIT_PX)
    glyph = _cut(np.asarray(cv2.resize(images[index], size, interpolation=cv2.INTER_CUBIC)))
    if glyph is None:
        raise ValueError(f"sample {index} is empty")
    return glyph


def _cut(image: Glyph) -> Glyph | None:
    rows = np.flatnonzero((image > 40).any(axis=1))
    columns = np.flatnonzero((image > 40).any(axis=0))
    if not rows.size:
        return None
    return np.ascontiguousarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


_PAD = 10  # pixels around a glyph, for what its deformation moves outwards
_NODES = 4


@dataclass(frozen=True, slots=True)
class Hand:
    """One writer or one printer.

    ``shear`` and ``turn`` (radians) are the comb's own; ``wobble`` the strength of elastic
    deformation in pixels of the glyph; ``weight`` above 0 makes strokes thicker.
    """

    shear: float
    turn: float
    stretch: float
    wobble: float
    weight: float
    bars_sevens: bool = False
    flags_ones: bool = False


def writer(rng: np.random.Generator) -> Hand:
    """A hand that writes."""
    return Hand(
        shear=float(rng.normal(0, 0.16)),
        turn=float(rng.normal(0, 0.06)),
        stretch=float(np.exp(rng.normal(0, 0.14))),
        wobble=float(rng.uniform(0.5, 4.0)),
        weight=float(rng.normal(-0.3, 1.0)),
        bars_sevens=bool(rng.random() < 0.4),
        flags_ones=bool(rng.random() < 0.4),
    )


def printer(rng: np.random.Generator) -> Hand:
    """A machine that types."""
    return Hand(
        shear=0.0,
        turn=0.0,
        stretch=float(np.exp(rng.normal(0, 0.05))),
        wobble=0.0,
        weight=float(rng.normal(0, 0.6)),
    )


def varied(glyph: Glyph, hand: Hand, rng: np.random.Generator) -> Glyph:
    """The glyph as this hand makes it this time, cut close."""
    ink = cv2.copyMakeBorder(glyph, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_CONSTANT, value=[0])
    if hand.wobble > 0:
        ink = _deformed(np.asarray(ink, np.uint8), hand, rng)
    ink = _weighed(np.asarray(ink, np.uint8), hand.weight + float(rng.normal(0, 0.15)))
    rows = np.flatnonzero((ink > 60).any(axis=1))
    columns = np.flatnonzero((ink > 60).any(axis=0))
    if not rows.size:
        return glyph
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _deformed(ink: Glyph, hand: Hand, rng: np.random.Generator) -> Glyph:
    height, width = ink.shape
    shear = hand.shear + float(rng.normal(0, 0.05))
    turn = hand.turn + float(rng.normal(0, 0.06))
    stretch = hand.stretch * float(np.exp(rng.normal(0, 0.07)))
    tall = height / 2
    reach = int(abs(shear) * tall + abs(turn) * max(tall, width / 2)) + 2
    out_w = int(width * max(1.0, stretch)) + 2 * reach
    out_h = height + 2 * reach
    y, x = np.mgrid[0:out_h, 0:out_w].astype(np.float32)
    x, y = x - out_w / 2, y - out_h / 2
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    from_x = (x * cos - y * sin) / stretch + shear * y + width / 2
    from_y = x * sin + y * cos + height / 2
    nodes = rng.normal(0, hand.wobble, (2, _NODES, _NODES)).astype(np.float32)
    x_off, y_off = (cv2.resize(n, (out_w, out_h), interpolation=cv2.INTER_CUBIC) for n in nodes)
    made = cv2.remap(ink, from_x + x_off, from_y + y_off, cv2.INTER_LINEAR)
    return np.asarray(made, np.uint8)


def _weighed(ink: Glyph, weight: float) -> Glyph:
    """Thicker or thinner strokes; grey edges stay."""
    size = round(abs(weight) * 2.0)
    if size < 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size + 1, size + 1))
    changed = cv2.dilate(ink, kernel) if weight > 0 else cv2.erode(ink, kernel)
    # A pen's thin stroke may not vanish.
    is_lost = float((changed > 100).sum()) < 0.5 * float((ink > 100).sum())
    return ink if is_lost else np.asarray(changed, np.uint8)


def with_bar(seven: Glyph, rng: np.random.Generator) -> Glyph:
    """A seven with the bar that French hands give it."""
    made = seven.copy()
    height, width = made.shape
    y = int(height * rng.uniform(0.42, 0.6))
    near = made[max(0, y - 3) : y + 4] > 100
    columns = np.flatnonzero(near.any(axis=0))
    middle = int(columns.mean()) if columns.size else width // 2
    half = width * rng.uniform(0.22, 0.42)
    ends = (int(middle - half), y + int(rng.normal(0, 3))), (int(middle + half), y)
    return _line(made, ends, int(rng.integers(6, 11)))


def with_flag(one: Glyph, rng: np.random.Generator) -> Glyph:
    """A one with the long upstroke that French hands give it."""
    height, width = one.shape
    room = int(height * rng.uniform(0.25, 0.5))
    made = np.asarray(cv2.copyMakeBorder(one, 0, 0, room, 0, cv2.BORDER_CONSTANT, value=[0]))
    columns = np.flatnonzero((one[: max(4, height // 10)] > 100).any(axis=0))
    top = room + (int(columns.mean()) if columns.size else width // 2)
    foot = (max(0, top - room), int(height * rng.uniform(0.2, 0.5)))
    return _line(np.ascontiguousarray(made, np.uint8), ((top, 4), foot), int(rng.integers(6, 11)))


def struck(glyph: Glyph, rng: np.random.Generator) -> Glyph:
    """A character that somebody crossed out."""
    room = 14
    bordered = cv2.copyMakeBorder(glyph, room, room, room, room, cv2.BORDER_CONSTANT, value=[0])
    made = np.ascontiguousarray(bordered, np.uint8)
    height, width = made.shape
    kind = rng.integers(0, 3)
    if kind == 0:  # scribbled over
        count = int(rng.integers(5, 10))
        xs = np.where(np.arange(count) % 2 == 0, 0.05, 0.95) + rng.normal(0, 0.07, count)
        ys = np.linspace(0.1, 0.9, count) + rng.normal(0, 0.05, count)
    elif kind == 1:  # one or two slanting lines
        xs, ys = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.9, 0.1, 0.2, 0.85])
        if rng.random() < 0.5:
            xs, ys = xs[:2], ys[:2]
        ys = ys + rng.normal(0, 0.08, len(ys))
    else:  # level lines
        count = int(rng.integers(2, 4))
        level = np.repeat(np.linspace(0.35, 0.7, count), 2)
        xs, ys = np.tile([0.0, 1.0], count), level + rng.normal(0, 0.03, 2 * count)
    points = np.stack([xs * (width - 1), ys * (height - 1)], axis=1)
    thick = int(rng.integers(5, 10))
    if kind == 0:
        cv2.polylines(made, [points.astype(np.int32)], False, [255], thick, cv2.LINE_AA)
        return made
    for start, end in zip(points[::2], points[1::2], strict=True):
        ends = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
        made = _line(made, ends, thick)
    return made


def overlaid(one: Glyph, other: Glyph, rng: np.random.Generator) -> Glyph:
    """Two characters over each other."""
    height = max(one.shape[0], other.shape[0])
    width = max(one.shape[1], other.shape[1]) + 12
    made = np.zeros((height + 12, width), np.uint8)
    for glyph in (one, other):
        y = int(rng.integers(0, made.shape[0] - glyph.shape[0] + 1))
        x = int(rng.integers(0, made.shape[1] - glyph.shape[1] + 1))
        part = made[y : y + glyph.shape[0], x : x + glyph.shape[1]]
        np.maximum(part, glyph, out=part)
    return made


def beside(one: Glyph, other: Glyph, rng: np.random.Generator) -> Glyph:
    """Two characters side by side, touching or nearly."""
    height = max(one.shape[0], other.shape[0])
    gap = int(rng.integers(-10, 6))
    made = np.zeros((height, max(1, one.shape[1] + other.shape[1] + gap)), np.uint8)
    made[: one.shape[0], : one.shape[1]] = one
    part = made[height - other.shape[0] :, max(0, made.shape[1] - other.shape[1]) :]
    np.maximum(part, other[:, -part.shape[1] :], out=part)
    return made


def scribble(rng: np.random.Generator) -> Glyph:
    """Something that is no character: a stroke or two, a blot, a loop."""
    made = np.zeros((90, 70), np.uint8)
    count = int(rng.integers(2, 7))
    points = np.stack([rng.uniform(5, 65, count), rng.uniform(5, 85, count)], axis=1)
    if count == 2:  # an upright line would be a one
        points = np.array([[5.0, 45.0 + rng.normal(0, 8)], [65.0, 45.0 + rng.normal(0, 8)]])
    thick = int(rng.integers(5, 22 if count == 2 else 10))
    cv2.polylines(made, [points.astype(np.int32)], False, [255], thick, cv2.LINE_AA)
    return made


def _line(
    image: NDArray[np.uint8], ends: tuple[tuple[int, int], tuple[int, int]], thick: int
) -> Glyph:
    cv2.line(image, ends[0], ends[1], [255], thick, cv2.LINE_AA)
    return image


class Source:
    """Characters of one comb: one hand or one font.

    ``is_plain`` takes real digits as they are, so that what is measured on is real.
    """

    def __init__(
        self, part: Part, is_written: bool, rng: np.random.Generator, *, is_plain: bool = False
    ) -> None:
        self._part, self._rng = part, rng
        self.is_written = is_written
        self.hand = writer(rng) if is_written else printer(rng)
        self._is_plain = is_plain
        families = fonts(part, is_written)
        family = families[int(rng.integers(len(families)))]
        self._font = family[int(rng.integers(len(family)))]
        self._uses_font = not is_written or (part is Part.LEARN and rng.random() < 0.18)

    def glyph(self, char: str) -> tuple[Glyph, float]:
        """A character and its height as a share of the digits'."""
        glyph, share = self._raw(char)
        if self._is_plain:
            return glyph, share
        if self.is_written and not self._uses_font:
            if char == "7" and self.hand.bars_sevens:
                glyph = with_bar(glyph, self._rng)
            elif char == "1" and self.hand.flags_ones:
                glyph = with_flag(glyph, self._rng)
        return varied(glyph, self.hand, self._rng), share

    def _raw(self, char: str) -> tuple[Glyph, float]:
        if char.isdigit() and not self._uses_font:
            chosen = samples(self._part, char)
            return real(chosen[int(self._rng.integers(len(chosen)))]), 1.0
        glyph = drawn(self._font, char)
        return glyph, glyph.shape[0] / cap_height(self._font)
