"""Sheets as a scanner sees them: paper that is never quite white, dust, holes, bleed-through."""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

DPI = 200
_MM = DPI / 25.4
_SIZE = (round(297 * _MM), round(210 * _MM))


def sheet(seed: int = 0, *, tone: int = 238, noise: float = 3.0) -> Gray:
    """An empty A4 sheet with the scanner's noise and a slight fall-off of light."""
    rng = np.random.default_rng(seed)
    light = np.linspace(0, 12, _SIZE[1])[None, :]
    made = tone - light + rng.normal(0, noise, _SIZE)
    return np.asarray(np.clip(made, 0, 255), np.uint8)


def text(page: Gray, lines: int = 30, ink: int = 40, size: float = 1.1) -> Gray:
    """Typed lines over a page."""
    made = page.copy()
    words = ["remboursement", "des soins", "du mois dernier", "adresse", "Montargis", "assurance"]
    for number in range(lines):
        content = "  ".join(words[(number + k) % len(words)] for k in range(3))
        place = (round(25 * _MM), round((30 + 8 * number) * _MM))
        cv2.putText(made, content, place, cv2.FONT_HERSHEY_DUPLEX, size, ink, 2, cv2.LINE_AA)
    return made


def handwritten(page: Gray, words: str, at_mm: tuple[float, float], ink: int = 70) -> Gray:
    """A few words by a ball pen, 0.4 mm wide."""
    made = page.copy()
    place = (round(at_mm[0] * _MM), round(at_mm[1] * _MM))
    cv2.putText(made, words, place, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.2, ink, 3, cv2.LINE_AA)
    return made


def dust(page: Gray, seed: int = 0, specks: int = 60) -> Gray:
    """Specks of up to 0.4 mm anywhere."""
    rng = np.random.default_rng(seed)
    made = page.copy()
    for _ in range(specks):
        centre = int(rng.integers(0, page.shape[1])), int(rng.integers(0, page.shape[0]))
        cv2.circle(made, centre, int(rng.integers(0, 2)), int(rng.integers(20, 120)), -1)
    return made


def holes(page: Gray, count: int = 2) -> Gray:
    """Holes of 6 mm punched 12 mm from the left edge, black where the scanner's lid shows."""
    made = page.copy()
    for number in range(count):
        middle = 148.5 + 80 * (number - (count - 1) / 2)
        cv2.circle(made, (round(12 * _MM), round(middle * _MM)), round(3 * _MM), 15, -1)
    return made


def bleed_through(page: Gray, lines: int = 30) -> Gray:
    """The other side's print seen through thin paper: mirrored, soft and pale."""
    back = text(np.full_like(page, 255), lines, ink=0)[:, ::-1]
    veil = cv2.GaussianBlur(back, (0, 0), 3.0).astype(np.float32) - 255
    return np.asarray(np.clip(page + 0.12 * veil, 0, 255), np.uint8)


def fold(page: Gray) -> Gray:
    """A soft shadow across the middle."""
    made = page.astype(np.float32)
    rows = np.arange(page.shape[0], dtype=np.float32)
    shade = 14 * np.exp(-np.square((rows - page.shape[0] / 2) / 14))
    return np.asarray(np.clip(made - shade[:, None], 0, 255), np.uint8)


def turned(page: Gray, degrees: float, outside: int = 255) -> Gray:
    """Turned counter-clockwise about its middle, as a sheet fed askew lies."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    made = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=outside)
    return np.asarray(made, np.uint8)


def bitonal(page: Gray) -> Gray:
    """Black and white by one threshold, as a fast scanner's own."""
    return np.where(page > 150, 255, 0).astype(np.uint8)
