"""The plan: where each type goes, within which delay, and what may come with it.

Read from ``models/plan.toml``, whose head explains the keys.
"""

import tomllib
from collections.abc import Mapping
from typing import Literal

import pydantic
from pydantic import Field

from vaguemestre.model.definitions import DefinitionInvalid


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class _ForFund(_Frozen):
    pole: str | None = None
    destination: str | None = None
    delay_days: int | None = Field(default=None, ge=0)


class _Keying(_Frozen):
    """How people key fields at the centre; nothing to a station."""

    double: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()


class TypePlan(_Frozen):
    """Where one type goes."""

    pole: str
    destination: str = Field(pattern=r"^[A-Z][A-Z_0-9]*$")
    process: Literal["FSP", "DMT", "ETRANGER", "AUTRE"]
    delay_days: int = Field(ge=0)
    retention: str
    straight: bool = False
    attachments: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    keying: _Keying = _Keying()
    funds: Mapping[str, _ForFund] = Field(default_factory=dict)


class Plan(_Frozen):
    """The whole plan."""

    version: str
    type_confidence: float = Field(gt=0, lt=1)
    types: Mapping[str, TypePlan]

    def of(self, document_type: str, fund: str) -> TypePlan:
        """Where a type goes in a fund; a type that the plan does not know goes as ``unknown``."""
        found = self.types.get(document_type, self.types["unknown"])
        special = found.funds.get(fund)
        if special is None:
            return found
        return found.model_copy(update=special.model_dump(exclude_none=True))


def parse(text: str) -> Plan:
    """Read and check a plan.

    Raises:
        DefinitionInvalid: it breaks the schema, or names a type that it does not hold.
    """
    try:
        plan = Plan.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, pydantic.ValidationError) as error:
        raise DefinitionInvalid(f"plan.toml: {error}") from error
    if "unknown" not in plan.types:
        raise DefinitionInvalid("plan.toml: the type unknown is missing")
    for name, entry in plan.types.items():
        for other in (*entry.attachments, *entry.required_with):
            if other not in plan.types:
                raise DefinitionInvalid(f"plan.toml: {name} names {other}, which has no entry")
    return plan
