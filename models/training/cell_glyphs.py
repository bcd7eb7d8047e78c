"""Characters to draw in combs: real handwritten digits, handwriting fonts and typed ones.

A glyph is a picture of its ink, 0 none to 255 full, cut close. Typed families are parted by name,
real digits by their place in the sample: most are learnt on, some set the thresholds, the rest
measures and is seen by neither.
"""

import functools
import itertools
import os
import subprocess
import zlib
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
