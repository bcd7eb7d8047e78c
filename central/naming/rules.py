"""Which types a person is offered on the digit keys when a document must be named."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from vaguemestre.model.plan import Plan

MOST = 9
_NOT_OFFERED = frozenset({"unknown"})
_S_NUMBER = re.compile(r"\bS\s?(\d{4})\b")


def suggest_types(
    plan: Plan,
    *,
    read_as: Sequence[str],
    text: str,
    usual: Iterable[str] = (),
) -> list[str]:
    """Give up to nine types, the likeliest first.

    First what the station took it for, then what its pages name themselves (an S-number, a
    title), then what people here name most often.

    Args:
        plan: All types.
        read_as: The station's type and its runner-up.
        text: What was read on the first page.
        usual: Types by how often they were named lately.
    """
    plain = _fold_text(text)
    numbers = {f"S{n}" for n in _S_NUMBER.findall(text)}
    named = [
        code
        for code, entry in plan.types.items()
        if code in numbers or (len(entry.title) > 3 and _fold_text(entry.title) in plain)
    ]
    found: list[str] = []
    for code in (*read_as, *named, *usual, *plan.types):
        if code in plan.types and code not in _NOT_OFFERED and code not in found:
            found.append(code)
    return found[:MOST]


def _fold_text(text: str) -> str:
    """Small letters without accents, one space between words."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in decomposed if c.isascii())).strip()
