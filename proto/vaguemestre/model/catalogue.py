"""What the centre knows of types of documents: where each goes, what is keyed of it and how.

Read from the recognition pack (``models/plan.toml``, ``models/forms/*.toml``); only what people's
work needs is taken, and what else the files say is for the stations.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

NOT_KEYED = frozenset({"signature"})
_MARKS = frozenset({"tick", "signature"})
_ALWAYS_DOUBLE = frozenset({"iban"})


class KeyingMode(StrEnum):
    """How a person treats a field."""

    CONFIRM = "confirm"  # sees what was read, keys what is right
    DOUBLE = "double"  # two people, blind; a third one when they differ
    READ_ONLY = "read_only"  # shown, never keyed


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a type; ``more_boxes_mm`` are the lines of a text after its first."""

    name: str
    kind: str
    required: bool = False
    check: str = ""
    box_mm: tuple[float, float, float, float] | None = None
    may_lie_ahead: bool = False
    mode: KeyingMode = KeyingMode.CONFIRM
    more_boxes_mm: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """One type: its title, its way and its fields, in the order of the form."""

    code: str
    title: str
    pole: str
    destination: str
    process: str
    delay_days: int
    retention: str
    fields: tuple[FieldSpec, ...] = ()
    funds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def for_fund(self, fund: str) -> "TypeEntry":
        """This entry with what differs in a fund."""
        special = self.funds.get(fund, {})
        known = {k: v for k, v in special.items() if k in ("pole", "destination", "delay_days")}
        return replace(self, **known) if known else self

    @property
    def keyed_fields(self) -> tuple[FieldSpec, ...]:
        """What somebody may have to key; signatures are for a pair of eyes at the pôle."""
        return tuple(f for f in self.fields if f.kind not in NOT_KEYED)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All types, by code."""

    version: str
    types: Mapping[str, TypeEntry]

    def of(self, code: str, fund: str = "") -> TypeEntry:
        """A type's entry; one that nobody planned goes as ``unknown``."""
        entry = self.types.get(code)
        if entry is None:
            entry = replace(self.types["unknown"], code=code, title=code)
        return entry.for_fund(fund)

    def changed(self, changes: Iterable[tuple[str, str, Mapping[str, Any]]]) -> "Catalogue":
        """This catalogue with changes of the plan, each (type, fund or empty, what differs)."""
        types = dict(self.types)
        for code, fund, what in changes:
            if code not in types:
                continue
            entry = types[code]
            if fund:
                funds = {**entry.funds, fund: {**entry.funds.get(fund, {}), **what}}
                types[code] = replace(entry, funds=funds)
            else:  # every fund, those with a way of their own too
                funds = {
                    name: {key: value for key, value in special.items() if key not in what}
                    for name, special in entry.funds.items()
                }
                types[code] = replace(entry, **what, funds=funds)
        return replace(self, types=types)


def parse(plan: str, forms: Iterable[str]) -> Catalogue:
    """Read a pack's files.

    Args:
        plan: The text of plan.toml.
        forms: The texts of the form definitions.

    Raises:
        ValueError: a file is not what a pack holds (tomllib's errors are ValueErrors too).
    """
    planned = tomllib.loads(plan)
    known = {form["type"]: form for form in map(tomllib.loads, forms)}
    try:
        types = {
            code: _entry(code, way, known.get(code, {})) for code, way in planned["types"].items()
        }
        catalogue = Catalogue(str(planned["version"]), types)
        catalogue.types["unknown"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"plan.toml: {error}") from error
    return catalogue


def _entry(code: str, way: Mapping[str, Any], form: Mapping[str, Any]) -> TypeEntry:
    keying = way.get("keying", {})
    return TypeEntry(
        code=code,
        title=str(form.get("title", code)),
        pole=way["pole"],
        destination=way["destination"],
        process=way["process"],
        delay_days=int(way["delay_days"]),
        retention=way["retention"],
        fields=tuple(_field(spec, keying) for spec in form.get("fields", ())),
        funds=way.get("funds", {}),
    )


def _field(spec: Mapping[str, Any], keying: Mapping[str, Collection[str]]) -> FieldSpec:
    box = spec.get("box_mm") or _around(spec.get("cells_mm", ()))
    more = () if spec["kind"] in _MARKS else spec.get("boxes_mm", ())
    return FieldSpec(
        name=spec["name"],
        kind=spec["kind"],
        required=bool(spec.get("required", False)),
        check=str(spec.get("check", "")),
        box_mm=(box[0], box[1], box[2], box[3]) if box else None,
        may_lie_ahead=bool(spec.get("may_lie_ahead", False)),
        mode=_mode(spec, keying),
        more_boxes_mm=tuple((b[0], b[1], b[2], b[3]) for b in more),
    )


def _mode(spec: Mapping[str, Any], keying: Mapping[str, Collection[str]]) -> KeyingMode:
    if spec["name"] in keying.get("read_only", ()):
        return KeyingMode.READ_ONLY
    if spec["name"] in keying.get("double", ()) or spec["kind"] in _ALWAYS_DOUBLE:
        return KeyingMode.DOUBLE
    return KeyingMode.CONFIRM


def _around(boxes: Collection[list[float]]) -> list[float] | None:
    """The smallest box around a comb's cells."""
    if not boxes:
        return None
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return [left, top, right - left, bottom - top]
