"""Draw one line of print, typescript or handwriting as a scan shows it, cut out as a finder cuts.

``draw`` is seeded: the same generator state draws the same picture. Wear is in ``wear.py``.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.training import phrases, wear
from models.training.fonts import Face, faces
from models.training.wear import Pixels

_KINDS = ("print", "typewriter", "hand")
_SHARES = (56, 34, 10)
_SPARE = 1.1  # of the letters' size, left around while drawing


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line and what stands in it; ``kind`` is that of its face."""

    image: Pixels
    text: str
    kind: str


def draw(
    rng: random.Random, *, held_out: bool = False, clean: bool = False, kind: str | None = None
) -> DrawnLine:
    """Draw a line.

    Args:
        rng: All choices come from it.
        held_out: Use the faces that training never sees.
        clean: No wear and no scanner faults: what a good print gives.
        kind: ``print``, ``typewriter`` or ``hand``; None: by chance, few by hand.
    """
    kind = kind or rng.choices(_KINDS, _SHARES)[0]
    group = faces(held_out=held_out)[kind]
    family = rng.choice(sorted({face.family for face in group}))
    face = rng.choice([face for face in group if face.family == family])
    text = "".join(char for char in phrases.line(rng) if char in face.characters or char == " ")
    text = " ".join(text.split()) or "1"
    size = rng.randint(15, 52) if not clean else rng.randint(26, 48)
    image = _written(text, face, size, rng, clean=clean)
    if not clean:
        image = wear.worn(image, kind, size, rng)
    image = _cut(image, size, rng, clean=clean)
    if not clean:
        image = wear.scanned(image, rng)
    return DrawnLine(image, text, kind)


def _written(text: str, face: Face, size: int, rng: random.Random, *, clean: bool) -> Pixels:
    """Ink 255 on 0, with room all around."""
    font = ImageFont.truetype(str(face.path), size)
    spare = round(_SPARE * size)
    loose = 0.0 if clean or rng.random() < 0.5 else rng.uniform(-0.02, 0.12) * size
    steps = _advances(text, font, loose)
    if rng.random() < 0.06 and not clean:  # justified: wide spaces
        wide = rng.uniform(0.3, 1.2) * size
        steps = [step + wide * (char == " ") for step, char in zip(steps, text, strict=True)]
    width = round(sum(steps)) + 2 * spare
    image = Image.new("L", (width, round(1.5 * size) + 2 * spare), 0)
    pen = ImageDraw.Draw(image)
    base = spare + round(1.1 * size)
    if not loose and face.kind == "print" and "ff" not in text:
        pen.text((spare, base), text, fill=255, font=font, anchor="ls")
    else:
        _by_letter(pen, text, steps, font, (spare, base), size if not clean else 0, face.kind, rng)
    if face.kind == "hand" or (face.kind == "print" and rng.random() < 0.05):
        image = _slanted(image, rng.uniform(-0.25, 0.3))
    made = np.asarray(image, np.uint8).copy()
    if rng.random() < 0.05:
        row = min(made.shape[0] - 3, base + round(size * rng.uniform(0.08, 0.2)))
        made[row : row + max(1, size // 18), spare : width - spare] = 255
    return made


def _advances(text: str, font: ImageFont.FreeTypeFont, loose: float) -> list[float]:
    cache: Mapping[str, float] = {char: font.getlength(char) for char in set(text)}
    return [cache[char] + loose for char in text]


def _by_letter(
    pen: ImageDraw.ImageDraw,
    text: str,
    steps: list[float],
    font: ImageFont.FreeTypeFont,
    start: tuple[int, int],
    size: int,
    kind: str,
    rng: random.Random,
) -> None:
    """Letters stand a little high or low and are struck unevenly."""
    high = size * (rng.uniform(0, 0.05) if kind == "typewriter" else rng.uniform(0, 0.03))
    uneven = rng.uniform(0, 0.5) if kind == "typewriter" else rng.uniform(0, 0.15)
    x = float(start[0])
    for char, step in zip(text, steps, strict=True):
        if char != " ":
            ink = round(255 * (1 - uneven * rng.random() ** 2))
            at = (x + rng.gauss(0, high / 3), start[1] + rng.gauss(0, high / 2))
            pen.text(at, char, fill=ink, font=font, anchor="ls")
        x += step


def _slanted(image: Image.Image, by: float) -> Image.Image:
    shift = by * image.height / 2
    return image.transform(
        image.size, Image.Transform.AFFINE, (1, by, -shift, 0, 1, 0), Image.Resampling.BILINEAR
    )


def _cut(image: Pixels, size: int, rng: random.Random, *, clean: bool) -> Pixels:
    """Cut around the ink with the margins that line finders leave, rarely into the ink."""
    rows, columns = np.flatnonzero(image.max(axis=1) > 60), np.flatnonzero(image.max(axis=0) > 60)
    if not len(rows) or not len(columns):
        return image
    low, high = (0.05, 0.25) if clean else (-0.04, 0.45)
    # A finder sees lines, not letters: "ces" is cut as high as a line with an É and a j.
    top_line, bottom_line = round(_SPARE * size + 0.2 * size), round(_SPARE * size + 1.35 * size)
    as_line = rng.random() < 0.6
    top = min(rows[0], top_line + round(0.15 * size)) if as_line else rows[0]
    bottom = max(rows[-1] + 1, bottom_line) if as_line else rows[-1] + 1
    top -= round(size * rng.uniform(low, high))
    bottom += round(size * rng.uniform(low, high))
    left = columns[0] - round(size * rng.uniform(low, 2 * high))
    right = columns[-1] + 1 + round(size * rng.uniform(low, 2 * high))
    padded = np.pad(image, 2 * size)
    cut = padded[top + 2 * size : bottom + 2 * size, left + 2 * size : right + 2 * size]
    return np.ascontiguousarray(cut) if min(cut.shape) > 4 else image
