"""Returns folders: a pôle moves a package back, we take the document back for naming.

What lies in a returns folder is a package's directory, or its JSON file alone. Why may be written
in ``retour.json`` inside the directory, or in the JSON file: ``{"cause": "wrong_pole",
"comment": "…"}``. An entry is taken once it has not changed between two looks, so that one still
being copied is not. It is then moved to ``traites``; what is no document of ours to
``a-verifier``, so that nothing is looked at twice and nothing is deleted.
"""

import json
import stat
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from central.domain.returns import Cause, ReturnNote, note
from central.errors import NotFound
from central.store.returns import Returned

_DONE, _ODD = "traites", "a-verifier"
_NOTE = "retour.json"
_MAX_NOTE_BYTES = 1_048_576
_MAX_ENTRIES = 1_000
_UUID_LETTERS = 36

GiveBack = Callable[[uuid.UUID, ReturnNote], Returned]
_Look = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one entry; ``document_id`` is None when it was not understood."""

    document_id: uuid.UUID | None
    cause: Cause = Cause.OTHER


class ReturnsFolder:
    """One destination's returns folder.

    Args:
        folder: Where the pôle puts documents back.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, _Look] = {}

    def collect(self, give_back: GiveBack) -> Iterator[Taken]:
        """Take back what has settled since the last look; tells what was new or odd.

        Args:
            give_back: Records it; raises NotFound when the document never went there.

        Raises:
            OSError: the folder cannot be read or written now.
            StoreUnavailable: the database does not answer; the entry stays.
        """
        looks = {entry.name: _look(entry) for entry in self._entries()}
        settled = [name for name, look in looks.items() if self._seen.get(name) == look]
        self._seen = looks
        for name in settled:
            taken = self._take(self._folder / name, give_back)
            if taken is not None:
                yield taken

    def _entries(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        found = sorted(
            entry
            for entry in self._folder.iterdir()
            if not entry.name.startswith(".") and entry.name not in (_DONE, _ODD)
        )
        return found[:_MAX_ENTRIES]

    def _take(self, entry: Path, give_back: GiveBack) -> Taken | None:
        document_id = _document_id(entry)
        if document_id is None:
            self._move(entry, _ODD)
            return Taken(None)
        why = _note(entry)
        try:
            outcome = give_back(document_id, why)
        except NotFound:
            self._move(entry, _ODD)
            return Taken(None)
        if outcome is Returned.NOT_YET:
            return None  # we have not heard yet that it arrived: it stays for the next look
        self._move(entry, _DONE)
        return Taken(document_id, why.cause) if outcome is Returned.TAKEN else None

    def _move(self, entry: Path, where: str) -> None:
        to = self._folder / where
        to.mkdir(exist_ok=True)
        target, number = to / entry.name, 1
        while target.exists() or target.is_symlink():
            number += 1
            target = to / f"{entry.name}.{number}"
        entry.rename(target)


def _look(entry: Path) -> _Look:
    """What one look shows: names, sizes and times, one level deep."""
    try:
        inside = sorted(entry.iterdir()) if _is_folder(entry) else []
        return tuple(
            (path.name, status.st_size, status.st_mtime_ns)
            for path in (entry, *inside[:_MAX_ENTRIES])
            for status in (path.lstat(),)
        )
    except FileNotFoundError:
        return ()


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _document_id(entry: Path) -> uuid.UUID | None:
    """A package is called by its document's id, with the destination and the round behind it."""
    if not (_is_file(entry) or _is_folder(entry)):
        return None
    try:
        return uuid.UUID(entry.name[:_UUID_LETTERS])
    except ValueError:
        return None


def _note(entry: Path) -> ReturnNote:
    """Read why; a pôle that says nothing, or what we do not know, has its own reasons."""
    path = entry / _NOTE if _is_folder(entry) else entry
    try:
        if _is_file(path) and path.stat().st_size <= _MAX_NOTE_BYTES:
            told = json.loads(path.read_text("utf-8"))
            if found := note(told.get("cause"), told.get("comment")):
                return found
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    return ReturnNote(Cause.OTHER)
