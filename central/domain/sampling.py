"""Which straight-through documents people key blind, to measure what the machine misses.

A share of all is drawn by a hash of their ids: no chance, no clock, the same answer whenever it is
asked. Everything is drawn of what nobody has measured yet: a form whose documents have just begun
to go straight through, and a site in its first week. A form that was measured anew keeps its type:
the share of all watches over it.
"""

import hashlib
import uuid
from dataclasses import dataclass
from enum import StrEnum

_DAY_S = 86_400.0
_SALT = b"vaguemestre control"


class ControlCause(StrEnum):
    """Why a document is controlled."""

    SAMPLE = "sample"
    NEW_FORM = "new_form"
    FIRST_WEEKS = "first_weeks"  # of its site


@dataclass(frozen=True, slots=True)
class DrawPolicy:
    """How many are drawn.

    ``most_a_day`` bounds what new forms and new sites bring together. The share of all has no
    bound of its own: one that was full by noon would measure mornings only.
    """

    share: float = 0.01
    new_form_s: float = 14 * _DAY_S
    first_week_s: float = 7 * _DAY_S
    most_a_day: int = 300


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a document's form and site, and of the day.

    ``form_age_s`` counts from the first document of its type that went straight through here,
    ``site_age_s`` from the first word of its site; ``drawn_today`` is without the share of all.
    """

    form_age_s: float
    site_age_s: float
    drawn_today: int


def fraction(document_id: uuid.UUID) -> float:
    """A number in [0, 1) that is a document's own; spread evenly over all documents."""
    digest = hashlib.blake2b(document_id.bytes, digest_size=8, key=_SALT).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


def draw(document_id: uuid.UUID, policy: DrawPolicy, around: Circumstances) -> ControlCause | None:
    """Decide whether a straight-through document is controlled, and why.

    The share of all comes first: it is the same documents whatever else happens, so its error
    rate is that of the whole flow.
    """
    if fraction(document_id) < policy.share:
        return ControlCause.SAMPLE
    if around.drawn_today >= policy.most_a_day:
        return None
    if around.form_age_s < policy.new_form_s:
        return ControlCause.NEW_FORM
    if around.site_age_s < policy.first_week_s:
        return ControlCause.FIRST_WEEKS
    return None
