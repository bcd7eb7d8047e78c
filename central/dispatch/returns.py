"""Returns folders: a pôle moves a package back, we take the document back for naming.

What lies in a returns folder is a package's directory, or its JSON file alone. The cause may
be written in ``retour.json`` inside it: ``{"cause": "wrong_pole"}``. What was taken back is
moved to ``traites``, what cannot be understood to ``a-verifier``, so nothing is looked at twice.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from central.errors import NotFound
from central.store.returns import CAUSES

_DONE, _ODD = "traites", "a-verifier"
_MAX_NOTE_BYTES = 65_536
_DEFAULT_CAUSE = "other"

GiveBack = Callable[[uuid.UUID, str, str], bool]


def collect(folder: Path, destination: str, give_back: GiveBack) -> Iterator[tuple[str, str]]:
    """Take back all that lies in a folder; yields (document id, cause) of what was new.

    Args:
        folder: The destination's returns folder.
        destination: Its name.
        give_back: ``(document_id, destination, cause) -> new?``; raises NotFound.
    """
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in (_DONE, _ODD) or entry.is_symlink():
            continue
        document_id = _document_id(entry.name)
        if document_id is None:
            _move(entry, folder / _ODD)
            continue
        cause = _cause(entry)
        try:
            is_new = give_back(document_id, destination, cause)
        except NotFound:
            _move(entry, folder / _ODD)
            continue
        _move(entry, folder / _DONE)
        if is_new:
            yield str(document_id), cause


def _document_id(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name[:36])
    except ValueError:
        return None


def _cause(entry: Path) -> str:
    note = entry / "retour.json" if entry.is_dir() else entry
    try:
        if note.stat().st_size > _MAX_NOTE_BYTES:
            return _DEFAULT_CAUSE
        cause = json.loads(note.read_text("utf-8")).get("cause")
    except (OSError, ValueError, AttributeError):
        return _DEFAULT_CAUSE
    return cause if cause in CAUSES else _DEFAULT_CAUSE


def _move(entry: Path, to: Path) -> None:
    to.mkdir(exist_ok=True)
    target, number = to / entry.name, 1
    while target.exists():
        number += 1
        target = to / f"{entry.name}.{number}"
    entry.rename(target)
