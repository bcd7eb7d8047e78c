"""Sheets that did not lie flat, or did not run evenly, under the scanner: what moves print by mm.

Every distortion takes a grey page (height × width), its resolution, how far it moves print at most,
in millimetres, and a source of chance; it returns a page of the same size. What a feeder does runs
along the sheet's way, which is down the page or, for every third page, across it.
"""

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]
Distortion = Callable[[Pixels, float, float, random.Random], Pixels]

_ACROSS = 1 / 3  # of all pages run through the feeder sideways
_RAMP_MM = 6.0  # over which a roller catches the sheet again


def slip(page: Pixels, dpi: float, most_mm: float, rng: random.Random) -> Pixels:
    """The sheet slips once: some rows are lost, or scanned again and again."""

    def rows(count: int) -> Rows:
        at = rng.uniform(0.15, 0.85) * count
        ramp = rng.choice((1.0, _RAMP_MM)) * dpi / 25.4
        by = rng.choice((-1, 1)) * most_mm * dpi / 25.4
        before = np.arange(count, dtype=np.float32) - np.float32(at)
        return np.asarray(by * np.clip(before / ramp, 0, 1), np.float32)

    return _along(page, rows, rng)


def stretch(page: Pixels, dpi: float, most_mm: float, rng: random.Random) -> Pixels:
    """The feeder runs unevenly: faster here, slower there, the ends in their place."""

    def rows(count: int) -> Rows:
        knots = rng.randint(1, 3)
        at = np.array([0.0, *sorted(rng.uniform(0.1, 0.9) for _ in range(knots)), 1.0])
        by = np.array([0.0, *(rng.uniform(-1, 1) for _ in range(knots)), 0.0])
        by *= most_mm * dpi / 25.4 / max(0.01, float(np.abs(by).max()))
        return np.asarray(np.interp(np.linspace(0, 1, count), at, by), np.float32)

    return _along(page, rows, rng)


def curl(page: Pixels, dpi: float, most_mm: float, rng: random.Random) -> Pixels:
    """The sheet bulges: its lines bow, most at the middle or at one end."""
    height, width = page.shape
    by = most_mm * dpi / 25.4 * rng.choice((-1, 1))
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    where = rng.choice((0.0, 1.0, -1.0))
    bow = (1 - across**2) * (1 + np.float32(where) * down) / (1 + abs(where))
    lean = (1 - down**2) * np.float32(rng.uniform(-0.4, 0.4))
    return _moved(page, np.asarray(by * lean, np.float32), np.asarray(by * bow, np.float32))


def perspective(page: Pixels, dpi: float, most_mm: float, rng: random.Random) -> Pixels:
    """Taken from a little aside: each corner elsewhere by up to so much, one by all of it."""
    height, width = page.shape
    ends = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    by = np.array([[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(4)], np.float32)
    by *= most_mm * dpi / 25.4 / max(0.01, float(np.linalg.norm(by, axis=1).max()))
    matrix = cv2.getPerspectiveTransform(ends, (ends + by).astype(np.float32))
    made = cv2.warpPerspective(page, matrix, (width, height), borderValue=255)
    return np.asarray(made, np.uint8)


DISTORTIONS: Mapping[str, Distortion] = MappingProxyType(
    {"slip": slip, "stretch": stretch, "curl": curl, "perspective": perspective}
)


def _along(page: Pixels, rows: Callable[[int], Rows], rng: random.Random) -> Pixels:
    """Move rows, or columns, by what is told for each."""
    if rng.random() < _ACROSS:
        return np.ascontiguousarray(_along_rows(page.T, rows).T)
    return _along_rows(page, rows)


def _along_rows(page: Pixels, rows: Callable[[int], Rows]) -> Pixels:
    down = np.repeat(rows(page.shape[0])[:, None], page.shape[1], axis=1)
    return _moved(np.ascontiguousarray(page), np.zeros_like(down), down)


def _moved(page: Pixels, right: Rows, down: Rows) -> Pixels:
    """A page each pixel of which shows what stood so many pixels to the right and below."""
    height, width = page.shape
    x = np.arange(width, dtype=np.float32)[None, :] + right
    y = np.arange(height, dtype=np.float32)[:, None] + down
    made = cv2.remap(
        page,
        np.ascontiguousarray(np.broadcast_to(x, page.shape), np.float32),
        np.ascontiguousarray(np.broadcast_to(y, page.shape), np.float32),
        cv2.INTER_LINEAR,
        borderValue=255,
    )
    return np.asarray(made, np.uint8)
