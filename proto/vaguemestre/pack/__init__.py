"""The recognition pack: forms and plan as one set of frozen values with a version.

In a wheel the pack lies beside this file; in a source tree it is ``models`` at its root.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vaguemestre.model.forms import DefinitionInvalid, FormDefinition, parse_forms
from vaguemestre.model.plan import Plan, parse_plan


@dataclass(frozen=True, slots=True)
class Pack:
    """What pages look like and where types go."""

    forms: Mapping[str, FormDefinition]
    plan: Plan
    versions: Mapping[str, str]  # name to the first 16 digits of a SHA-256


def default_dir() -> Path:
    """Return the folder of the pack that came with the program."""
    here = Path(__file__).parent
    return here if (here / "plan.toml").is_file() else here.parents[2] / "models"


def load(folder: Path) -> Pack:
    """Read and check a pack.

    Raises:
        DefinitionInvalid: something is missing, or does not follow its schema.
    """
    try:
        forms = [
            (path.name, path.read_text("utf-8"))
            for path in sorted((folder / "forms").glob("*.toml"))
        ]
        plan_text = (folder / "plan.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionInvalid(f"{folder}: {error}") from error
    if not forms:
        raise DefinitionInvalid(f"{folder} holds no form")
    definitions = parse_forms(forms)
    return Pack(
        forms=definitions,
        plan=parse_plan(plan_text, definitions),
        versions={
            "forms": _digest("".join(text for _, text in forms)),
            "plan": _digest(plan_text),
        },
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
