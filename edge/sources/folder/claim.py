"""Describe a settled lot to the spool, and copy its files into our own directory.

A file of ours is never the scanner's: a program that kept it open goes on writing into its own
file, not into ours. The copy shares blocks where the file system can, and is synced and verified.
The scanner's file is let go later (edge/sources/folder/release.py). No link is ever followed, in
the name or above it, and directories stay: the scanner may still write there.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from edge.errors import FileChanged, FileDenied, FileVanished, NotRegularFile, ReadingError
from edge.sources.folder.filesystem import directory_at
from edge.sources.folder.grouping import FolderEntry, LotCandidate, paired_entries
from edge.sources.folder.readiness import LotDecision
from edge.spool.disk import Disk, digest_of, open_regular
from edge.spool.page_order import WrittenFile, arrange
from edge.spool.rules import lot_key
from edge.spool.values import Arrival, ArrivingFile, CopiedFile, FileKind, Placement, StagedFile
from vaguemestre.model.document import Channel

T = TypeVar("T")


def in_place(
    taken: Sequence[tuple[FolderEntry, T]], refused: Sequence[tuple[FolderEntry, T]]
) -> tuple[T, ...]:
    """Put what stands for a file that cannot be taken where its page would have been.

    Args:
        taken: Files in page order, each with what stands for it.
        refused: Files that cannot be taken, in any order; their names say where they belong.
    """
    both = [*taken, *refused]
    written = [WrittenFile(entry.parts, entry.sighting.mtime_ns) for entry, _ in both]
    return tuple(both[place][1] for place in arrange(written).order)


def arrival_of(
    outlook: LotDecision,
    files: tuple[ArrivingFile, ...],
    placement: Placement,
    *,
    source: str,
    channel: Channel,
    fund: str,
    process: str,
    closed: bool,
) -> Arrival:
    """Describe a lot that is ready; see ``Arrival`` for the arguments."""
    lot, announced = outlook.lot, outlook.announced
    return Arrival(
        source=source,
        name=lot.name,
        key=lot_key(lot.name),
        channel=channel,
        fund=fund,
        process=process,
        files=files,
        refused=outlook.set_aside,
        expected_pages=announced.images,
        verify_after_reading=announced.verify_after_reading and announced.met,
        count=announced.count if not announced.met else None,
        closed=closed,
        placement=placement,
    )


def arriving_files(
    outlook: LotDecision, copied: Mapping[tuple[str, ...], CopiedFile]
) -> tuple[ArrivingFile, ...]:
    """A lot's files in page order, its indexes last.

    Args:
        outlook: The lot.
        copied: Files of which an earlier copy is held, by path.
    """
    lot, announced = outlook.lot, outlook.announced
    pairs = paired_entries(lot, announced.sheets or {})
    files = in_place(
        [
            (entry, _arriving(lot, entry, FileKind.PAGES, pairs, copied.get(entry.parts)))
            for entry in outlook.files
        ],
        [
            (entry, replace(_arriving(lot, entry, FileKind.PAGES, {}), code=error.code))
            for entry, error in outlook.refused
            if entry.parts != lot.parts
        ],
    )
    indexes = tuple(_arriving(lot, entry, FileKind.INDEX, {}) for entry in lot.indexes)
    return files + indexes


def _arriving(
    lot: LotCandidate,
    entry: FolderEntry,
    kind: FileKind,
    pairs: Mapping[tuple[str, ...], tuple[FolderEntry, bool]],
    earlier: CopiedFile | None = None,
) -> ArrivingFile:
    colour, is_certain = pairs.get(entry.parts, (None, True))
    return ArrivingFile(
        origin=b"/".join(os.fsencode(part) for part in entry.parts),
        name=lot.name_of(entry),
        size=entry.sighting.size,
        mtime_ns=entry.sighting.mtime_ns,
        inode=entry.sighting.inode,
        kind=kind,
        twin_of=lot.name_of(colour) if colour is not None else None,
        twin_certain=is_certain,
        continues=earlier.sha256 if earlier else None,
    )


def take_file(folder: Path, staged: StagedFile, disk: Disk) -> type[ReadingError] | None:
    """Copy one file to its place in the staging directory; may be repeated after a crash.

    A file that is no longer the one that was sighted is left: it will be a lot of its own.

    Returns:
        Why it could not be taken, or None. The staging directory is still to be synced.

    Raises:
        OSError: something that may pass; nothing is lost and the claim is tried again.
    """
    if staged.staging.exists():  # copied whole before a crash: the name is given last
        return None
    try:
        with (
            parent(folder, staged.file.origin) as (folder_fd, name),
            open_regular(name, folder_fd) as fd,
        ):
            if not is_same(os.fstat(fd), staged.file.size, staged.file.mtime_ns):
                return FileChanged
            disk.copy(fd, staged.staging)
            return None
    except FileNotFoundError:
        return FileVanished
    except (NotADirectoryError, IsADirectoryError):
        return NotRegularFile
    except PermissionError:
        return FileDenied


def has_changed(folder: Path, file: ArrivingFile) -> bool:
    """Whether a file is there with another size or time than was seen; False when it has gone."""
    try:
        with parent(folder, file.origin) as (folder_fd, name):
            seen = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and not is_same(seen, file.size, file.mtime_ns)


def is_still(folder: Path, file: ArrivingFile, sha256: str) -> bool:
    """Whether a file holds these bytes, however its time was set; False when it cannot be read."""
    try:
        with parent(folder, file.origin) as (folder_fd, name), open_regular(name, folder_fd) as fd:
            return digest_of(fd) == (sha256, file.size)
    except OSError:
        return False


def sync_folders(files: Sequence[StagedFile], disk: Disk) -> None:
    """Make the copies of a claim last."""
    disk.sync_dirs({file.staging.parent for file in files})


def is_same(seen: os.stat_result, size: int, mtime_ns: int) -> bool:
    """Network shares invent inode numbers, so size and time must do."""
    return (seen.st_size, seen.st_mtime_ns) == (size, mtime_ns)


@contextmanager
def parent(folder: Path, origin: bytes) -> Iterator[tuple[int, bytes]]:
    """Open the directory that a file lies in, following no link below the folder.

    Yields its descriptor and the file's name in it.

    Raises:
        NotADirectoryError: a link or a file stands where a directory was.
    """
    *above, name = origin.split(b"/")
    with directory_at(folder, above) as fd:
        yield fd, name
