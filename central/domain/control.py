"""Blind control of what the machine delivered: two opinions, a third when they differ.

The machine is not told from the person while somebody decides between them: both values come
unlabelled, in an order that the document's own hash says.
"""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from central.domain.keying import Entry

_WRITTEN_FREELY = frozenset({"name", "text", "address"})
_FREE_NOISE = re.compile(r"[\s\-.,;:'’/]+")


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a control: how many fields, and who was wrong in how many."""

    fields: int
    machine_wrong: int
    person_wrong: int


@dataclass(frozen=True, slots=True)
class Opinions:
    """Of one field: what the machine delivered and what a person keyed without seeing it."""

    kind: str
    machine: Entry
    person: Entry


def is_same(kind: str, one: Entry, other: Entry) -> bool:
    """Whether two say the same of a field.

    Values of keyed kinds come normalised (ISO dates, digits without spaces). In what is written
    freely, case, accents, hyphens and spaces are spelling, not errors. No value is like another
    only with the same reason.
    """
    if one.value is None or other.value is None:
        return one.value is other.value and one.reason == other.reason
    return comparable(kind, one.value) == comparable(kind, other.value)


def comparable(kind: str, value: str) -> str:
    """A value without what is no difference."""
    if kind not in _WRITTEN_FREELY:
        return "".join(value.split()).upper()
    decomposed = unicodedata.normalize("NFKD", value)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _FREE_NOISE.sub(" ", plain).strip().casefold()


def disputed(opinions: Mapping[int, Opinions]) -> list[int]:
    """The fields, by position, about which machine and person differ."""
    return sorted(p for p, o in opinions.items() if not is_same(o.kind, o.machine, o.person))


def settled(opinions: Mapping[int, Opinions], truths: Mapping[int, Entry]) -> Compared:
    """Count, once every disputed field has its truth.

    A value that the arbiter too cannot read, or finds nowhere, was delivered without ground: the
    machine was wrong.

    Raises:
        KeyError: a disputed field has none.
    """
    differing = disputed(opinions)
    machine = person = 0
    for position in differing:
        one, truth = opinions[position], truths[position]
        machine += not is_same(one.kind, one.machine, truth)
        person += not is_same(one.kind, one.person, truth)
    return Compared(len(opinions), machine, person)


def shown(document_id: uuid.UUID, position: int, one: Opinions) -> tuple[Entry, Entry]:
    """The two in the order in which the arbiter sees them: even odds, nothing to learn from."""
    seed = document_id.bytes + position.to_bytes(4, "big")
    is_swapped = hashlib.blake2b(seed, digest_size=1, key=b"arbiter").digest()[0] & 1
    return (one.person, one.machine) if is_swapped else (one.machine, one.person)
