"""The plan: where each type of document goes, within which delay, and how its fields are keyed.

Read from ``models/plan.toml``, whose head explains the keys; titles and fields of the types come
from the form definitions beside it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

import pydantic
from pydantic import Field

from vaguemestre.model.forms import DefinitionInvalid, FieldKind, FieldSpec, FormDefinition

NOT_KEYED = frozenset({FieldKind.SIGNATURE})
_ALWAYS_DOUBLE = frozenset({FieldKind.IBAN})


class KeyingMode(StrEnum):
    """How a person treats a field."""

    CONFIRM = "confirm"  # sees what was read, keys what is right
    DOUBLE = "double"  # two people, blind; a third one when they differ
    READ_ONLY = "read_only"  # shown, never keyed


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One type of document: its title, its route and its fields, in the order of the form.

    ``delay_days`` are working days from receipt. ``attachments`` are types that join a document
    of this one when they follow it in the lot; without those of ``required_with`` the pôle's file
    is incomplete. ``keying`` has the fields that are not simply confirmed, by name. ``funds`` has
    what differs in a fund, by its number: pôle, destination, delay.
    """

    code: str
    title: str
    pole: str
    destination: str
    process: str
    delay_days: int
    retention: str
    straight: bool = False
    attachments: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    fields: tuple[FieldSpec, ...] = ()
    keying: Mapping[str, KeyingMode] = field(default_factory=dict)
    funds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def for_fund(self, fund: str) -> "DocumentType":
        """The type with what differs in a fund."""
        special = self.funds.get(fund)
        return replace(self, **special) if special else self

    def mode_of(self, spec: FieldSpec) -> KeyingMode:
        """How people treat one of its fields."""
        return self.keying.get(spec.name, KeyingMode.CONFIRM)

    @property
    def keyed_fields(self) -> tuple[FieldSpec, ...]:
        """What somebody may have to key; signatures are for a pair of eyes at the pôle."""
        return tuple(spec for spec in self.fields if spec.kind not in NOT_KEYED)


@dataclass(frozen=True, slots=True)
class Plan:
    """All types, by code; a type read with less than ``type_confidence`` is named by a person."""

    version: str
    type_confidence: float
    types: Mapping[str, DocumentType]

    def of(self, code: str, fund: str = "") -> DocumentType:
        """A type as it goes in a fund; one that the plan does not know goes as ``unknown``."""
        found = self.types.get(code)
        if found is None:
            found = replace(self.types["unknown"], code=code, title=code)
        return found.for_fund(fund)

    def changed(self, changes: Iterable[tuple[str, str, Mapping[str, Any]]]) -> "Plan":
        """This plan with changes, in order.

        Args:
            changes: Each (type, fund or empty for all, what differs); what names a type that the
                plan does not know is passed over.
        """
        types = dict(self.types)
        for code, fund, difference in changes:
            if code not in types:
                continue
            before = types[code]
            if fund:
                funds = {**before.funds, fund: {**before.funds.get(fund, {}), **difference}}
                types[code] = replace(before, funds=funds)
            else:  # every fund, those with a route of their own too
                funds = {
                    name: {key: value for key, value in special.items() if key not in difference}
                    for name, special in before.funds.items()
                }
                types[code] = replace(before, **difference, funds=funds)
        return replace(self, types=types)


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class _Fund(_Frozen):
    pole: str | None = None
    destination: str | None = None
    delay_days: int | None = Field(default=None, ge=0)


class _Keying(_Frozen):
    double: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()


class _Type(_Frozen):
    pole: str
    destination: str = Field(pattern=r"^[A-Z][A-Z_0-9]*$")
    process: Literal["FSP", "DMT", "ETRANGER", "AUTRE"]
    delay_days: int = Field(ge=0)
    retention: str
    straight: bool = False
    attachments: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    keying: _Keying = _Keying()
    funds: Mapping[str, _Fund] = Field(default_factory=dict)


class _File(_Frozen):
    version: str
    type_confidence: float = Field(gt=0, lt=1)
    types: Mapping[str, _Type]


def parse_plan(text: str, forms: Mapping[str, FormDefinition]) -> Plan:
    """Read and check a plan.

    Args:
        text: What plan.toml holds.
        forms: The form definitions, by type; a type may have none.

    Raises:
        DefinitionInvalid: it breaks the schema, or names a type that it does not hold.
    """
    try:
        file = _File.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, pydantic.ValidationError) as error:
        raise DefinitionInvalid(f"plan.toml: {error}") from error
    if "unknown" not in file.types:
        raise DefinitionInvalid("plan.toml: the type unknown is missing")
    for code, entry in file.types.items():
        for other in (*entry.attachments, *entry.required_with):
            if other not in file.types:
                raise DefinitionInvalid(f"plan.toml: {code} names {other}, which has no entry")
    types = {code: _type(code, entry, forms.get(code)) for code, entry in file.types.items()}
    return Plan(file.version, file.type_confidence, types)


def _type(code: str, entry: _Type, form: FormDefinition | None) -> DocumentType:
    fields = form.fields if form is not None else ()
    modes = {spec.name: _mode(spec, entry.keying) for spec in fields}
    return DocumentType(
        code=code,
        title=form.title if form is not None else code,
        pole=entry.pole,
        destination=entry.destination,
        process=entry.process,
        delay_days=entry.delay_days,
        retention=entry.retention,
        straight=entry.straight,
        attachments=entry.attachments,
        required_with=entry.required_with,
        fields=fields,
        keying={name: mode for name, mode in modes.items() if mode is not KeyingMode.CONFIRM},
        funds={fund: it.model_dump(exclude_none=True) for fund, it in entry.funds.items()},
    )


def _mode(spec: FieldSpec, keying: _Keying) -> KeyingMode:
    if spec.name in keying.read_only:
        return KeyingMode.READ_ONLY
    if spec.name in keying.double or spec.kind in _ALWAYS_DOUBLE:
        return KeyingMode.DOUBLE
    return KeyingMode.CONFIRM
