"""Draw on a sheet in millimetres: text fitted to boxes, rules, combs, tick boxes."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vaguemestre.model.document import BoxMm

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
