"""Look into a scanner's folder without following any link."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from edge.sources.layouts import MAX_FILES, Entry, Kind
from edge.sources.names import STATUS_FOLDER, is_ignored, lot_to_close
from edge.sources.stability import Sighting

_DEEPEST = 8  # levels below the folder; a tree deeper than that is not a scanner's


def scan(folder: Path, marker: str) -> list[Entry]:
    """List all that may belong to a lot; what vanishes meanwhile is left out.

    Raises:
        OSError: the folder itself cannot be listed; nothing may be concluded then.
    """
    with os.scandir(folder) as names:
        roots = [e for e in names if not (_is_left_out(e.name) or e.name == marker)]
    found: list[Entry] = []
    for root in roots:
        budget = [MAX_FILES + 1]  # of each root, so that one tree stops only itself
        found += _below(root, (), budget)
    return found


def closings(folder: Path) -> list[tuple[Path, str]]:
    """Files that an operator dropped to close a lot, each with the lot's name."""
    found = []
    for place in (folder, folder / STATUS_FOLDER):
        try:
            paths = sorted(place.iterdir())
        except FileNotFoundError:
            continue
        found += [(path, lot) for path in paths if (lot := lot_to_close(path.name))]
    return found


def _is_left_out(name: str) -> bool:
    return is_ignored(name) or lot_to_close(name) is not None


def _below(entry: os.DirEntry[str], above: tuple[str, ...], budget: list[int]) -> Iterator[Entry]:
    parts = (*above, entry.name)
    try:
        seen = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    budget[0] -= 1
    if budget[0] < 0:
        return
    sighting = Sighting(seen.st_size, seen.st_mtime_ns, seen.st_ino)
    if not stat.S_ISDIR(seen.st_mode):
        yield Entry(parts, Kind.FILE if stat.S_ISREG(seen.st_mode) else Kind.OTHER, sighting)
        return
    # A directory's own size and time change with temporary files: only its content counts.
    still = Sighting(0, 0, seen.st_ino)
    if len(parts) > _DEEPEST:
        yield Entry(parts, Kind.DENIED, still)
        return
    try:
        with os.scandir(entry.path) as names:
            inside = [e for e in names if not _is_left_out(e.name)]
    except FileNotFoundError:
        return
    except OSError:
        yield Entry(parts, Kind.DENIED, still)
        return
    yield Entry(parts, Kind.DIRECTORY, still)
    for below in inside:
        yield from _below(below, parts, budget)
