"""A sheet in millimetres to draw on, and the typefaces of this machine.

Text is fitted to boxes; rules, combs and tick boxes are drawn. Typefaces are sorted by what they
look like, and whole families are held out. Training needs many: ``models/training/README.md`` lists
the Debian packages.
"""

import functools
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vaguemestre.model.document import BoxMm

# By the beginning of the family's name: weights and widths of one design go together.
_HELD_OUT = (
    "cantarell", "clear sans", "dejavu", "hack", "karla", "roboto condensed", "tuffy", "urw",
    "liberation serif", "courier prime", "freemono", "klee", "yusei", "kristi", "delphine",
)  # fmt: skip
_TYPEWRITERS = (
    "courier prime", "gnutypewriter", "freemono", "nimbus mono", "tex gyre cursor", "lm mono",
    "latin modern mono", "liberation mono", "tlwg typewriter", "libertine mono", "cousine",
)  # fmt: skip
_HANDS = (
    "dkg", "breip", "because", "bwht", "ecolier", "femke", "humor", "kristi", "rufscript",
    "sjfonts", "delphine", "steve", "dancing script", "klee", "yusei", "comic neue", "isabella",
    "romande adf script", "dorovar", "z003", "havana",
)  # fmt: skip
_ODD = (
    "math", "symbol", "dingbat", "emoji", "d050000l", "standard symbols", "caps", "unifur",
    "fraktur", "hairline", "noto sans sign", "noto music", "joscelyn", "initials", "thin",
    "extralight", "dunhill", "keyboard", "barcode",
)  # fmt: skip
_LATIN_NOTO = ("noto sans", "noto serif", "noto mono", "noto sans mono", "noto sans display")
_BEYOND = 0x2700  # characters that French mail does not hold
_MUST = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-'éèàçêô")


@dataclass(frozen=True)
class Face:
    """One font file; ``kind`` is ``print``, ``typewriter`` or ``hand``."""

    path: Path
    family: str
    kind: str
    characters: frozenset[str]


@functools.cache
def faces(*, held_out: bool) -> Mapping[str, tuple[Face, ...]]:
    """All usable faces by kind: those for training, or those for evaluation only.

    Raises:
        RuntimeError: fontconfig knows too few; install the packages of the README.
    """
    program = shutil.which("fc-list")
    if program is None:
        raise RuntimeError("fontconfig is missing: models/training/README.md lists the packages")
    listing = subprocess.run(  # noqa: S603  (fixed arguments)
        [program, "--format", "%{family}|%{file}|%{index}|%{charset}\n"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found: dict[str, list[Face]] = {"print": [], "typewriter": [], "hand": []}
    for line in sorted(set(listing.splitlines())):
        family, file, index, charset = line.rsplit("|", 3)
        family = family.split(",")[0]
        if index != "0" or _is_held_out(family) is not held_out:
            continue
        face = _face(Path(file), family, _characters(charset))
        if face is not None:
            found[face.kind].append(face)
    if sum(map(len, found.values())) < (10 if held_out else 40):
        raise RuntimeError(
            "too few fonts: install the packages that models/training/README.md lists"
        )
    return {kind: tuple(group) for kind, group in found.items()}


def _is_held_out(family: str) -> bool:
    return family.lower().startswith(_HELD_OUT)


def _characters(charset: str) -> frozenset[str]:
    """Of fontconfig's list of ranges: ``20-7e a0``."""
    found: set[str] = set()
    for part in charset.split():
        first, _, last = part.partition("-")
        if int(first, 16) < _BEYOND:
            found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


def _face(path: Path, family: str, characters: frozenset[str]) -> Face | None:
    name = family.lower()
    whole = f"{name} {path.name.lower()}"
    if any(odd in whole for odd in _ODD) or path.suffix.lower() not in (".ttf", ".otf"):
        return None
    if name.startswith("noto") and name not in _LATIN_NOTO:
        return None
    if not characters >= _MUST or _has_small_capitals(path):
        return None
    kind = "print"
    if any(mark in whole for mark in _TYPEWRITERS):
        kind = "typewriter"
    elif any(mark in whole for mark in _HANDS):
        kind = "hand"
    return Face(path, family, kind, characters)


def _has_small_capitals(path: Path) -> bool:
    """Whether its ``b`` is no taller than its ``x``."""
    font = ImageFont.truetype(str(path), 100)
    (_, b_top, _, _), (_, x_top, _, _) = (font.getbbox(c, anchor="ls") for c in "bx")
    return b_top > 1.1 * x_top


A4 = (210.0, 297.0)


class Sheet:
    """A grey sheet; all lengths in millimetres, inks 0 black to 255 white."""

    def __init__(self, width_mm: float, height_mm: float, dpi: int, paper: int = 255) -> None:
        self._scale = dpi / 25.4
        size = (round(width_mm * self._scale), round(height_mm * self._scale))
        self.width_mm, self.height_mm = width_mm, height_mm
        self._image = Image.new("L", size, paper)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        font: Path,
        height: float,
        ink: int = 30,
        anchor: str = "ls",
    ) -> None:
        """Write from (x, y); ``height`` is the cap height, ``anchor`` Pillow's."""
        self._draw.text(
            self._px(x, y), text, fill=ink, font=self._font(font, height), anchor=anchor
        )

    def fitted(self, box: BoxMm, text: str, font: Path, ink: int = 60) -> None:
        """Write a text as large as a box allows, on the box's middle."""
        height = box.height * 0.62
        wanted = box.width * self._scale
        found = self._font(font, height)
        while found.getlength(text) > wanted and found.size > 5:
            found = load_font(font, found.size - 0.5)
        x, y = self._px(box.left + box.width / 2, box.top + box.height / 2)
        self._draw.text((x, y), text, fill=ink, font=found, anchor="mm")

    def band(self, box: BoxMm, ink: int) -> None:
        """Fill a box."""
        x, y = self._px(box.left, box.top)
        x1, y1 = self._px(box.left + box.width, box.top + box.height)
        self._draw.rectangle((x, y, x1, y1), fill=ink)

    def rule(self, x: float, y: float, x1: float, y1: float, ink: int, width: float = 0.3) -> None:
        """A straight line."""
        px = max(1, round(width * self._scale))
        self._draw.line((*self._px(x, y), *self._px(x1, y1)), fill=ink, width=px)

    def frame(self, box: BoxMm, ink: int, width: float = 0.3) -> None:
        """An empty rectangle."""
        x, y = self._px(box.left, box.top)
        x1, y1 = self._px(box.left + box.width, box.top + box.height)
        px = max(1, round(width * self._scale))
        self._draw.rectangle((x, y, x1, y1), outline=ink, width=px)

    def pixels(self) -> NDArray[np.uint8]:
        """The drawn sheet, height × width."""
        return np.asarray(self._image, np.uint8).copy()

    def _px(self, x: float, y: float) -> tuple[float, float]:
        return x * self._scale, y * self._scale

    def width_of(self, text: str, font: Path, height: float) -> float:
        """How wide a text would be, in millimetres, without kerning."""
        size = max(5.0, round(height * 1.38 * self._scale, 1))
        return sum(_advance(font, size, character) for character in text) / self._scale

    def ellipse(self, box: BoxMm, ink: int, width: float = 0.4) -> None:
        """An empty ellipse."""
        x, y = self._px(box.left, box.top)
        x1, y1 = self._px(box.left + box.width, box.top + box.height)
        self._draw.ellipse((x, y, x1, y1), outline=ink, width=max(1, round(width * self._scale)))

    def strokes(self, points: Sequence[tuple[float, float]], ink: int, width: float) -> None:
        """A line through points."""
        px = max(1, round(width * self._scale))
        self._draw.line([self._px(x, y) for x, y in points], fill=ink, width=px, joint="curve")

    def _font(self, font: Path, height: float) -> ImageFont.FreeTypeFont:
        return load_font(font, max(5.0, round(height * 1.38 * self._scale, 1)))


@functools.lru_cache(maxsize=2048)
def load_font(font: Path, size: float) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels; opening one costs as much as drawing ten lines with it."""
    return ImageFont.truetype(str(font), size, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(maxsize=50_000)
def _advance(font: Path, size: float, character: str) -> float:
    """Measuring a line costs as much as drawing it; its characters come again and again."""
    return load_font(font, size).getlength(character)
