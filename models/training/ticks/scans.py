"""What a copier, a scanner and a file format make of a scene, drawn once and done to two pages.

The same faults are done to a page with and without its mark, so that what the scan leaves of it can
be told.
"""

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.ticks.ink import Layer
from vaguemestre.model.document import BoxMm

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Scan:
    """One way of scanning."""

    dpi: int
    seed: int
    blur_px: float
    black: float
    white: float
    shade: tuple[float, float]
    noise: float
    ghost: float
    specks: int
    threshold: str  # "", "global" or "local"
    level: float
    block_px: int
    quality: int  # of a JPEG, 0 for none


def drawn(rng: random.Random, dpi: int, *, is_pale: bool = False) -> Scan:
    """A way by chance: two in five in black and white, a third of the grey ones as JPEG.

    ``is_pale``: more faint copies, and more in black and white.
    """
    is_faint = rng.random() < (0.35 if is_pale else 0.15)
    threshold = rng.choices(("", "global", "local"), (40, 28, 32) if is_pale else (60, 18, 22))[0]
    px = dpi / 25.4
    return Scan(
        dpi=dpi,
        seed=rng.getrandbits(32),
        blur_px=rng.choice((0.3, rng.uniform(0.3, 1.0), rng.uniform(0.02, 0.14) * px)),
        black=rng.uniform(30, 120) if is_faint else rng.uniform(0, 20),
        white=rng.uniform(180, 250) if is_faint else rng.uniform(235, 255),
        shade=(rng.uniform(-1, 1), rng.uniform(-1, 1)) if rng.random() < 0.2 else (0.0, 0.0),
        noise=rng.choice((1.0, rng.uniform(1, 5), rng.uniform(3, 10))),
        ghost=rng.uniform(0.04, 0.2) if rng.random() < 0.12 else 0.0,
        specks=rng.choice((0, 0, 0, rng.randint(1, 12), rng.randint(10, 60))),
        threshold=threshold,
        level=rng.uniform(0.2, 0.8) if threshold == "global" else rng.uniform(7, 30),
        block_px=rng.choice((31, 41, 41, 61, round(rng.uniform(3, 8) * px) * 2 + 1)),
        quality=rng.randint(18, 80) if not threshold and rng.random() < 0.35 else 0,
    )


def scan(page: Layer, how: Scan) -> Pixels:
    """Scan a page (0 black to 255 white); the same way twice has the same noise."""
    chance = np.random.default_rng(how.seed)
    shone = _ghost(page, how, chance) if how.ghost else page
    made = np.asarray(cv2.GaussianBlur(shone, (0, 0), how.blur_px), np.float32)
    made = how.black + made * ((how.white - how.black) / 255)
    if any(how.shade):
        high, wide = made.shape
        made = made * (
            1
            - 0.12 * abs(how.shade[0]) * np.linspace(0, 1, wide, dtype=np.float32)[None, :]
            - 0.12 * abs(how.shade[1]) * np.linspace(0, 1, high, dtype=np.float32)[:, None]
        )
    made = made + chance.standard_normal(made.shape, np.float32) * np.float32(how.noise)
    _soil(made, how, chance)
    grey = np.asarray(np.clip(made, 0, 255), np.uint8)
    if how.threshold:
        return _black_and_white(grey, how)
    if how.quality:
        _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, how.quality])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey


def _black_and_white(grey: Pixels, how: Scan) -> Pixels:
    if how.threshold == "global":
        # Limits follow the page's contrast, as scanners' do; the same with and without a mark.
        at = how.white - (how.white - how.black) * how.level
        return np.where(grey > at, 255, 0).astype(np.uint8)
    soft = cv2.GaussianBlur(grey, (0, 0), 0.6)
    way = cv2.ADAPTIVE_THRESH_MEAN_C
    level = how.level * (how.white - how.black) / 255
    made = cv2.adaptiveThreshold(soft, 255, way, cv2.THRESH_BINARY, how.block_px, level)
    return np.asarray(made, np.uint8)


def _ghost(page: Layer, how: Scan, chance: np.random.Generator) -> Layer:
    """The other side shines through, mirrored: words, bars and strokes by chance."""
    px = how.dpi / 25.4
    other = np.full(page.shape, 255, np.uint8)
    high, wide = page.shape
    for _ in range(int(chance.integers(2, 9))):
        x, y = int(chance.integers(-wide // 4, wide)), int(chance.integers(0, high))
        kind = chance.random()
        if kind < 0.6:
            text = "".join(chance.choice(list("abcdefghilmnoprstuvx EALTX"), 14))
            size = float(chance.uniform(0.5, 1.4)) * px / 10
            thick = max(1, round(0.3 * px))
            cv2.putText(other, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, 0, thick, cv2.LINE_AA)
        elif kind < 0.8:
            end = (x + int(chance.integers(-40, 40)), y + int(chance.integers(-40, 40)))
            cv2.line(other, (x, y), end, 0, max(1, round(0.5 * px)), cv2.LINE_AA)
        else:
            end = (x + int(chance.uniform(2, 25) * px), y + int(chance.uniform(1, 5) * px))
            cv2.rectangle(other, (x, y), end, int(chance.integers(0, 150)), -1)
    soft = cv2.GaussianBlur(other[:, ::-1], (0, 0), 0.15 * px).astype(np.float32)
    return np.asarray(np.minimum(page, page * (1 - how.ghost * (255 - soft) / 255)), np.float32)


def _soil(page: Layer, how: Scan, chance: np.random.Generator) -> None:
    """Specks of dust and toner, in place."""
    high, wide = page.shape
    px = how.dpi / 25.4
    for _ in range(how.specks):
        x, y = int(chance.integers(0, wide)), int(chance.integers(0, high))
        radius = max(0, round(float(chance.uniform(0.02, 0.13)) * px))
        cv2.circle(page, (x, y), radius, float(chance.uniform(10, 180)), -1)


def stamp(shape: tuple[int, ...], box: BoxMm, dpi: int, rng: random.Random) -> Layer:
    """A stamp whose frame or words go over a box."""
    px = dpi / 25.4
    made = np.zeros(shape, np.uint8)
    wide, high = rng.uniform(25, 55) * px, rng.uniform(9, 24) * px
    x = (box.left + box.width * rng.uniform(0, 1)) * px
    y = (box.top + box.height * rng.uniform(0, 1)) * px
    over = rng.random()
    at_x = x - rng.choice((0.0, wide, wide * rng.uniform(0.1, 0.9)))
    at_y = y - (rng.choice((0.0, high)) if over < 0.4 else high * rng.uniform(0.5, 0.68))
    corner, end = (round(at_x), round(at_y)), (round(at_x + wide), round(at_y + high))
    thick = max(1, round(rng.uniform(0.3, 0.9) * px))
    if rng.random() < 0.25:
        cv2.ellipse(
            made, (round(at_x + wide / 2), round(at_y + high / 2)),
            (round(wide / 2), round(high / 2)), 0, 0, 360, 255, thick, cv2.LINE_AA,
        )  # fmt: skip
    else:
        cv2.rectangle(made, corner, end, 255, thick, cv2.LINE_AA)
    words = rng.choice(("RECU LE", "ARRIVEE", "COURRIER", "COPIE", "CPAM 17", "Dr MARTIN"))
    text = f"{words} {rng.randint(1, 28):02d} {rng.choice(('JAN', 'MAI', 'SEP'))} 2026"
    font = rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX))
    scale = wide / max(1, cv2.getTextSize(text, font, 1, 2)[0][0]) * 0.92
    place = (round(at_x + 2 * px), round(at_y + high * 0.65))
    cv2.putText(made, text, place, font, scale, 255, max(1, round(0.5 * px)), cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((x, y), rng.uniform(-25, 25), 1.0)
    turned = cv2.warpAffine(made, turn, (shape[1], shape[0]))
    return np.asarray(turned, np.float32) / np.float32(255 / rng.uniform(0.6, 1.0))
