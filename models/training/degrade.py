"""What a scanner does to a page: skew, blur, noise, paper tone, thresholding, black borders."""

import random

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def scan(page: Pixels, rng: random.Random, *, most_skew: float = 1.5) -> Pixels:
    """An honest office scan: a little turned, a little soft, a little noisy."""
    height, width = page.shape
    turn = placed(page, rng, most_skew=most_skew)
    moved = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_AREA, borderValue=255)
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 0.7))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 7), page.shape)
    tone = rng.uniform(0.93, 1.0)
    return np.asarray(np.clip(soft * tone + noise, 0, 255), np.uint8)


def placed(page: Pixels, rng: random.Random, *, most_skew: float) -> NDArray[np.float64]:
    """Where the sheet comes to lie: a map (2 × 3) from its pixels to the scan's."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D(
        (width / 2, height / 2), rng.uniform(-most_skew, most_skew), rng.uniform(0.99, 1.0)
    )
    turn[:, 2] += np.array([rng.uniform(-6, 6), rng.uniform(-6, 6)])
    return np.asarray(turn, np.float64)


def bitonal(page: Pixels) -> Pixels:
    """Black and white as a scanner's own threshold makes it: local, a little coarse."""
    small = cv2.GaussianBlur(page, (0, 0), 0.6)
    return np.asarray(
        cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 41, 18),
        np.uint8,
    )


def with_black_border(page: Pixels, rng: random.Random) -> Pixels:
    """The scanner's black background shows on two sides."""
    made = page.copy()
    made[:, : rng.randint(8, 25)] = 8
    made[-rng.randint(8, 30) :, :] = 8
    return made
