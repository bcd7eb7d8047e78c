"""Print our own sheets: lot headers and document separators, as PDF.

The QR code stands twice, at the top and at the bottom, so that a fold or a torn corner costs
nothing; people read the rest.
"""

import contextlib
import io
import textwrap
from collections.abc import Sequence

import segno
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from edge.imaging import separators
from edge.spool.values import Rescan
from vaguemestre.model.calendar import paris_time
from vaguemestre.model.lot import LotHeader

PROCESSES = ("FSP", "DMT", "ETRANGER", "AUTRE")
MOST_SHEETS = 2_000
_QR_MM = 42.0
_MARGIN_MM = 20.0
_ROW_MM = 9.5
_PICTURE_MM = 165.0  # its height on the page that shows what to find
_LINE_CHARACTERS, _REASON_LINES = 34, 4


def header_sheet_pdf(header: LotHeader, lot: str) -> bytes:
    """A lot's header sheet.

    Args:
        header: What the lot announces.
        lot: Its name, printed for people.

    Raises:
        ValueError: a value that the code cannot hold.
    """
    rows = [
        ("", "Placez cette feuille en tête du lot."),
        ("Lot", lot),
        ("Processus", header.process),
        ("Caisse", header.fund),
        ("Reçu le", header.received_on.strftime("%d/%m/%Y") if header.received_on else ""),
        ("Type attendu", header.expected_type),
        ("Documents attendus", _shown(header.expected_documents)),
        ("Pages par document", _shown(header.pages_each)),
        ("Priorité", "URGENT" if header.priority else ""),
        ("Original vu", "oui" if header.original_seen else ""),
    ]
    return _sheets([("EN-TÊTE DE LOT", rows, separators.encode_header(header))])


def rescan_sheet_pdf(request: Rescan) -> bytes:
    """The header sheet of a lot that answers a request of the centre.

    Raises:
        ValueError: the request has no id that the code can hold.
    """
    header = LotHeader(
        fund=request.fund, received_on=request.received_on, rescan_id=request.rescan_id
    )
    rows = [
        ("", "Placez cette feuille en tête d'un nouveau lot,"),
        ("", "devant le document à numériser de nouveau."),
        ("Demande", request.code),
        ("Lot d'origine", request.lot_name),
        *_which(request),
        ("Demandée le", paris_time(request.asked_at).strftime("%d/%m/%Y à %H:%M")),
        ("Reçu le", request.received_on.strftime("%d/%m/%Y") if request.received_on else ""),
    ]
    reason = textwrap.wrap(
        request.reason, _LINE_CHARACTERS, max_lines=_REASON_LINES, placeholder=" …"
    )
    rows += [("Motif" if number == 0 else " ", line) for number, line in enumerate(reason)]
    sheet = _sheets([("NUMÉRISATION DEMANDÉE", rows, separators.encode_header(header))])
    return join([sheet, _what_to_find(request)]) if request.sheet.picture else sheet


def _which(request: Rescan) -> list[tuple[str, str]]:
    """Which document of the lot, and which of its pages."""
    sheet = request.sheet
    place = f"n° {sheet.number}" if sheet.number else ""
    page = f"page {sheet.page} sur {sheet.pages}" if sheet.page else ""
    return [
        ("Document du lot", ", ".join(filter(None, (place, page)))),
        ("Type du document", sheet.type_title),
    ]


def _what_to_find(request: Rescan) -> bytes:
    """A page that shows the sheet, to be held beside the pile.

    It is not the header sheet: what stands there beside its own print makes it somebody's page.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    width, height = A4
    canvas.setFont("Helvetica-Bold", 26)
    canvas.drawCentredString(width / 2, height - 30 * mm, "DOCUMENT À RETROUVER")
    canvas.setFont("Helvetica", 15)
    canvas.drawCentredString(width / 2, height - 42 * mm, "Ne numérisez pas cette feuille.")
    rows = [("Lot d'origine", request.lot_name), *_which(request), ("Demande", request.code)]
    _rows(canvas, rows, height - 60 * mm)
    with contextlib.suppress(OSError, ValueError):  # it could not be decoded: the rows remain
        picture = ImageReader(io.BytesIO(request.sheet.picture))
        canvas.drawImage(
            picture,
            _MARGIN_MM * mm,
            _MARGIN_MM * mm,
            width - 2 * _MARGIN_MM * mm,
            _PICTURE_MM * mm,
            preserveAspectRatio=True,
            anchor="n",
        )
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def separator_sheets_pdf(count: int) -> bytes:
    """Document separators, one a page."""
    text = "Placez cette feuille avant chaque nouveau document."
    sheet = ("SÉPARATEUR DE DOCUMENT", [("", text)], separators.encode_separator())
    return _sheets([sheet] * count)


def join(documents: Sequence[bytes]) -> bytes:
    """One PDF of several."""
    with PdfDocument.new() as joined:
        for document in documents:
            with PdfDocument(document) as source:
                joined.import_pages(source)
        out = io.BytesIO()
        joined.save(out)
        return out.getvalue()


def _sheets(sheets: Sequence[tuple[str, Sequence[tuple[str, str]], str]]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    for title, rows, code in sheets:
        _draw(canvas, title, [row for row in rows if row[1]], code)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, title: str, rows: Sequence[tuple[str, str]], code: str) -> None:
    width, height = A4
    canvas.setFont("Helvetica-Bold", 30)
    canvas.drawCentredString(width / 2, height - 95 * mm, title)
    _rows(canvas, rows, height - 118 * mm)
    _qr(canvas, code, _MARGIN_MM * mm, height - (_MARGIN_MM + _QR_MM) * mm)
    _qr(canvas, code, width - (_MARGIN_MM + _QR_MM) * mm, _MARGIN_MM * mm)


def _rows(canvas: Canvas, rows: Sequence[tuple[str, str]], top: float) -> None:
    """Write labels and values, from ``top`` (points) down."""
    y = top
    for label, value in [row for row in rows if row[1]]:
        canvas.setFont("Helvetica", 15)
        canvas.drawString(_MARGIN_MM * mm, y, label)
        left = (_MARGIN_MM + (65 if label else 0)) * mm
        _bold(canvas, left, y, value, A4[0] - left - _MARGIN_MM * mm)
        y -= _ROW_MM * mm


def _bold(canvas: Canvas, left: float, y: float, text: str, room: float) -> None:
    """Write a line, smaller when it would run off the sheet."""
    size = min(17.0, 17.0 * room / max(1.0, canvas.stringWidth(text, "Helvetica-Bold", 17)))
    canvas.setFont("Helvetica-Bold", size)
    canvas.drawString(left, y, text)


def _qr(canvas: Canvas, code: str, left: float, bottom: float) -> None:
    matrix = segno.make(code, error="m", micro=False).matrix
    size = _QR_MM * mm / len(matrix)
    for row, cells in enumerate(matrix):
        for column, is_dark in enumerate(cells):
            if is_dark:
                y = bottom + (len(matrix) - 1 - row) * size
                canvas.rect(left + column * size, y, size, size, stroke=0, fill=1)


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)
