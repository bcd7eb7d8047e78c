"""Pages of source files as people look at them: upright, straight, of bounded size. Pure.

Originals are never altered and never sent: what is made here is. Frames and boxes are those of
proto/vaguemestre/model/document.py: the original turned clockwise by ``rotation``, then
straightened by ``skew_deg`` (positive: lines rise to the right) about its centre.

This runs in a process of its own (central/rendering/child.py), for what it opens comes from
strangers.
"""

import contextlib
import io
from dataclasses import dataclass, replace
from typing import IO, BinaryIO, cast

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps

from central.pictures import attached
from central.pictures.tiff_frame import is_tiff, only_frame

MOST_PIXELS = 20_000_000
"""Of what is shown: an A3 sheet at 300 dpi has 17 million. Larger pages are shown smaller."""
_MOST_SOURCE_PIXELS = 120_000_000
"""Of a scanner's image; a station takes no larger one."""
_PDF_DPI = 200
_OF_12_BITS = 4096
_STRAIGHT_DEG = 0.15
_FORMATS = ("TIFF", "JPEG", "PNG", "BMP", "GIF", "JPEG2000", "WEBP")
_TURNS = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns anticlockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class View:
    """Which image of a file a page is, and how it is turned; lengths in millimetres."""

    index: int
    rotation: int
    skew_deg: float
    width_mm: float
    height_mm: float
    is_negative: bool = False


def decode(file: IO[bytes], view: View) -> Image.Image:
    """Decode one page of a source file, upright and straight; grey or RGB.

    Only what the page needs is read: a file may hold a lot's thousand pages.

    Returns:
        Mode L or RGB, ``MOST_PIXELS`` at the most.

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
    image = _bounded(image)
    if view.is_negative:
        image = ImageOps.invert(image)
    if view.rotation:
        image = image.transpose(_TURNS[view.rotation])
    if abs(view.skew_deg) > _STRAIGHT_DEG:
        white = 255 if image.mode == "L" else (255, 255, 255)
        image = image.rotate(-view.skew_deg, Image.Resampling.BILINEAR, fillcolor=white)
    return image


def _bounded(image: Image.Image) -> Image.Image:
    factor = 1
    while image.width * image.height > MOST_PIXELS * factor**2:
        factor += 1
    return image.reduce(factor) if factor > 1 else image


def _is_pdf(file: IO[bytes]) -> bool:
    file.seek(0)
    found = b"%PDF-" in file.read(1_024)
    file.seek(0)
    return found


def _raster(file: IO[bytes], view: View) -> Image.Image:
    """Decode a page as the station does: alone where it can be taken out, else in its file."""
    is_whole_tiff = is_tiff(file.read(8))
    file.seek(0)
    if is_whole_tiff:
        with contextlib.suppress(ValueError):
            return _opened(io.BytesIO(only_frame(cast(BinaryIO, file), view.index)), 0)
    file.seek(0)
    return _opened(file, view.index)


def _opened(file: IO[bytes], index: int) -> Image.Image:
    with Image.open(file, formats=_FORMATS) as opened:
        opened.seek(index)
        if opened.width * opened.height > _MOST_SOURCE_PIXELS:
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


def _pdf(file: IO[bytes], view: View) -> Image.Image:
    """Render a page at its true size, which the station measured, with what was typed into it.

    PDFium does not tell the unit of a page; the page's own size is not to be trusted alone.
    """
    document = pypdfium2.PdfDocument(file)
    try:
        _fill_forms(document)
        page = document[view.index]
        width, height = page.get_size()
        true_mm = max(view.width_mm, view.height_mm)
        scale = true_mm / 25.4 * _PDF_DPI / max(width, height) if true_mm > 0 else _PDF_DPI / 72
        most = (MOST_PIXELS / (width * height)) ** 0.5
        return cast(Image.Image, page.render(scale=min(scale, most)).to_pil().convert("RGB"))
    finally:
        document.close()


def _fill_forms(document: pypdfium2.PdfDocument) -> None:
    """Have fields drawn with their values, also of a form with a dynamic twin (XFA), never run."""
    if document.get_formtype() == pdfium.FORMTYPE_NONE:
        return
    config = pdfium.FPDF_FORMFILLINFO(version=2)
    raw = pdfium.FPDFDOC_InitFormFillEnvironment(document, config)
    if raw:
        document.formenv = pypdfium2.PdfFormEnv(raw, config)
