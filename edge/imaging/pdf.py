"""PDF files, each page rendered as people see it, with what was typed into it and noted on it.

Forms are filled by their own appearance; where it is missing, PDFium makes one. Scripts and
dynamic forms (XFA) are never run: this PDFium is built without them. Sizes are known before
anything is decoded.
"""

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
    PdfDynamicForm,
    PdfPortfolio,
    TooManyPages,
)
from edge.imaging import resolution
from edge.imaging.page import Gray, PageImage
from edge.imaging.pdffacts import PdfFacts
from edge.imaging.pdfresolution import LOWEST_DPI, wanted_dpi
from edge.imaging.raster import decoding
from edge.imaging.sniff import Window
from edge.imaging.source import Data, Limits, Source


class PdfSource(Source):
    """A PDF file, rendered by PDFium (which is not thread-safe: one thread a process)."""

    def __init__(self, data: Data, limits: Limits) -> None:
        self._limits = limits
        self._window = Window(data)
        self._document = _open(self._window)
        self._facts = PdfFacts(data)
        try:
            self._count, self._marks = self._look()
        except Exception:
            self.close()
            raise

    def _look(self) -> tuple[int, tuple[str, ...]]:
        """Number of pages, and the marks that all of them bear."""
        with decoding():
            form = self._document.get_formtype()
            if form == pdfium.FORMTYPE_XFA_FULL:
                raise PdfDynamicForm
            if self._facts.is_portfolio:
                raise PdfPortfolio
            _fill_forms(self._document)
            count = len(self._document)
        if count > self._limits.max_pages:
            raise TooManyPages(f"{count} pages, at most {self._limits.max_pages} are allowed")
        marks = ("attachments",) if self._facts.holds_documents else ()
        if form == pdfium.FORMTYPE_XFA_FOREGROUND and not self._facts.has_fields:
            marks = (*marks, "placeholder")
        return count, marks

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
                gray, dpi = self._render(page, index)
            finally:
                page.close()
            height, width = gray.shape
            where = resolution.settle(width, height, (dpi, dpi))
            return resolution.finish(gray, where, 1, self._limits, self._marks)

    def _render(self, page: Any, index: int) -> tuple[Gray, float]:
        width_pt, height_pt = page.get_size()
        if width_pt <= 0 or height_pt <= 0:
            raise ImageUndecodable("the PDF page has no size")
        facts = self._facts.page(index)
        dpi = wanted_dpi(page, width_pt * height_pt, facts, self._limits)
        inches = width_pt * height_pt * (facts.user_unit / 72) ** 2
        most = (self._limits.max_page_pixels / inches) ** 0.5
        if most < LOWEST_DPI and dpi > most:
            raise PageTooLarge(f"a sheet of {inches:.0f} square inches")
        dpi = min(dpi, most * 0.999)
        bitmap = page.render(
            scale=dpi / 72 * facts.user_unit, grayscale=True, fill_color=(255, 255, 255, 255)
        )
        try:
            return np.array(bitmap.to_numpy(), np.uint8).reshape(bitmap.height, bitmap.width), dpi
        finally:
            bitmap.close()

    def close(self) -> None:
        """See ``Source.close``."""
        self._document.close()
        self._facts.close()
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


def _fill_forms(document: Any) -> None:
    """Have fields drawn with their values, also those of a form that has a dynamic twin (XFA).

    Not ``init_forms``, which complains of each such form that this PDFium cannot run it.
    """
    if document.get_formtype() == pdfium.FORMTYPE_NONE:
        return
    config = pdfium.FPDF_FORMFILLINFO(version=2)
    raw = pdfium.FPDFDOC_InitFormFillEnvironment(document, config)
    if raw:
        document.formenv = pypdfium2.PdfFormEnv(raw, config)
