"""Pages as people look at them: upright, straightened, small enough to be there at once.

Originals are never altered and never sent: previews are. Frames and boxes are those of
edge/document.py: the original turned clockwise by ``rotation``, then straightened by ``skew_deg``
(positive: lines rise to the right) about its centre.
"""

import contextlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, BinaryIO, Generic, TypeVar, cast

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps

from central.pictures import attached
from central.pictures.tiff_frame import is_tiff, only_frame
from central.store.views import SeenPage

_PDF_DPI = 200
_OF_12_BITS = 4096
_LARGEST_PIXELS = 250_000_000
_STRAIGHT_DEG = 0.15
_JPEG_QUALITY = 82
_TURNS = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns anticlockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
_pdfium = threading.Lock()
"""PDFium is not made for threads."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded image."""

    media_type: str
    data: bytes


def decode(file: IO[bytes], view: SeenPage) -> Image.Image:
    """Decode one page of a source file, upright and straight; grey or RGB.

    Only what the page needs is read: a file may hold a lot's thousand pages.

    Raises:
        ValueError: it cannot be decoded, has no such page, or is too large.
    """
    try:
        if _is_pdf(file) and attached.is_attached(view.index):
            file, inner = attached.opened(file, view.index)
            view = replace(view, index=inner)
        is_pdf = _is_pdf(file)
        image = _pdf(file, view) if is_pdf else _raster(file, view)
    except Exception as error:  # decoders raise anything for damaged bytes
        raise ValueError(type(error).__name__) from error
    if view.is_negative:
        image = ImageOps.invert(image)
    if view.rotation:
        image = image.transpose(_TURNS[view.rotation])
    if abs(view.skew_deg) > _STRAIGHT_DEG:
        white = 255 if image.mode == "L" else (255, 255, 255)
        image = image.rotate(-view.skew_deg, Image.Resampling.BILINEAR, fillcolor=white)
    return image


def _is_pdf(file: IO[bytes]) -> bool:
    file.seek(0)
    found = b"%PDF-" in file.read(1_024)
    file.seek(0)
    return found


def _raster(file: IO[bytes], view: SeenPage) -> Image.Image:
    """Decode a page as the station does: alone where it can be taken out, else in its file."""
    is_whole_tiff = is_tiff(file.read(8))
    file.seek(0)
    if is_whole_tiff:
        with contextlib.suppress(ValueError):
            return _opened(io.BytesIO(only_frame(cast(BinaryIO, file), view.index)), 0)
    file.seek(0)
    return _opened(file, view.index)


def _opened(file: IO[bytes], index: int) -> Image.Image:
    with Image.open(file) as opened:
        opened.seek(index)
        if opened.width * opened.height > _LARGEST_PIXELS:
            raise ValueError("too large")
        upright = ImageOps.exif_transpose(opened)
        if upright.has_transparency_data:
            flat = Image.new("RGBA", upright.size, "white")
            flat.alpha_composite(upright.convert("RGBA"))
            upright = flat
        if upright.mode.startswith("I"):
            # Scanners of 12 bits store their samples in 16: divided by 256 the page would be black.
            deepest = cast(tuple[float, float], upright.getextrema())[1]
            levels = 16 if deepest < _OF_12_BITS else 256
            upright = upright.point(lambda v: v / levels).convert("L")
        return upright.convert("L" if upright.mode in ("1", "L", "LA") else "RGB")


def _pdf(file: IO[bytes], view: SeenPage) -> Image.Image:
    """Render a page at its true size, which the station measured, with what was typed into it.

    PDFium does not tell the unit of a page; the page's own size is not to be trusted alone.
    """
    with _pdfium:
        document = pypdfium2.PdfDocument(file)
        try:
            _fill_forms(document)
            page = document[view.index]
            width, height = page.get_size()
            true_mm = max(view.width_mm, view.height_mm)
            scale = true_mm / 25.4 * _PDF_DPI / max(width, height) if true_mm > 0 else _PDF_DPI / 72
            if width * height * scale**2 > _LARGEST_PIXELS:
                raise ValueError("too large")
            image: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
        finally:
            document.close()
    return image


def _fill_forms(document: pypdfium2.PdfDocument) -> None:
    """Have fields drawn with their values, also of a form with a dynamic twin (XFA), never run."""
    if document.get_formtype() == pdfium.FORMTYPE_NONE:
        return
    config = pdfium.FPDF_FORMFILLINFO(version=2)
    raw = pdfium.FPDFDOC_InitFormFillEnvironment(document, config)
    if raw:
        document.formenv = pypdfium2.PdfFormEnv(raw, config)


def preview(image: Image.Image, width: int) -> Picture:
    """The whole page, ``width`` pixels wide, never larger than it is."""
    small = image
    if image.width > width:
        # Reducing by a whole factor first is four times as fast as one careful step.
        factor = max(1, image.width // (2 * width))
        reduced = image.reduce(factor) if factor > 1 else image
        height = max(1, round(image.height * width / image.width))
        small = reduced.resize((width, height), Image.Resampling.BILINEAR)
    return _encoded(small)


def cut(
    image: Image.Image, view: SeenPage, box_mm: tuple[float, float, float, float], margin_mm: float
) -> Image.Image:
    """One zone of an upright page with a margin around it; never empty."""
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


def zone(image: Image.Image, most_px: int) -> Picture:
    """A zone as an encoded image, at most ``most_px`` wide."""
    if image.width > most_px:
        height = max(1, round(image.height * most_px / image.width))
        image = image.resize((most_px, height), Image.Resampling.LANCZOS)
    return _encoded(image)


def _encoded(image: Image.Image) -> Picture:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_JPEG_QUALITY)
    return Picture("image/jpeg", out.getvalue())


class Kept(Generic[Key, Value]):
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
