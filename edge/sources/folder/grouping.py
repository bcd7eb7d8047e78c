"""Lots in a folder's listing: what names mean, which entries are one lot, which images one side.

One file is a lot (a multi-page TIFF or PDF, a single image, or something unreadable that
must be answered for all the same). A directory is a lot with all that lies below it. Two trees
of Kodak Capture are known: ``B0001/12345678/1.TIF`` with ``IDX.DAT`` beside the images, and
``BATCHES/BATCH001/00000001/00000001.JPG`` with ``INDEX.DAT`` in the batch; there the batch is
the lot, and it waits for its index. It has colour images as JPEG and bitonal ones as TIFF, under
consecutive numbers. The same alternation also means colour fronts with bitonal backs, and taking
a back for the other image of a front would lose it: a pair is *certain* only when the names or
the index's counts leave no other reading.

Names are handled as Python gives them (undecodable bytes as lone surrogates) and shown as
valid Unicode, accents as one code point each. What lies on the disk keeps its own spelling.
Nothing here touches the disk.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from edge.errors import FileDenied, FolderTooFull, NotRegularFile, ReadingError, TooManyPages
from edge.spool.page_order import WrittenFile, arrange, natural
from edge.spool.rules import ENDINGS, composed, distinct, lot_key

STATUS_FOLDER = "_etat"

_TEMPORARY = (".filepart", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", "~")
_LITTER = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "#recycle", "#snapshot", "@recycle"),
        *("@recently-snapshot", "$recycle.bin", "system volume information", "lost+found"),
        *("network trash folder", "temporary items", STATUS_FOLDER),
    }
)
# What scanners and people's programs write beside images. Anything else may hold pages, and is
# answered for: a letter as ``.html`` or ``.eml``, a ``.dat`` that is no index, a bare name.
_BESIDE_PAGES = (
    *(".xml", ".csv", ".json", ".txt", ".log", ".ini", ".idx", ".xmp", ".url", ".lnk"),
    *(".md5", ".sha1", ".sha256", ".sfv"),
    *(".lck", ".lock", ".ok", ".done", ".rdy", ".sem", ".flg", ".trg"),
)
_CLOSING = (".cloturer", ".cloture")
_STATE_WORDS = re.compile(r" - (EN COURS|INCOMPLET.*|TERMINÉ|ERREUR)$")


def is_ignored(name: str) -> bool:
    """Temporary names, hidden ones, and what Windows, macOS and NAS boxes leave behind.

    A file under a temporary name is seen again, as new, under its final one. Two dots hide
    nothing: nobody's program writes so, and a person's file is to be answered for.
    """
    folded = name.casefold()
    is_hidden = folded.startswith(".") and not folded.startswith("..")
    return is_hidden or folded.startswith("~$") or folded.endswith(_TEMPORARY) or folded in _LITTER


def is_beside_pages(name: str) -> bool:
    """A file's name says that it holds no page: metadata, sums, locks and signals of a scanner."""
    return name.casefold().endswith(_BESIDE_PAGES)


def lot_to_close(name: str) -> str | None:
    """Read the lot's name off a file that an operator dropped to close it; None for others.

    ``LOT12.cloturer`` and, with accents or capitals, ``LOT12.CLÔTURER`` close LOT12; so does the
    status file when only its ending was changed.
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
    ).casefold()
    if not plain.endswith(_CLOSING):
        return None
    stem = composed(name).rpartition(".")[0]
    return _STATE_WORDS.sub("", printable_name(stem).removesuffix(".txt")) or None


def printable_name(name: str) -> str:
    r"""Show a name as valid Unicode: undecodable bytes become ``\xff``, control ones ``�``."""
    text = composed(os.fsencode(name).decode("utf-8", "backslashreplace"))
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)


@dataclass(frozen=True, slots=True)
class FileStat:
    """What one look at a file showed."""

    size: int
    mtime_ns: int
    inode: int


Listing = Mapping[tuple[str, ...], FileStat]


MAX_FILES = 20_000  # of one lot; 10,000 sheets is more than any feeder's day in one batch

# Below one directory of the folder: with what scanners leave there, and many lots in a container.
MAX_ENTRIES = 200_000

_INDEX = re.compile(r"(index|\w{0,8}idx)\.dat", re.IGNORECASE)
_BATCH = re.compile(r"b\d{4,}", re.IGNORECASE)
_DOCUMENT = re.compile(r"\d{8}")
_CONTAINER = "batches"


class EntryKind(Enum):
    """What an entry of a listing is."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"  # link, fifo, device, socket
    DENIED = "denied"  # a directory that the station may not list
    TOO_FULL = "too_full"  # a directory with more below it than is looked at


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """One entry of a folder; ``parts`` is its path below the folder."""

    parts: tuple[str, ...]
    kind: EntryKind
    sighting: FileStat

    @property
    def is_image(self) -> bool:
        """It has the ending of something that is read."""
        return self.parts[-1].lower().endswith(ENDINGS)


@dataclass(frozen=True, slots=True)
class LotCandidate:
    """A lot as it lies in the folder.

    ``files`` are to be read, in page order; ``refused`` can't be, and why.
    """

    parts: tuple[str, ...]
    name: str
    files: tuple[FolderEntry, ...]
    indexes: tuple[FolderEntry, ...] = ()
    refused: tuple[tuple[FolderEntry, type[ReadingError]], ...] = ()
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

    def name_of(self, entry: FolderEntry) -> str:
        """A file's name relative to the lot."""
        below = entry.parts[len(self.parts) :] or entry.parts[-1:]
        return "/".join(printable_name(part) for part in below)


def group_entries(entries: Iterable[FolderEntry], *, always_index: bool) -> list[LotCandidate]:
    """Group a folder's entries into lots, in natural order of their names.

    Args:
        entries: All that was found, directories included, ignored names left out.
        always_index: Every directory lot waits for an index file.
    """
    groups: dict[tuple[str, ...], list[FolderEntry]] = {}
    for entry in entries:
        if root := _root_of(entry):
            groups.setdefault(root, []).append(entry)
    lots: list[LotCandidate] = []
    taken: set[str] = set()
    for root in sorted(groups, key=natural):
        lot = _candidate(root, groups[root], distinct(_name(root), taken), always_index)
        if lot.files or lot.refused:
            lots.append(lot)
            taken.add(lot.name)
    return lots


def directory_lot(name: str, entries: Iterable[FolderEntry]) -> LotCandidate | None:
    """A directory as the lot that it is in a watched folder; None where nothing is to answer for.

    It waits for nothing. An empty directory in it that has the name of a file was meant to be one,
    and is refused.

    Args:
        name: Of the directory.
        entries: All that was found below it, ignored names left out.
    """
    below = list(entries)
    parents = {entry.parts[:-1] for entry in below}
    below = [
        replace(entry, parts=(name, *entry.parts), kind=EntryKind.OTHER)
        if entry.kind is EntryKind.DIRECTORY and entry.is_image and entry.parts not in parents
        else replace(entry, parts=(name, *entry.parts))
        for entry in below
    ]
    itself = FolderEntry((name,), EntryKind.DIRECTORY, FileStat(0, 0, 0))
    lot = _candidate((name,), [itself, *below], printable_name(name), False)
    return lot if lot.files or lot.refused else None


def is_index(entry: FolderEntry) -> bool:
    """It has the name of a Kodak Capture index file."""
    return bool(_INDEX.fullmatch(entry.parts[-1]))


def _root_of(entry: FolderEntry) -> tuple[str, ...]:
    """The lot that an entry belongs to; empty for a container of batches."""
    if entry.parts[0].casefold() != _CONTAINER:
        return entry.parts[:1]
    if len(entry.parts) == 1:
        return () if entry.kind is EntryKind.DIRECTORY else entry.parts
    return entry.parts[:2]


def _name(root: tuple[str, ...]) -> str:
    return "/".join(printable_name(part) for part in root)


def _candidate(
    root: tuple[str, ...], entries: Sequence[FolderEntry], name: str, always_index: bool
) -> LotCandidate:
    for entry in entries:
        if entry.kind is EntryKind.TOO_FULL:
            return LotCandidate(root, name, (), refused=((entry, FolderTooFull),))
    found = [entry for entry in entries if entry.kind is EntryKind.FILE]
    order = arrange([WrittenFile(entry.parts, entry.sighting.mtime_ns) for entry in found]).order
    files = [found[place] for place in order]
    refused: list[tuple[FolderEntry, type[ReadingError]]] = [
        (entry, FileDenied if entry.kind is EntryKind.DENIED else NotRegularFile)
        for entry in entries
        if entry.kind in (EntryKind.OTHER, EntryKind.DENIED)
    ]
    is_directory = entries[0].parts != root or entries[0].kind is EntryKind.DIRECTORY
    if not is_directory:
        return LotCandidate(root, name, tuple(files), refused=tuple(refused))
    indexes = [entry for entry in files if is_index(entry)]
    pages = [entry for entry in files if not is_index(entry)]
    if len(files) > MAX_FILES:
        return LotCandidate(root, name, (), refused=((entries[0], TooManyPages),))
    if not files and not refused and root[-1].lower().endswith(ENDINGS):
        refused.append((entries[0], NotRegularFile))  # an empty directory with a file's name
    return LotCandidate(
        root,
        name,
        tuple(pages),
        tuple(indexes),
        tuple(refused),
        is_kodak=bool(indexes) or always_index or _is_kodak_tree(root, files),
    )


def _is_kodak_tree(root: tuple[str, ...], files: Sequence[FolderEntry]) -> bool:
    in_container = len(root) == 2
    folders = {entry.parts[len(root)] for entry in files if len(entry.parts) == len(root) + 2}
    numbered = bool(folders) and all(_DOCUMENT.fullmatch(folder) for folder in folders)
    return in_container or (bool(_BATCH.fullmatch(root[-1])) and numbered)


_JPEG = (".jpg", ".jpeg")
_TIFF = (".tif", ".tiff")
_A_SHEET = 4  # colour front, bitonal front, colour back, bitonal back


@dataclass(frozen=True, slots=True)
class ImagePair:
    """``colour`` is the image to read; unless ``certain`` the two must be compared first."""

    colour: str
    certain: bool


def pair_images(names: Sequence[str], sheets: int | None) -> Mapping[str, ImagePair]:
    """Find the bitonal images of a folder that show the same side as a colour one.

    Args:
        names: The folder's image files in natural order.
        sheets: Sheets that the index counts in this folder, if it does.

    Returns:
        By the bitonal image's name.
    """
    twins = _by_stem(names)
    rest = [n for n in names if n not in twins and n not in {t.colour for t in twins.values()}]
    shape = "".join(_letter(name) for name in rest)
    if not shape or set(shape) != {"J", "T"}:
        return twins
    every_image = sheets is not None and len(names) == sheets * _A_SHEET
    if sheets is not None and len(names) <= sheets:
        return twins  # one image a sheet: there is nothing to pair
    if len(shape) % 2 == 0 and shape in ("JT" * (len(shape) // 2), "TJ" * (len(shape) // 2)):
        pairs = [(rest[i], rest[i + 1]) for i in range(0, len(rest), 2)]
    elif every_image and shape in ("JJTT" * (len(shape) // 4), "TTJJ" * (len(shape) // 4)):
        pairs = [(rest[i + j], rest[i + j + 2]) for i in range(0, len(rest), 4) for j in (0, 1)]
    else:
        return twins
    for one, other in pairs:
        colour, bitonal = (one, other) if _letter(one) == "J" else (other, one)
        twins[bitonal] = ImagePair(colour, certain=every_image)
    return twins


def paired_entries(
    lot: LotCandidate, sheets: Mapping[tuple[str, ...], int]
) -> Mapping[tuple[str, ...], tuple[FolderEntry, bool]]:
    """The bitonal images of a scanner's tree that show the same side as a colour one.

    Args:
        lot: Any; only one that waits for an index is a scanner's tree.
        sheets: Sheets that the index counts in each folder, if it does.

    Returns:
        By the bitonal image's path, the colour image and whether the pair is certain.
    """
    if not lot.is_kodak:
        return {}
    folders: dict[tuple[str, ...], dict[str, FolderEntry]] = {}
    for entry in lot.files:
        if entry.is_image:
            folders.setdefault(entry.parts[:-1], {})[entry.parts[-1]] = entry
    return {
        images[name].parts: (images[pair.colour], pair.certain)
        for folder, images in folders.items()
        for name, pair in pair_images(list(images), sheets.get(folder)).items()
    }


def _by_stem(names: Sequence[str]) -> dict[str, ImagePair]:
    """One colour and one bitonal image of one name; where there are more, nobody knows which."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if _letter(name) != "-":
            groups.setdefault(lot_key(name), []).append(name)
    twins = {}
    for group in groups.values():
        if sorted(map(_letter, group)) == ["J", "T"]:
            colour, bitonal = sorted(group, key=_letter)
            twins[bitonal] = ImagePair(colour, certain=True)
    return twins


def _letter(name: str) -> str:
    folded = name.lower()
    return "J" if folded.endswith(_JPEG) else "T" if folded.endswith(_TIFF) else "-"
