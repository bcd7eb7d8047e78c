"""Recognise lots in a folder's listing.

One file is a lot (a multi-page TIFF or PDF, a single image, or something unreadable that
must be answered for all the same). A directory is a lot with all that lies below it. Two trees
of Kodak Capture are known: ``B0001/12345678/1.TIF`` with ``IDX.DAT`` beside the images, and
``BATCHES/BATCH001/00000001/00000001.JPG`` with ``INDEX.DAT`` in the batch; there the batch is
the lot, and it waits for its index.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from edge.errors import FileDenied, FolderTooFull, NotRegularFile, ReadingError, TooManyPages
from edge.sources.names import clean
from edge.sources.stability import Listing, Sighting
from edge.spool.keys import ENDINGS
from edge.spool.labels import distinct
from edge.spool.order import Written, arrange, natural

MAX_FILES = 20_000  # of one lot; 10,000 sheets is more than any feeder's day in one batch

# Below one directory of the folder: with what scanners leave there, and many lots in a container.
MAX_ENTRIES = 200_000

_INDEX = re.compile(r"(index|\w{0,8}idx)\.dat", re.IGNORECASE)
_BATCH = re.compile(r"b\d{4,}", re.IGNORECASE)
_DOCUMENT = re.compile(r"\d{8}")
_CONTAINER = "batches"


class Kind(Enum):
    """What an entry of a listing is."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"  # link, fifo, device, socket
    DENIED = "denied"  # a directory that the station may not list
    TOO_FULL = "too_full"  # a directory with more below it than is looked at


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder; ``parts`` is its path below the folder."""

    parts: tuple[str, ...]
    kind: Kind
    sighting: Sighting

    @property
    def is_image(self) -> bool:
        """It has the ending of something that is read."""
        return self.parts[-1].lower().endswith(ENDINGS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lot as it lies in the folder.

    ``files`` are to be read, in page order; ``refused`` can't be, and why.
    """

    parts: tuple[str, ...]
    name: str
    files: tuple[Entry, ...]
    indexes: tuple[Entry, ...] = ()
    refused: tuple[tuple[Entry, type[ReadingError]], ...] = ()
    is_kodak: bool = False  # it waits for an index

    @property
    def listing(self) -> Listing:
        """All that must stay the same for the lot to be quiet."""
        entries = (*self.files, *self.indexes, *(entry for entry, _ in self.refused))
        return {entry.parts: entry.sighting for entry in entries}

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(entry.sighting.size for entry in (*self.files, *self.indexes))

    def name_of(self, entry: Entry) -> str:
        """A file's name relative to the lot."""
        below = entry.parts[len(self.parts) :] or entry.parts[-1:]
        return "/".join(clean(part) for part in below)


def recognise(entries: Iterable[Entry], *, always_index: bool) -> list[Candidate]:
    """Group a folder's entries into lots, in natural order of their names.

    Args:
        entries: All that was found, directories included, ignored names left out.
        always_index: Every directory lot waits for an index file.
    """
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        if root := _root_of(entry):
            groups.setdefault(root, []).append(entry)
    lots: list[Candidate] = []
    taken: set[str] = set()
    for root in sorted(groups, key=natural):
        lot = _candidate(root, groups[root], distinct(_name(root), taken), always_index)
        if lot.files or lot.refused:
            lots.append(lot)
            taken.add(lot.name)
    return lots


def is_index(entry: Entry) -> bool:
    """It has the name of a Kodak Capture index file."""
    return bool(_INDEX.fullmatch(entry.parts[-1]))


def _root_of(entry: Entry) -> tuple[str, ...]:
    """The lot that an entry belongs to; empty for a container of batches."""
    if entry.parts[0].casefold() != _CONTAINER:
        return entry.parts[:1]
    if len(entry.parts) == 1:
        return () if entry.kind is Kind.DIRECTORY else entry.parts
    return entry.parts[:2]


def _name(root: tuple[str, ...]) -> str:
    return "/".join(clean(part) for part in root)


def _candidate(
    root: tuple[str, ...], entries: Sequence[Entry], name: str, always_index: bool
) -> Candidate:
    for entry in entries:
        if entry.kind is Kind.TOO_FULL:
            return Candidate(root, name, (), refused=((entry, FolderTooFull),))
    found = [entry for entry in entries if entry.kind is Kind.FILE]
    order = arrange([Written(entry.parts, entry.sighting.mtime_ns) for entry in found]).order
    files = [found[place] for place in order]
    refused: list[tuple[Entry, type[ReadingError]]] = [
        (entry, FileDenied if entry.kind is Kind.DENIED else NotRegularFile)
        for entry in entries
        if entry.kind in (Kind.OTHER, Kind.DENIED)
    ]
    is_directory = entries[0].parts != root or entries[0].kind is Kind.DIRECTORY
    if not is_directory:
        return Candidate(root, name, tuple(files), refused=tuple(refused))
    indexes = [entry for entry in files if is_index(entry)]
    pages = [entry for entry in files if not is_index(entry)]
    if len(files) > MAX_FILES:
        return Candidate(root, name, (), refused=((entries[0], TooManyPages),))
    if not files and not refused and root[-1].lower().endswith(ENDINGS):
        refused.append((entries[0], NotRegularFile))  # an empty directory with a file's name
    return Candidate(
        root,
        name,
        tuple(pages),
        tuple(indexes),
        tuple(refused),
        is_kodak=bool(indexes) or always_index or _is_kodak_tree(root, files),
    )


def _is_kodak_tree(root: tuple[str, ...], files: Sequence[Entry]) -> bool:
    in_container = len(root) == 2
    folders = {entry.parts[len(root)] for entry in files if len(entry.parts) == len(root) + 2}
    numbered = bool(folders) and all(_DOCUMENT.fullmatch(folder) for folder in folders)
    return in_container or (bool(_BATCH.fullmatch(root[-1])) and numbered)
