"""Returns folders: a pôle moves a package back, we take the document back for naming.

What lies in a returns folder is a package's directory, or its JSON file alone. Why may be written
in ``retour.json`` inside the directory, or in the JSON file: ``{"cause": "wrong_pole",
"comment": "…"}``. An entry is taken once it has not changed between two looks, so that one still
being copied is not. It is then moved to ``traites``; what is no document of ours to
``a-verifier``, so that nothing is looked at twice and nothing is deleted. One that cannot be read
or moved stops no other.

Which delivery of the document is meant says the directory's name, or ``round`` in the JSON file.
"""

import codecs
import json
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from central.documents.rules import ReturnCause, ReturnNote, Which, read_note, round_of
from central.errors import NotFound
from central.returns.store import ReturnOutcome

_DONE, _ODD = "traites", "a-verifier"
_NOTE = "retour.json"
_MAX_NOTE_BYTES = 1_048_576
_MAX_ENTRIES = 1_000
_UUID_LETTERS = 36

GiveBack = Callable[[uuid.UUID, ReturnNote, Which], ReturnOutcome]
_Look = tuple[tuple[str, int, int], ...]
_CLOSED: _Look = (("", 0, 0),)
"""What a look at an entry shows whose rights keep this account out."""


@dataclass(frozen=True, slots=True)
class ReturnEntry:
    """What became of one entry; ``document_id`` is None when it was not understood.

    ``is_stuck``: this account may not move it away, or, if not ``is_read``, not even look into it;
    then nothing was taken back.
    """

    document_id: uuid.UUID | None
    cause: ReturnCause = ReturnCause.OTHER
    is_stuck: bool = False
    is_read: bool = True


class ReturnsFolder:
    """One destination's returns folder.

    Args:
        folder: Where the pôle puts documents back.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, _Look] = {}
        self._stuck: dict[str, _Look] = {}

    def collect(self, give_back: GiveBack) -> Iterator[ReturnEntry]:
        """Take back what has settled since the last look; tells what was new or odd.

        Args:
            give_back: Records it; raises NotFound when the document never went there.

        Raises:
            OSError: the folder cannot be read or written now.
            StoreUnavailable: the database does not answer; the entry stays.
        """
        entries = self._entries()
        here = {entry.name for entry in entries}
        self._stuck = {name: look for name, look in self._stuck.items() if name in here}
        looks = {entry.name: _look(entry) for entry in entries[:_MAX_ENTRIES]}
        settled = [
            name
            for name, look in looks.items()
            if self._seen.get(name) == look and self._stuck.get(name) != look
        ]
        self._seen = looks
        for name in settled:
            entry = self._folder / name
            if looks[name] == _CLOSED:
                taken: ReturnEntry | None = ReturnEntry(
                    _document_id(entry), is_stuck=True, is_read=False
                )
            else:
                taken = self._take(entry, give_back)
            if taken is None:
                continue
            if taken.is_stuck:
                self._stuck[name] = looks[name]  # told once, until it changes
            yield taken

    def _entries(self) -> list[Path]:
        """What lies there; what is stuck comes last, since a look takes the first ones only."""
        if not self._folder.is_dir():
            return []
        return sorted(
            (
                entry
                for entry in self._folder.iterdir()
                if not entry.name.startswith(".") and entry.name not in (_DONE, _ODD)
            ),
            key=lambda entry: (entry.name in self._stuck, entry.name),
        )

    def _take(self, entry: Path, give_back: GiveBack) -> ReturnEntry | None:
        document_id = _document_id(entry)
        if document_id is None:
            return ReturnEntry(None, is_stuck=not self._move(entry, _ODD))
        why, number = _said(entry)
        try:
            outcome = give_back(document_id, why, Which(number))
        except NotFound:
            outcome = ReturnOutcome.UNCLEAR
        if outcome is ReturnOutcome.UNCLEAR:
            return ReturnEntry(None, is_stuck=not self._move(entry, _ODD))
        if outcome is ReturnOutcome.NOT_YET:
            return None  # we have not heard yet that it arrived: it stays for the next look
        is_stuck = not self._move(entry, _DONE)
        if outcome is ReturnOutcome.TAKEN or is_stuck:
            return ReturnEntry(document_id, why.cause, is_stuck)
        return None

    def _move(self, entry: Path, where: str) -> bool:
        """Move an entry away; False when this account may not."""
        try:
            self._move_to(entry, self._folder / where)
        except OSError:
            return False
        return True

    def _move_to(self, entry: Path, to: Path) -> None:
        to.mkdir(exist_ok=True)
        target, number = to / entry.name, 1
        while target.exists() or target.is_symlink():
            number += 1
            target = to / f"{entry.name}.{number}"
        entry.rename(target)


def _look(entry: Path) -> _Look:
    """What one look shows: names, sizes and times, one level deep.

    Raises:
        OSError: the share does not answer.
    """
    try:
        inside = sorted(entry.iterdir()) if _is_folder(entry) else []
        return tuple(
            (path.name, status.st_size, status.st_mtime_ns)
            for path in (entry, *inside[:_MAX_ENTRIES])
            for status in (path.lstat(),)
        )
    except FileNotFoundError:
        return ()
    except PermissionError:
        return _CLOSED


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_mode(path))


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(_mode(path))


def _mode(path: Path) -> int:
    """Which kind of entry a path is; 0: it is gone."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _document_id(entry: Path) -> uuid.UUID | None:
    """A package is called by its document's id, with the destination and the round behind it."""
    if not (_is_file(entry) or _is_folder(entry)):
        return None
    try:
        return uuid.UUID(entry.name[:_UUID_LETTERS])
    except ValueError:
        return None


def _said(entry: Path) -> tuple[ReturnNote, int | None]:
    """Read why, and which round; a pôle that says nothing, or what we do not know, has its reasons.

    A directory is called by its round; its package may say it too, and a JSON file alone does.
    """
    is_folder = _is_folder(entry)
    told = _read(entry / _NOTE if is_folder else entry)
    why = read_note(told.get("cause"), told.get("comment")) or _without_cause(told)
    number = round_of(told.get("round"))
    if is_folder and number is None:
        number = _round_in(entry.name)
        if number is None:
            inside = _read(entry / f"{entry.name[:_UUID_LETTERS]}.json")
            number = round_of(inside.get("round"))
    return why, number


def _without_cause(told: Mapping[str, object]) -> ReturnNote:
    """Keep the comment although the cause is missing or none of ours."""
    return read_note(ReturnCause.OTHER.value, told.get("comment")) or ReturnNote(ReturnCause.OTHER)


def _round_in(name: str) -> int | None:
    """The round at the end of a package's name: ``<id>-<destination>-<round>``."""
    ending = name[_UUID_LETTERS:].rpartition("-")[2]
    return round_of(int(ending)) if ending.isascii() and ending.isdigit() else None


def _read(path: Path) -> Mapping[str, object]:
    """Read a JSON object; empty when it is none.

    Windows writes UTF-8 with a mark before it, UTF-16, or Latin letters of one byte.
    """
    try:
        if not _is_file(path) or path.stat().st_size > _MAX_NOTE_BYTES:
            return {}
        data = path.read_bytes()
        told = json.loads(_decoded(data))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
