"""What is made of a page that was rendered (central/rendering): previews and zones."""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PIL import Image

from central.documents.store import SeenPage
from central.rendering.decode import View

_JPEG_QUALITY = 82

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An encoded image."""

    media_type: str
    data: bytes


def view_of(page: SeenPage) -> View:
    """What of a page says how it is rendered."""
    return View(
        page.index, page.rotation, page.skew_deg, page.width_mm, page.height_mm, page.is_negative
    )


def encode_preview(image: Image.Image, width: int) -> EncodedImage:
    """The whole page, ``width`` pixels wide, never larger than it is."""
    small = image
    if image.width > width:
        # Reducing by a whole factor first is four times as fast as one careful step.
        factor = max(1, image.width // (2 * width))
        reduced = image.reduce(factor) if factor > 1 else image
        height = max(1, round(image.height * width / image.width))
        small = reduced.resize((width, height), Image.Resampling.BILINEAR)
    return _encoded(small)


def crop_zone(
    image: Image.Image, view: SeenPage, box_mm: tuple[float, float, float, float], margin_mm: float
) -> Image.Image:
    """One zone of an upright page with a margin around it; never empty.

    Of a page that the station gave no size, the whole page.
    """
    if view.width_mm <= 0 or view.height_mm <= 0:
        return image
    per_mm_x, per_mm_y = image.width / view.width_mm, image.height / view.height_mm
    left, top, width, height = box_mm
    box = (
        max(0, round((left - margin_mm) * per_mm_x)),
        max(0, round((top - margin_mm) * per_mm_y)),
        min(image.width, round((left + width + margin_mm) * per_mm_x)),
        min(image.height, round((top + height + margin_mm) * per_mm_y)),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        return image.crop((0, 0, min(image.width, 40), min(image.height, 40)))
    return image.crop(box)


def encode_zone(image: Image.Image, most_px: int) -> EncodedImage:
    """A zone as an encoded image, at most ``most_px`` wide."""
    if image.width > most_px:
        height = max(1, round(image.height * most_px / image.width))
        image = image.resize((most_px, height), Image.Resampling.LANCZOS)
    return _encoded(image)


def _encoded(image: Image.Image) -> EncodedImage:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_JPEG_QUALITY)
    return EncodedImage("image/jpeg", out.getvalue())


class ByteLimitedCache(Generic[Key, Value]):
    """The values used last, up to a size in bytes; for many threads.

    Args:
        most_bytes: All values together.
        size_of: Of one value.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[Value], int]) -> None:
        self._most, self._size_of = most_bytes, size_of
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made when it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = made
                self._bytes += self._size_of(made)
            while self._bytes > self._most and len(self._values) > 1:
                _, oldest = self._values.popitem(last=False)
                self._bytes -= self._size_of(oldest)
        return made
