"""PDF files, each page rendered at the resolution of its own images.

A scan in a PDF is one image a page: rendering it at another resolution would blur it. Pages
without a large image are rendered at 200 dpi, or as fine as the image they hold. Sizes are
known before anything is decoded.
"""

import ctypes
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from edge.errors import (
    FileEncrypted,
    FileTruncated,
    ImageUndecodable,
    NoPage,
    PageTooLarge,
    TooManyPages,
)
from edge.imaging import resolution
from edge.imaging.page import Gray, PageImage
from edge.imaging.raster import decoding
from edge.imaging.sniff import Window
from edge.imaging.source import Data, Limits, Source

_TEXT_DPI = 200.0  # of pages that are drawn, not scanned
_LOWEST_DPI = 72.0
_SCAN_COVERS = 0.4  # of the page, from which an image is the page itself
_MAX_OBJECTS = 20_000  # looked at for images; a page of more is drawn, not scanned
_MAX_DEPTH = 5


class PdfSource(Source):
    """A PDF file, rendered by PDFium (which is not thread-safe: one thread a process)."""

    def __init__(self, data: Data, limits: Limits) -> None:
        self._limits = limits
        self._window = Window(data)
        self._document = _open(self._window)
        with decoding():
            if self._document.get_formtype() == pdfium.FORMTYPE_ACRO_FORM:
                self._document.init_forms()  # what was typed into a PDF form is part of the page
        self._count = len(self._document)
        if self._count > limits.max_pages:
            self.close()
            raise TooManyPages(f"{self._count} pages, at most {limits.max_pages} are allowed")

    @property
    def indices(self) -> range:
        """See ``Source.indices``."""
        return range(self._count)

    def page(self, index: int) -> PageImage:
        """See ``Source.page``."""
        self.check_index(index)
        with decoding():
            page = self._document[index]
            try:
                gray, dpi = self._render(page)
            finally:
                page.close()
            height, width = gray.shape
            where = resolution.settle(width, height, (dpi, dpi))
            return resolution.finish(gray, where, 1, self._limits)

    def _render(self, page: Any) -> tuple[Gray, float]:
        width_pt, height_pt = page.get_size()
        if width_pt <= 0 or height_pt <= 0:
            raise ImageUndecodable("the PDF page has no size")
        dpi = _wanted_dpi(page, width_pt * height_pt, self._limits)
        most = (self._limits.max_page_pixels / (width_pt * height_pt)) ** 0.5 * 72
        if most < _LOWEST_DPI and dpi > most:
            raise PageTooLarge(f"a sheet of {width_pt:.0f} x {height_pt:.0f} points")
        dpi = min(dpi, most * 0.999)
        bitmap = page.render(scale=dpi / 72, grayscale=True, fill_color=(255, 255, 255, 255))
        try:
            return np.array(bitmap.to_numpy(), np.uint8).reshape(bitmap.height, bitmap.width), dpi
        finally:
            bitmap.close()

    def close(self) -> None:
        """See ``Source.close``."""
        self._document.close()
        self._window.close()


def _open(window: Window) -> Any:
    """Open a document that has a page.

    PDFium's last error stays from file to file, and opening a file without pages sets none: a
    name that cannot exist is opened first, so that its error means that PDFium had none to tell.
    """
    pdfium.FPDF_LoadDocument(b"\0", None)
    try:
        return pypdfium2.PdfDocument(window)
    except pypdfium2.PdfiumError as error:
        match getattr(error, "err_code", None):
            case pdfium.FPDF_ERR_PASSWORD | pdfium.FPDF_ERR_SECURITY:
                raise FileEncrypted from error
            case pdfium.FPDF_ERR_FILE:
                raise NoPage from error
        raise FileTruncated(f"PDFium cannot open it: {error}") from error


def _wanted_dpi(page: Any, page_area_pt: float, limits: Limits) -> float:
    """Resolution of the page's biggest image, from its dictionary: nothing is decoded."""
    biggest, dpi, pixels = 0.0, 0.0, 0
    objects = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=_MAX_DEPTH)
    for seen, image in enumerate(objects):
        if seen >= _MAX_OBJECTS:
            break
        width, height = _pixel_size(image)
        pixels += width * height
        limits.check_pixels(pixels, 1)
        area, own_dpi = _area_and_dpi(image, width, height)
        if area > biggest:
            biggest, dpi = area, own_dpi
    if biggest < _SCAN_COVERS * page_area_pt:
        dpi = max(dpi, _TEXT_DPI)
    return min(max(dpi, _LOWEST_DPI), resolution.HIGHEST_DPI)


def _pixel_size(image: Any) -> tuple[int, int]:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(image.raw, width, height):
        return 0, 0
    return width.value, height.value


def _area_and_dpi(image: Any, width: int, height: int) -> tuple[float, float]:
    """Area on the page in square points, and pixels an inch along the image's wide side."""
    a, b, c, d, *_ = image.get_matrix().get()
    across, down = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5
    if across <= 0 or down <= 0:
        return 0.0, 0.0
    return across * down, max(width / across, height / down) * 72
