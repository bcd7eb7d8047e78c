"""PDF files, each page rendered as people see it, with what was typed into it and noted on it.

Forms are filled by their own appearance; where it is missing, PDFium makes one. Scripts and
dynamic forms (XFA) are never run: this PDFium is built without them. Sizes are known before
anything is decoded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
    ReadingError,
    TooManyPages,
)
from edge.imaging import raster
from edge.imaging.pdf_structure import LOWEST_DPI, PdfFacts, wanted_dpi
from edge.imaging.raster import translate_errors
from edge.imaging.source_file import (
    ByteWindow,
    Data,
    FileFormat,
    Gray,
    ImageFile,
    Limits,
    PageImage,
)
from vaguemestre.model.document import ATTACHED_FROM

Opener = Callable[[bytes, Limits], ImageFile]

_MOST_ATTACHED = 100
_MOST_ATTACHED_BYTES = 200_000_000  # of one


class PdfSource(ImageFile):
    """A PDF file, rendered by PDFium (which is not thread-safe: one thread a process).

    Files of a known kind that are attached to it are pages of it too, behind its own; of a
    portfolio, whose own pages are but a cover, they are the only ones.

    Args:
        data: The whole file.
        limits: Hold for the file, each page and all attached files together.
        open_attached: Opens an attached file; None: it is attached itself, and goes no deeper.
    """

    def __init__(self, data: Data, limits: Limits, open_attached: Opener | None) -> None:
        self._limits, self._open_attached = limits, open_attached
        self._window = ByteWindow(data)
        self._document = _open(self._window)
        self._facts = PdfFacts(data)
        self._marks: tuple[str, ...] = ()
        self._opened: tuple[int, ImageFile] | None = None
        self._failed: dict[int, ReadingError] = {}
        try:
            with translate_errors():
                self._indices = tuple(self._look())
            if len(self._indices) > limits.max_pages:
                raise TooManyPages(f"more than {limits.max_pages} pages")
        except Exception:
            self.close()
            raise

    def _look(self) -> Iterator[int]:
        """Find the pages, and the marks that the file's own ones bear."""
        form = self._document.get_formtype()
        if form == pdfium.FORMTYPE_XFA_FULL:
            raise PdfDynamicForm
        self._attached = self._facts.attached
        kinds = [file.kind for file in self._attached]
        is_portfolio = self._facts.is_portfolio
        if is_portfolio and not (self._open_attached and any(kinds)):
            raise PdfPortfolio
        if self._leaves_some(kinds, is_portfolio=is_portfolio):
            self._marks += ("attachments",)
        _fill_forms(self._document)
        if not is_portfolio:
            yield from range(len(self._document))
        if form == pdfium.FORMTYPE_XFA_FOREGROUND and not self._facts.has_fields:
            self._marks += ("placeholder",)
        if self._open_attached is not None:
            for number, kind in enumerate(kinds[:_MOST_ATTACHED], start=1):
                if kind is not None:
                    yield from self._pages_of(number)

    def _leaves_some(self, kinds: Sequence[FileFormat | None], *, is_portfolio: bool) -> bool:
        """Whether an attached file is read by nobody; beside pages data of programs may be."""
        if len(kinds) > _MOST_ATTACHED or (self._open_attached is None and any(kinds)):
            return True
        return any(
            kind is None and (is_portfolio or not file.is_data)
            for kind, file in zip(kinds, self._attached, strict=True)
        )

    def _pages_of(self, number: int) -> Iterator[int]:
        """Indices of an attached file's pages; one for a file that cannot be opened."""
        start = number * ATTACHED_FROM
        try:
            for inner in self._file(number).indices:
                yield start + inner
        except ReadingError as error:
            self._failed[number] = error
            yield start

    def _file(self, number: int) -> ImageFile:
        """Open an attached file, or go on with it: the last one stays open."""
        if self._opened is not None and self._opened[0] == number:
            return self._opened[1]
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
        if self._open_attached is None:
            raise IndexError(f"attached file {number}")
        with translate_errors():
            content = self._attached[number - 1].content(_MOST_ATTACHED_BYTES)
            source = self._open_attached(content, self._limits)
        self._opened = number, source
        return source

    @property
    def indices(self) -> tuple[int, ...]:
        """See ``Source.indices``."""
        return self._indices

    def page(self, index: int) -> PageImage:
        """See ``Source.page``."""
        self.check_index(index)
        number, inner = divmod(index, ATTACHED_FROM)
        if number in self._failed:
            raise self._failed[number]
        if number:
            page = self._file(number).page(inner)
            return replace(page, marks=(*page.marks, *self._marks))
        with translate_errors():
            page = self._document[index]
            try:
                gray, dpi = self._render(page, index)
            finally:
                page.close()
            height, width = gray.shape
            where = raster.resolve_dpi(width, height, (dpi, dpi))
            return raster.to_square_pixels(gray, where, 1, self._limits, self._marks)

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
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
        self._document.close()
        self._facts.close()
        self._window.close()


def _open(window: ByteWindow) -> Any:
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
