"""A report as text, once for all: what a cell says on the page, in the PDF and in the CSV.

Spreadsheets in French want a decimal comma, no separator of thousands, and the unit in the title.
"""

from central.console.formats import count, duration
from central.domain.reports import Column, Kind, Table, Value

_DASH = "–"
_NO_BREAK = "\u00a0"


def cell(value: Value, kind: Kind) -> str:
    """What people read."""
    if value is None:
        return _DASH
    if isinstance(value, str):
        return value
    match kind:
        case Kind.PERCENT:
            return f"{_comma(value)}{_NO_BREAK}%"
        case Kind.DAYS:
            return f"{_comma(value)}{_NO_BREAK}j"
        case Kind.SECONDS:
            return f"{_comma(value)}{_NO_BREAK}s" if value < 60 else duration(value)
        case _:
            return count(value)


def plain(value: Value, kind: Kind) -> str:
    """What a spreadsheet reads as the same number; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _harmless(value)
    return f"{value:.0f}" if kind is Kind.COUNT else _comma(value)


def titled(column: Column) -> str:
    """A column's title with its unit, for numbers without one."""
    unit = {Kind.PERCENT: "%", Kind.DAYS: "jours ouvrés", Kind.SECONDS: "s"}.get(column.kind)
    return f"{column.title} ({unit})" if unit else column.title


def cells(table: Table, row: tuple[Value, ...]) -> list[str]:
    """A row as people read it."""
    return [cell(value, column.kind) for value, column in zip(row, table.columns, strict=True)]


def _comma(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def _harmless(text: str) -> str:
    """Text that a spreadsheet shows and does not work out."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
