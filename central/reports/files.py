"""A report as a file: CSV for French spreadsheets, PDF on A4.

What a cell says is decided once, for the page, the PDF and the CSV. Spreadsheets in French expect
UTF-8 with a byte order mark, semicolons, a decimal comma, no separator of thousands, and the unit
in the title. The PDF is landscape, with the title and the column heads on each page and its pages
numbered; its fonts come with reportlab and are embedded, so that it looks the same everywhere.
"""

import csv
import datetime as dt
import io
import itertools
from collections.abc import Sequence

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from central.reports.rules import Column, ColumnKind, Table, Value
from central.web.formats import count, duration, moment

_DASH = "–"
_NO_BREAK = "\u00a0"


def _cell_text(value: Value, kind: ColumnKind) -> str:
    """What people read."""
    if value is None:
        return _DASH
    if isinstance(value, str):
        return value
    match kind:
        case ColumnKind.PERCENT:
            return f"{_comma(value)}{_NO_BREAK}%"
        case ColumnKind.DAYS:
            return f"{_comma(value)}{_NO_BREAK}j"
        case ColumnKind.SECONDS:
            return f"{_comma(value)}{_NO_BREAK}s" if value < 60 else duration(value)
        case _:
            return count(value)


def _csv_value(value: Value, kind: ColumnKind) -> str:
    """What a spreadsheet reads as the same number; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _harmless(value)
    return f"{value:.0f}" if kind is ColumnKind.COUNT else _comma(value)


def _column_title(column: Column) -> str:
    """A column's title with its unit, for numbers without one."""
    unit = {ColumnKind.PERCENT: "%", ColumnKind.DAYS: "jours ouvrés", ColumnKind.SECONDS: "s"}.get(
        column.kind
    )
    return f"{column.title} ({unit})" if unit else column.title


def row_texts(table: Table, row: tuple[Value, ...]) -> list[str]:
    """A row as people read it."""
    return [
        _cell_text(value, column.kind) for value, column in zip(row, table.columns, strict=True)
    ]


def _comma(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def _harmless(text: str) -> str:
    """Text that a spreadsheet shows and does not work out."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


_MARK = "\ufeff"


def to_csv(table: Table) -> bytes:
    """The table with its total in the last line."""
    out = io.StringIO()
    lines = csv.writer(out, delimiter=";", lineterminator="\r\n")
    lines.writerow([_column_title(column) for column in table.columns])
    for row in (*table.rows, table.total):
        lines.writerow(
            [
                _csv_value(value, column.kind)
                for value, column in zip(row, table.columns, strict=True)
            ]
        )
    return (_MARK + out.getvalue()).encode()


_PLAIN, _BOLD = "Vera", "VeraBd"
_INK, _SOFT, _LINE, _GROUND = (HexColor(c) for c in ("#17212b", "#51606d", "#c3ced7", "#eef2f5"))
_MARGIN, _ROW, _SIZE = 14 * mm, 6.4 * mm, 8.5
_UNDER_TITLE: float = 5 * mm
_LEAST_FIRST, _MOST_FIRST = 0.2, 0.38
_SMALLEST = 6.0
_Place = tuple[float, float, Column]
"""Left and right of a column."""
_NARROW_SPACE, _SPACE = "\u202f", "\u00a0"


def to_pdf(title: str, period: str, table: Table, notes: Sequence[str], now: dt.datetime) -> bytes:
    """Draw it.

    Args:
        title: What it is of.
        period: The day or the month, in words.
        table: The figures.
        notes: Below the last row.
        now: When it is printed.
    """
    for name in (_PLAIN, _BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=landscape(A4), invariant=True)
    canvas.setTitle(f"{title}, {period}")
    canvas.setAuthor("Vaguemestre")
    rows = [row_texts(table, row) for row in table.rows]
    columns = _columns(table, [row[0] for row in rows])
    each = _rows_a_page()
    # The total and the notes never stand alone on a page of their own.
    pages = [rows[at : at + each] for at in range(0, len(rows), each)] or [[]]
    for number, page in enumerate(pages, 1):
        y = _head(canvas, title, period)
        y = _heads(canvas, columns, y)
        for row in page:
            y = _row(canvas, columns, row, y, _PLAIN)
        if number == len(pages):
            y = _row(canvas, columns, row_texts(table, table.total), y, _BOLD, ground=True)
            _notes(canvas, notes, y)
        _foot(canvas, f"Imprimé le {moment(now)}", f"Page {number} sur {len(pages)}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _rows_a_page() -> int:
    height: float = landscape(A4)[1]
    room = height - 2 * _MARGIN - 40 * mm  # title, heads of columns, notes, foot
    return int(room / _ROW)


def _head(canvas: Canvas, title: str, period: str) -> float:
    width, height = landscape(A4)
    y: float = height - _MARGIN - 5 * mm
    _write(canvas, title, _MARGIN, y, _BOLD, 14)
    canvas.setFillColor(_SOFT)
    canvas.setFont(_PLAIN, 10)
    canvas.drawRightString(width - _MARGIN, y, _drawable(period))
    return y - _UNDER_TITLE


def _heads(canvas: Canvas, columns: Sequence[_Place], y: float) -> float:
    width, _ = landscape(A4)
    height: float = 9 * mm
    canvas.setFillColor(_GROUND)
    canvas.rect(_MARGIN, y - height, width - 2 * _MARGIN, height, stroke=0, fill=1)
    canvas.setFillColor(_INK)
    for left, right, column in columns:
        lines = _two_lines(column.title, right - left)
        for number, line in enumerate(reversed(lines)):
            base = y - height + 2.2 * mm + number * 3.4 * mm
            _put(canvas, line, left, right, base, _BOLD, 7.5, column.kind)
    return y - height


def _row(
    canvas: Canvas,
    columns: Sequence[_Place],
    texts: Sequence[str],
    y: float,
    font: str,
    *,
    ground: bool = False,
) -> float:
    width, _ = landscape(A4)
    below: float = y - _ROW
    if ground:
        canvas.setFillColor(_GROUND)
        canvas.rect(_MARGIN, below, width - 2 * _MARGIN, _ROW, stroke=0, fill=1)
    canvas.setFillColor(_INK)
    for (left, right, column), text in zip(columns, texts, strict=True):
        _put(canvas, text, left, right, below + 2 * mm, font, _SIZE, column.kind)
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.4)
    canvas.line(_MARGIN, below, width - _MARGIN, below)
    return below


def _notes(canvas: Canvas, notes: Sequence[str], y: float) -> None:
    canvas.setFillColor(_SOFT)
    for number, note in enumerate(notes, 1):
        canvas.setFont(_PLAIN, 7.5)
        canvas.drawString(_MARGIN, y - number * 4.4 * mm, _drawable(note))


def _foot(canvas: Canvas, left: str, right: str) -> None:
    width, _ = landscape(A4)
    canvas.setFillColor(_SOFT)
    canvas.setFont(_PLAIN, 8)
    canvas.drawString(_MARGIN, _MARGIN - 4 * mm, _drawable(f"Vaguemestre – {left}"))
    canvas.drawRightString(width - _MARGIN, _MARGIN - 4 * mm, right)


def _columns(table: Table, names: Sequence[str]) -> list[_Place]:
    """Where each column lies; the first, which names the rows, has the room that it needs."""
    width = landscape(A4)[0] - 2 * _MARGIN
    longest = max((pdfmetrics.stringWidth(_drawable(n), _PLAIN, _SIZE) for n in names), default=0)
    first = min(max(longest + 3 * mm, _LEAST_FIRST * width), _MOST_FIRST * width)
    each = (width - first) / max(1, len(table.columns) - 1)
    edges = [0.0, first, *(first + each * n for n in range(1, len(table.columns)))]
    return [
        (_MARGIN + left, _MARGIN + right, column)
        for (left, right), column in zip(itertools.pairwise(edges), table.columns, strict=True)
    ]


def _put(
    canvas: Canvas,
    text: str,
    left: float,
    right: float,
    y: float,
    font: str,
    size: float,
    kind: ColumnKind,
) -> None:
    """Write into a cell: words at its left, numbers at its right, smaller when there is no room.

    Words that would be too small to read are cut, numbers never.
    """
    text, room = _drawable(text), right - left - 3 * mm
    size = min(size, size * room / max(1.0, canvas.stringWidth(text, font, size)))
    if kind is ColumnKind.TEXT and size < _SMALLEST:
        size = _SMALLEST
        while canvas.stringWidth(f"{text}…", font, size) > room:
            text = text[:-1]
        text = f"{text}…"
    canvas.setFont(font, size)
    if kind is ColumnKind.TEXT:
        canvas.drawString(left + 1.5 * mm, y, text)
    else:
        canvas.drawRightString(right - 1.5 * mm, y, text)


def _two_lines(title: str, room: float) -> list[str]:
    words = title.split()
    if len(words) < 2 or pdfmetrics.stringWidth(title, _BOLD, 7.5) <= room - 3 * mm:
        return [title]
    cut = min(
        range(1, len(words)),
        key=lambda at: abs(len(" ".join(words[:at])) - len(" ".join(words[at:]))),
    )
    return [" ".join(words[:cut]), " ".join(words[cut:])]


def _write(canvas: Canvas, text: str, x: float, y: float, font: str, size: float) -> None:
    canvas.setFillColor(_INK)
    canvas.setFont(font, size)
    canvas.drawString(x, y, _drawable(text))


def _drawable(text: str) -> str:
    """The font has no narrow space."""
    return text.replace(_NARROW_SPACE, _SPACE)
