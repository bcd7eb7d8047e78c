"""What a document tells a pôle, told apart from what it told before: parts by name, each a digest.

Two packages with the same content say the same, whichever version of the program made them. A
part's digest is short and salted with the document's id: it tells that a part has changed, and
takes the place of the value itself, which is kept only once.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from central.domain.document import Change, DeliverableDocument

_LETTERS = 12  # of a part's digest in hex
_FIELD = "fields."
_NO_CONTENT = frozenset({"priority"})
"""How soon it is handed over changes nothing of what is: an application that has it has it."""
_OF_THE_PLAN = frozenset({"pole", "destination", "due_on", "process", "retention"})


def parts_of(document: DeliverableDocument, destination: str) -> dict[str, str]:
    """Digest what a package tells, by part: ``type``, ``pages``, ``fields.nir``, ..."""
    told: dict[str, list[Any]] = {"destination": [destination], "pages": []}
    for one in dataclasses.fields(document):
        if one.name not in ("id", "pages", "fields", *_NO_CONTENT):
            told[one.name] = [getattr(document, one.name)]
    told["pages"] += [dataclasses.astuple(page) for page in document.pages]
    for field in document.fields:
        told.setdefault(_FIELD + field.name, []).append(dataclasses.astuple(field))
    return {name: _digest(str(document.id), name, told[name])[:_LETTERS] for name in sorted(told)}


def digest_of(document: DeliverableDocument, destination: str) -> bytes:
    """Digest all that a package tells but its urgency: 32 bytes."""
    told = dataclasses.asdict(document)
    whole = [destination, {name: told[name] for name in told if name not in _NO_CONTENT}]
    return bytes.fromhex(_digest(str(document.id), "", whole))


def changes(
    before: Mapping[str, str], after: Mapping[str, str], document: DeliverableDocument
) -> tuple[Change, ...]:
    """Tell which parts differ, and who made each what it is: ``person``, ``machine``, ``plan``."""
    names = sorted({n for n in {*before, *after} if before.get(n) != after.get(n)})
    sources = {_FIELD + field.name: field.source for field in document.fields}
    return tuple(Change(name, sources.get(name) or _by(name, names)) for name in names)


def _by(name: str, changed: Sequence[str]) -> str:
    """A change of the plan alters the way and leaves the type; else a person was at it."""
    return "plan" if name in _OF_THE_PLAN and "type" not in changed else "person"


def _digest(salt: str, name: str, value: object) -> str:
    text = json.dumps([salt, name, value], ensure_ascii=False, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)  # ids, dates
