"""What the QR codes of our own sheets say.

``VGM1;H;key=value;…;CCCCCCCC`` for a lot's header, ``VGM1;D;CCCCCCCC`` for a document
separator; the end is a CRC-32 of what stands before it, so that a misread or a stranger's
code is never taken for ours.
"""

import datetime as dt
import re
import uuid
import zlib

from edge.results import Separator, SeparatorKind
from vaguemestre.model.lot import LotHeader

_VERSION = "VGM1"
_MOST_CHARACTERS = 400
_MOST_COUNTED = 100_000  # documents of a lot, pages of a document
_MOST_URGENT = 100
_YEARS = (2000, 2100)
_SAFE = re.compile(r"[A-Za-z0-9_ -]{0,40}")


def encode_separator() -> str:
    """The text of a document separator's code."""
    return _signed(f"{_VERSION};D")


def encode_header(header: LotHeader) -> str:
    """The text of a header sheet's code.

    Raises:
        ValueError: a value holds other characters than letters, digits, spaces, ``-`` and ``_``.
    """
    values = {
        "p": header.process,
        "f": header.fund,
        "r": header.received_on.isoformat() if header.received_on else "",
        "t": header.expected_type,
        "n": _number(header.expected_documents),
        "e": _number(header.pages_each),
        "u": _number(header.priority or None),
        "o": "1" if header.original_seen else "",
        "a": _rescan(header.rescan_id) if header.rescan_id else "",
    }
    for value in values.values():
        if not _SAFE.fullmatch(value):
            raise ValueError(f"{value!r} cannot be printed on a header sheet")
    for count in (header.expected_documents, header.pages_each):
        _within(str(count or 0), _MOST_COUNTED)
    _within(str(header.priority), _MOST_URGENT)
    if header.received_on is not None:
        _day(header.received_on.isoformat())
    parts = [f"{key}={value}" for key, value in values.items() if value]
    return _signed(";".join([_VERSION, "H", *parts]))


def decode(text: str) -> Separator | None:
    """Read a code's text; None when it is not one of ours, whole and unaltered."""
    body, _, crc = text.rpartition(";")
    if len(text) > _MOST_CHARACTERS or not body.startswith(f"{_VERSION};") or crc != _crc(body):
        return None
    _, kind, *parts = body.split(";")
    if kind == "D" and not parts:
        return Separator(SeparatorKind.DOCUMENT, text)
    if kind != "H":
        return None
    values = dict(part.partition("=")[::2] for part in parts)
    if not all(_SAFE.fullmatch(value) for value in values.values()):
        return None  # whoever makes a CRC is not thereby one of us: nothing is taken on trust
    try:
        header = LotHeader(
            process=values.get("p", ""),
            fund=values.get("f", ""),
            received_on=_day(values["r"]) if "r" in values else None,
            expected_type=values.get("t", ""),
            expected_documents=_within(values["n"], _MOST_COUNTED) if "n" in values else None,
            pages_each=_within(values["e"], _MOST_COUNTED) if "e" in values else None,
            priority=_within(values.get("u", "0"), _MOST_URGENT),
            original_seen="o" in values,
            rescan_id=_rescan(values["a"]) if "a" in values else "",
        )
    except ValueError:
        return None
    return Separator(SeparatorKind.HEADER, text, header)


def _within(text: str, most: int) -> int:
    number = int(text)
    if not 0 <= number <= most:
        raise ValueError(f"{number} is not within 0 and {most}")
    return number


def _rescan(text: str) -> str:
    found = uuid.UUID(text)
    if found.version != 7 or str(found) != text:
        raise ValueError(f"{text!r} is no id of a request")
    return text


def _day(text: str) -> dt.date:
    day = dt.date.fromisoformat(text)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError(f"{day} is no day of receipt")
    return day


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _signed(body: str) -> str:
    return f"{body};{_crc(body)}"


def _crc(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08X}"
