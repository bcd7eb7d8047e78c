"""Draw one line of print, typescript or handwriting as a scan shows it, cut out as a finder cuts.

Drawing is seeded: the same generator state draws the same picture. ``worn`` works on ink (255 on
0): worn type and ribbons; ``scanned`` turns ink into the grey that a scanner sees, with its paper
and rules. Numbers may be real handwritten digits side by side. ``drawn_set`` draws the held-out
lines of evaluation: typefaces that training never sees, seeds of their own.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from models.training.cells import glyphs as cells_glyphs
from models.training.cells.glyphs import Part
from models.training.drawing import texts
from models.training.drawing.paper import Face, faces


def draw_strip(rng: random.Random, part: Part) -> NDArray[np.uint8]:
    """A number of 4 to 14 digits, 24 to 60 pixels high: ink 255 on 0."""
    glyphs = []
    for _ in range(rng.randint(4, 14)):
        glyph = cells_glyphs.real(rng.choice(cells_glyphs.samples(part, str(rng.randint(0, 9)))))
        glyphs.append(np.pad(glyph, ((0, 0), (0, rng.randint(1, glyph.shape[1])))))
    high = max(len(glyph) for glyph in glyphs)
    line = np.hstack([np.pad(glyph, ((high - len(glyph), 0), (0, 0))) for glyph in glyphs])
    scale = rng.uniform(24, 60) / high
    small = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.pad(np.asarray(small, np.uint8), rng.randint(3, 8))


Pixels = NDArray[np.uint8]


def worn(ink: Pixels, kind: str, size: int, rng: random.Random) -> Pixels:
    """Thicken or thin strokes, mottle them, break them.

    Args:
        ink: Height × width, 255 where ink is.
        kind: ``print``, ``typewriter`` or ``hand``.
        size: Of the letters, in pixels.
        rng: All choices come from it.
    """
    noise = np.random.default_rng(rng.getrandbits(32))
    made = _f32(ink)
    heavy = rng.random()
    if heavy < 0.22 and size > 22:
        made = _f32(cv2.dilate(made, np.ones((2, 2) if size < 36 else (3, 3), np.uint8)))
    elif heavy < 0.36 and size > 26:
        made = _f32(cv2.erode(made, np.ones((2, 2), np.uint8)))
    if rng.random() < (0.8 if kind == "typewriter" else 0.35):
        made *= _mottle(made.shape, size, noise, rng.uniform(0.1, 0.95))
    if rng.random() < (0.55 if kind == "typewriter" else 0.2):  # ink spreads, counters fill
        spread = _f32(cv2.GaussianBlur(made, (0, 0), size * rng.uniform(0.02, 0.07)))
        made = np.clip((spread - 255 * rng.uniform(0.15, 0.4)) * rng.uniform(1.5, 3.0), 0, 255)
    if rng.random() < 0.3:
        made = _warped(made, size, noise, rng)
    return np.asarray(np.clip(made, 0, 255), np.uint8)


def scanned(ink: Pixels, rng: random.Random) -> Pixels:
    """Ink on paper as a scanner sees it: grey, softened, noisy, thresholded or compressed."""
    noise = np.random.default_rng(rng.getrandbits(32))
    height, width = ink.shape
    coverage = _f32(ink) / np.float32(255)
    if rng.random() < 0.25:
        coverage = np.maximum(coverage, _rules(height, width, rng))
    if rng.random() < 0.2:
        coverage = np.maximum(coverage, _neighbours(coverage, rng))
    if rng.random() < 0.3:
        coverage = _turned(coverage, rng.uniform(-1.2, 1.2) * min(1.0, 300 / width))
    blur = rng.choice((0.0, 0.4, 0.6, 0.8, 1.1, 1.5)) * height / 48
    if blur > 0.2:
        coverage = _f32(cv2.GaussianBlur(coverage, (0, 0), blur))
    paper = rng.uniform(150, 255)
    contrast = rng.choice((1.0, 0.9, 0.75, 0.6, 0.45, 0.3)) * rng.uniform(0.85, 1.0)
    tone = np.full((height, width), paper, np.float32)
    if rng.random() < 0.5:
        tone += _clouds((height, width), noise, rng.uniform(2, 14))
    page = tone * (1 - contrast * coverage)
    page += _f32(noise.normal(0, rng.choice((1.0, 2.0, 4.0, 8.0, 12.0)), page.shape))
    if rng.random() < 0.06:
        page = 255 - page
    made = np.asarray(np.clip(page, 0, 255), np.uint8)
    fate = rng.random()
    if fate < 0.3:
        made = _thresholded(made, rng)
    elif fate < 0.7:
        made = _compressed(made, rng.randint(25, 90))
    if rng.random() < 0.15:
        made = _resampled(made, rng.uniform(0.5, 0.85))
    return made


def real(image: Pixels, rng: random.Random) -> Pixels:
    """Another scan of a real line: stretched, turned, cut, toned, softened."""
    height, width = image.shape
    scale = rng.uniform(0.75, 1.25)
    made = cv2.resize(image, (max(8, round(width * scale)), height), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.7:
        top, bottom = (round(height * rng.uniform(-0.12, 0.14)) for _ in range(2))
        padded = np.pad(made, ((height, height), (12, 12)), mode="edge")
        made = padded[height + top : 2 * height - bottom, rng.randint(0, 12) : -rng.randint(1, 12)]
    values = _f32(made)
    if rng.random() < 0.4:
        slant = rng.uniform(-0.15, 0.15)
        matrix = np.array([[1, slant, -slant * height / 2], [0, 1, 0]], np.float32)
        size = (values.shape[1], values.shape[0])
        values = _f32(cv2.warpAffine(values, matrix, size, borderMode=cv2.BORDER_REPLICATE))
    if rng.random() < 0.4:
        values = _turned(values, rng.uniform(-0.8, 0.8) * min(1.0, 400 / width), replicate=True)
    if rng.random() < 0.4:
        values = _f32(cv2.GaussianBlur(values, (0, 0), rng.uniform(0.4, 1.4)))
    noise = np.random.default_rng(rng.getrandbits(32))
    middle = float(np.median(values))
    values = (values - middle) * rng.uniform(0.55, 1.3) + middle + rng.uniform(-25, 15)
    values += noise.normal(0, rng.uniform(0, 8), values.shape).astype(np.float32)
    out = np.asarray(np.clip(values, 0, 255), np.uint8)
    if rng.random() < 0.2:
        out = _thresholded(out, rng)
    return out


def _f32(values: ArrayLike) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


def _mottle(
    shape: tuple[int, ...], size: int, noise: np.random.Generator, depth: float
) -> NDArray[np.float32]:
    """A dry ribbon: grain of a few pixels, in patches."""
    height, width = shape
    grain = max(1, size // 14)
    small = noise.random((height // grain + 2, width // grain + 2), np.float32)
    fine = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    coarse = noise.random((2, max(2, width // (3 * size)) + 1), np.float32)
    patches = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 - depth * np.clip(fine * 1.2 * np.clip(patches, 0.2, 1), 0, 1), np.float32)


def _warped(
    ink: NDArray[np.float32], size: int, noise: np.random.Generator, rng: random.Random
) -> NDArray[np.float32]:
    """The baseline wanders, and letters are a little wider here than there."""
    height, width = ink.shape
    knots = max(3, width // (4 * size))
    by = rng.uniform(0.02, 0.08) * size
    shifts = cv2.resize(
        noise.normal(0, by, (2, knots)).astype(np.float32),
        (width, 2),
        interpolation=cv2.INTER_CUBIC,
    )
    x = np.arange(width, dtype=np.float32)[None, :] + shifts[:1]
    y = np.arange(height, dtype=np.float32)[:, None] + shifts[1:]
    x = np.broadcast_to(x, (height, width)).astype(np.float32)
    return np.asarray(cv2.remap(ink, x, y.astype(np.float32), cv2.INTER_LINEAR), np.float32)


def _rules(height: int, width: int, rng: random.Random) -> NDArray[np.float32]:
    """What is printed around a line: the line to write on, a box, a comb's teeth, dots."""
    made = np.zeros((height, width), np.float32)
    tone, thick = rng.uniform(0.3, 1.0), max(1, round(height * rng.uniform(0.01, 0.05)))
    kind = rng.random()
    bottom = height - thick - rng.randint(0, max(1, height // 6))
    if kind < 0.45:
        made[bottom : bottom + thick] = tone
    elif kind < 0.65:
        step = rng.randint(3, 7)
        made[bottom : bottom + thick, ::step] = tone
        made[bottom : bottom + thick, 1::step] = tone
    elif kind < 0.85:
        made[bottom : bottom + thick] = tone
        side = rng.randint(0, 4)
        made[:, side : side + thick] = tone
        if rng.random() < 0.5:
            made[:thick] = tone
            made[:, -side - thick :] = tone
    else:
        made[:, -thick - rng.randint(0, 5) :][:, :thick] = tone
    return made


def _neighbours(coverage: NDArray[np.float32], rng: random.Random) -> NDArray[np.float32]:
    """Feet and heads of the lines above and below reach into the cut."""
    height = coverage.shape[0]
    reach = max(2, round(height * rng.uniform(0.03, 0.13)))
    made = np.zeros_like(coverage)
    shifted = np.roll(coverage, rng.randint(0, coverage.shape[1]), axis=1)
    rows = np.flatnonzero(coverage.max(axis=1) > 0.3)
    if len(rows) < reach + 2:
        return made
    if rng.random() < 0.5:
        made[:reach] = shifted[rows[-1] - reach + 1 : rows[-1] + 1]
    if rng.random() < 0.5:
        made[-reach:] = shifted[rows[0] : rows[0] + reach]
    return made


def _turned(
    values: NDArray[np.float32], degrees: float, *, replicate: bool = False
) -> NDArray[np.float32]:
    height, width = values.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    mode = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpAffine(values, matrix, (width, height), borderMode=mode), np.float32)


def _clouds(
    shape: tuple[int, int], noise: np.random.Generator, depth: float
) -> NDArray[np.float32]:
    height, width = shape
    small = noise.normal(0, depth, (3, max(3, width // 80))).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _thresholded(page: Pixels, rng: random.Random) -> Pixels:
    if rng.random() < 0.5:
        block = 2 * round(page.shape[0] * rng.uniform(0.3, 0.8)) + 1
        return np.asarray(
            cv2.adaptiveThreshold(
                page, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, max(9, block),
                rng.uniform(8, 24),
            ), np.uint8,
        )  # fmt: skip
    low, high = np.percentile(page, (2, 70))
    at = low + (high - low) * rng.uniform(0.4, 0.8)
    return np.where(page > at, 255, 0).astype(np.uint8)


def _compressed(page: Pixels, quality: int) -> Pixels:
    encoded, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8) if encoded else page


def _resampled(page: Pixels, scale: float) -> Pixels:
    height, width = page.shape
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


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
    text = "".join(char for char in texts.line(rng) if char in face.characters or char == " ")
    text = " ".join(text.split()) or "1"
    size = rng.randint(15, 52) if not clean else rng.randint(26, 48)
    image = _written(text, face, size, rng, clean=clean)
    if not clean:
        image = worn(image, kind, size, rng)
    image = _cut(image, size, rng, clean=clean)
    if not clean:
        image = scanned(image, rng)
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


_SEEDS = {"clean": 7_001, "degraded": 7_002}


def drawn_set(name: str, count: int = 300) -> list[DrawnLine]:
    """``clean`` print, or ``degraded`` lines of all kinds, the same at each call."""
    rng = random.Random(_SEEDS[name])
    found: list[DrawnLine] = []
    while len(found) < count:
        line = draw(rng, held_out=True, clean=name == "clean")
        if name != "clean" or line.kind == "print":
            found.append(line)
    return found
