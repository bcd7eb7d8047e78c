"""The recognition pack: forms and plan as one set of frozen values with a version.

In a wheel the pack is ``edge/pack``; in a source tree it is ``models`` beside this package.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.definitions import DefinitionInvalid
from edge.errors import PackInvalid
from edge.plan import Plan
from edge.plan import parse as parse_plan
from edge.reading.forms import FormDefinition, parse_all


@dataclass(frozen=True, slots=True)
class Pack:
    """What pages look like and where types go."""

    forms: Mapping[str, FormDefinition]
    plan: Plan
    versions: Mapping[str, str]  # name to the first 16 digits of a SHA-256


def default_dir() -> Path:
    """Return the folder of the pack that came with the program."""
    here = Path(__file__).parent
    packed = here / "pack"
    return packed if packed.is_dir() else here.parent / "models"


def load(folder: Path) -> Pack:
    """Read and check a pack.

    Raises:
        PackInvalid: something is missing, or does not follow its schema.
    """
    try:
        forms = [
            (path.name, path.read_text("utf-8"))
            for path in sorted((folder / "forms").glob("*.toml"))
        ]
        plan = (folder / "plan.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackInvalid(f"{folder}: {error}") from error
    if not forms:
        raise PackInvalid(f"{folder} holds no form")
    try:
        definitions, planned = parse_all(forms), parse_plan(plan)
    except DefinitionInvalid as error:
        raise PackInvalid(str(error)) from error
    return Pack(
        forms=definitions,
        plan=planned,
        versions={
            "forms": _digest("".join(text for _, text in forms)),
            "plan": _digest(plan),
        },
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
