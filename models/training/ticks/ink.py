"""Strokes of a pen in millimetres, and how they come onto a page."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models.training.drawing.paper import load_font
from vaguemestre.model.document import BoxMm

Points = NDArray[np.float64]  # n × 2, millimetres
Layer = NDArray[np.float32]  # height × width, 0 no ink to 1

_EM_PX = 96
_FINER = 3  # strokes are drawn so many times as large
_SHIFT = 4  # binary digits of a fraction of a pixel, as OpenCV takes them


class Mark(StrEnum):
    """What somebody did at a box; ``EMPTY`` is nothing."""

    EMPTY = "empty"
    CROSS = "cross"
    CHECK = "check"
    STROKE = "stroke"
    BLACKENED = "blackened"
    CIRCLED = "circled"
    BESIDE = "beside"
    STRUCK = "struck out"
    DOT = "dot"
    STAMP = "stamp over it"
    CROSSING = "writing runs in"
    COVERED = "painted over"


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line of a pen; ``widths`` has one value, or one a point."""

    points: Points
    widths: tuple[float, ...]
    is_filled: bool = False  # what it goes around is inked as well


def moved(strokes: Sequence[Stroke], x: float, y: float) -> list[Stroke]:
    """The same strokes elsewhere."""
    return [Stroke(one.points + np.array([x, y]), one.widths, one.is_filled) for one in strokes]


def layer(strokes: Sequence[Stroke], frame: BoxMm, px_per_mm: float) -> Layer:
    """Draw strokes into a part of the page, with soft edges."""
    wide, high = (max(1, round(side * px_per_mm)) for side in (frame.width, frame.height))
    whole = np.zeros((high, wide), np.float32)
    if not strokes:
        return whole
    # Only what the strokes reach is drawn finely.
    spare = max(max(one.widths) for one in strokes)
    points = np.vstack([one.points for one in strokes]) - np.array([frame.left, frame.top])
    low = np.floor((points.min(axis=0) - spare) * px_per_mm).astype(int).clip(0, (wide, high))
    end = np.ceil((points.max(axis=0) + spare) * px_per_mm).astype(int).clip(0, (wide, high))
    wide, high = (end - low).tolist()
    if wide <= 0 or high <= 0:
        return whole
    made = np.zeros((high * _FINER, wide * _FINER), np.uint8)
    scale = px_per_mm * _FINER
    corner = np.array([frame.left, frame.top]) + low / px_per_mm
    for stroke in strokes:
        at = (stroke.points - corner) * scale
        fixed = np.round(at * 2**_SHIFT).astype(np.int32)
        if stroke.is_filled:
            cv2.fillPoly(made, [fixed], 255, cv2.LINE_8, _SHIFT)
        if len(stroke.widths) == 1:
            width = max(1, round(stroke.widths[0] * scale))
            cv2.polylines(made, [fixed], False, 255, width, cv2.LINE_8, _SHIFT)
            continue
        for a, b, wanted in zip(fixed, fixed[1:], stroke.widths, strict=False):
            thick = max(1, round(wanted * scale))
            cv2.line(made, a.tolist(), b.tolist(), 255, thick, cv2.LINE_8, _SHIFT)
    small = cv2.resize(made, (wide, high), interpolation=cv2.INTER_AREA)
    whole[low[1] : end[1], low[0] : end[0]] = np.asarray(small, np.float32) / np.float32(255)
    return whole


@functools.lru_cache(maxsize=2048)
def outline(path: Path, char: str) -> tuple[Points, ...]:
    """The outer outlines of a font's letter, in pixels of no certain size."""
    image = Image.new("L", (_EM_PX * 3, _EM_PX * 3), 0)
    font = load_font(path, _EM_PX)
    ImageDraw.Draw(image).text((_EM_PX, 2 * _EM_PX), char, fill=255, font=font, anchor="ls")
    found, _ = cv2.findContours(
        (np.asarray(image) > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    return tuple(np.asarray(one[:, 0, :], np.float64) for one in found if len(one) > 3)


def inked(page: NDArray[np.float32], ink: Layer, grey: float, grain: Layer | None = None) -> None:
    """Lay ink over a page in place; where print is darker, it stays.

    Args:
        page: 0 black to 255 white.
        ink: As large as the page.
        grey: Of full ink.
        grain: Of the paper, 0 to 1: pencils and dry pens leave it out.
    """
    over = ink if grain is None else ink * grain
    np.minimum(page, page * (1 - over) + np.float32(grey) * over, out=page)


def grain(shape: tuple[int, int], chance: np.random.Generator, depth: float) -> Layer:
    """What of a pencil's stroke the paper takes."""
    rough = chance.random(shape, np.float32)
    return np.asarray(1 - depth * rough * rough, np.float32)
