"""Read Kodak Capture's index files and compare their counts with the images that are there.

One record a line, ``;`` between values, values in double quotes with a quote inside doubled.
The first value tells the record's format (Capture Software user's guide, A-63054):

* ``I01q`` version, document, pages (sheets), images, fields: ``IDX.DAT`` of one document;
* ``I02r`` version, document, first image, last image, fields: all images in one folder;
* ``I04t`` version, document, images, fields: one multi-page file a document;
* ``I05u`` version, document, fields: one folder a document, no image count.

Any encoding is accepted, since only digits matter; a count that can't be read is not.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from edge.sources.folder.grouping import FolderEntry, LotCandidate
from edge.spool.rules import Count, CountResult, Unit

MAX_INDEX_BYTES = 4_000_000
_IMAGES_A_SHEET = 4  # front and back, colour and bitonal
_DIGITS = 10


class IndexUnreadable(ValueError):
    """The index does not follow any known format."""


class Format(Enum):
    """A record's first value."""

    DOCUMENT = "I01q"
    RANGE = "I02r"
    MULTI_PAGE = "I04t"
    FOLDERS = "I05u"


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What an index says of one document."""

    format: Format
    document: int
    sheets: int | None = None
    images: int | None = None


@dataclass(frozen=True, slots=True)
class IndexCount:
    """What a lot's index files announce, beside what is there.

    ``count`` is None when nothing is announced. ``met`` needs every document's own count.
    ``sheets`` gives, by folder, how many sheets the index counts there.
    """

    count: Count | None
    met: bool
    why: str = ""  # French, when it is not met
    images: int | None = None
    verify_after_reading: bool = False
    sheets: Mapping[tuple[str, ...], int] | None = None


def parse_index(data: bytes) -> tuple[IndexRecord, ...]:
    """Read an index file.

    Raises:
        IndexUnreadable: a record has no known format or a count that is no number.
    """
    lines = _decode(data).replace("\0", "").replace("“", '"').replace("”", '"').splitlines()
    try:
        rows = list(csv.reader(lines, delimiter=";", skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise IndexUnreadable(str(error)) from error
    records = tuple(_record([value.strip() for value in row]) for row in rows if any(row))
    if not records:
        raise IndexUnreadable("no record")
    if len({record.format for record in records}) > 1:
        raise IndexUnreadable("records of several formats")
    if len({record.document for record in records}) < len(records):
        raise IndexUnreadable("a document counted twice")
    return records


def compare_with_index(
    lot: LotCandidate, indexes: Mapping[tuple[str, ...], Sequence[IndexRecord] | None]
) -> IndexCount:
    """Compare a lot with its index files.

    Args:
        lot: As it lies in the folder.
        indexes: Each index file's records by its path; None when it can't be read.
    """
    if not lot.is_kodak:
        return IndexCount(None, met=True)
    images = [entry for entry in lot.files if entry.is_image]
    unreadable = [parts for parts, records in indexes.items() if records is None]
    if unreadable:
        name = "/".join(unreadable[0][len(lot.parts) :])
        return IndexCount(None, met=False, why=f"Le bordereau {name!r} est illisible.")
    scopes = {parts[:-1]: records for parts, records in indexes.items() if records}
    uncovered = [e for e in images if not any(_below(e, scope) for scope in scopes)]
    if not scopes or uncovered:
        return IndexCount(None, met=False, why="Le bordereau du scanner n'est pas encore là.")
    return _sum_up(images, scopes)


def _sum_up(
    images: Sequence[FolderEntry], scopes: Mapping[tuple[str, ...], Sequence[IndexRecord]]
) -> IndexCount:
    found = expected = total = 0
    met, verify, counted = True, False, True
    unit = Unit.PAGES
    sheets: dict[tuple[str, ...], int] = {}
    for scope, records in scopes.items():
        here = [entry for entry in images if _below(entry, scope)]
        count = _count(here, scope, records)
        met &= count.result is CountResult.MET and _each_met(here, scope, records)
        _note_sheets(sheets, here, scope, records)
        if any(other != scope and other[: len(scope)] == scope for other in scopes):
            continue  # its documents have indexes of their own, counted with them
        found, expected, unit = found + count.found, expected + count.expected, count.unit
        verify |= records[0].format is Format.MULTI_PAGE
        counted &= records[0].images is not None
        total += sum(record.images or 0 for record in records)
    return IndexCount(
        Count(found, expected, unit),
        met=met,
        why="" if met else "Le nombre d'images ne correspond pas au bordereau du scanner.",
        images=total if counted else None,
        verify_after_reading=verify,
        sheets=sheets,
    )


def _count(
    here: Sequence[FolderEntry], scope: tuple[str, ...], records: Sequence[IndexRecord]
) -> Count:
    match records[0].format:
        case Format.MULTI_PAGE:
            return Count(len(here), len(records), Unit.DOCUMENTS)
        case Format.FOLDERS:
            return Count(len(_folders(here, scope)), len(records), Unit.DOCUMENTS)
        case _:
            return Count(len(here), sum(record.images or 0 for record in records), Unit.PAGES)


def _each_met(
    here: Sequence[FolderEntry], scope: tuple[str, ...], records: Sequence[IndexRecord]
) -> bool:
    """No document makes up for another's missing image."""
    folders = _folders(here, scope)
    numbers = {record.document for record in records}
    if records[0].format is Format.FOLDERS:
        return set(folders) == numbers
    if records[0].format is not Format.DOCUMENT or not folders:
        return True
    return all(folders.get(record.document, 0) == record.images for record in records)


def _folders(here: Sequence[FolderEntry], scope: tuple[str, ...]) -> dict[int, int]:
    """Images in each numbered folder below a scope."""
    found: dict[int, int] = {}
    for entry in here:
        below = entry.parts[len(scope) : -1]
        if below and below[0].isdecimal() and len(below[0]) <= _DIGITS:
            found[int(below[0])] = found.get(int(below[0]), 0) + 1
    return found


def _note_sheets(
    sheets: dict[tuple[str, ...], int],
    here: Sequence[FolderEntry],
    scope: tuple[str, ...],
    records: Sequence[IndexRecord],
) -> None:
    by_number = {record.document: record.sheets for record in records}
    for folder in {entry.parts[:-1] for entry in here}:
        below = folder[len(scope) :]
        if below and below[0].isdecimal() and len(below[0]) <= _DIGITS:
            counted = by_number.get(int(below[0]))
        else:
            counted = records[0].sheets if len(records) == 1 and not below else None
        if counted is not None:
            sheets[folder] = counted


def _below(entry: FolderEntry, scope: tuple[str, ...]) -> bool:
    return entry.parts[: len(scope)] == scope


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _record(values: list[str]) -> IndexRecord:
    try:
        form = Format(values[0])
    except ValueError:
        raise IndexUnreadable(f"unknown record format {values[0][:8]!r}") from None
    numbers = [_number(value) for value in values[2 : 2 + _NUMBERS[form]]]
    if len(numbers) < _NUMBERS[form]:
        raise IndexUnreadable("a record is cut short")
    match form:
        case Format.DOCUMENT:
            document, sheets, images = numbers
            if not sheets <= images <= sheets * _IMAGES_A_SHEET:
                raise IndexUnreadable(f"{images} images on {sheets} sheets")
            return IndexRecord(form, document, sheets, images)
        case Format.RANGE:
            document, first, last = numbers
            if last < first:
                raise IndexUnreadable(f"images {first} to {last}")
            return IndexRecord(form, document, images=last - first + 1)
        case Format.MULTI_PAGE:
            return IndexRecord(form, numbers[0], images=numbers[1])
        case Format.FOLDERS:
            return IndexRecord(form, numbers[0])


_NUMBERS = {Format.DOCUMENT: 3, Format.RANGE: 3, Format.MULTI_PAGE: 2, Format.FOLDERS: 1}


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        raise IndexUnreadable(f"{value[:12]!r} is no count")
    return int(value)
