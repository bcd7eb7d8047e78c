"""Why a pôle gives a document back."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

MAX_COMMENT_CHARACTERS = 500


class Cause(StrEnum):
    """The causes that are counted; anything else is ``other``."""

    WRONG_POLE = "wrong_pole"
    WRONG_TYPE = "wrong_type"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    DUPLICATE = "duplicate"
    WRONG_VALUE = "wrong_value"  # a field says another thing than the paper
    OTHER = "other"


_CUT = " […]"
_MOST_ROUNDS = 32_767


@dataclass(frozen=True, slots=True)
class ReturnNote:
    """What a pôle says with a document that it gives back.

    ``is_cut``: its comment was longer than what is kept, and ends in a sign that says so.
    """

    cause: Cause
    comment: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Which:
    """Which delivery of a document a pôle gives back.

    Applications of the first contract name no ``round``. They mean one that they had when they
    spoke (``said_at``; None: unknown): what was delivered later cannot be what they mean.
    """

    round: int | None = None
    said_at: dt.datetime | None = None


def round_of(told: object) -> int | None:
    """Check the round that a pôle names; None: no round that could be."""
    if isinstance(told, bool) or not isinstance(told, int):
        return None
    return told if 1 <= told <= _MOST_ROUNDS else None


def note(cause: object, comment: object) -> ReturnNote | None:
    """Check what a pôle wrote; None when the cause is none of ours or the comment no text.

    The comment loses control characters (a database's text holds no NUL) and what is too long.
    """
    if not isinstance(cause, str) or not isinstance(comment, str | None):
        return None
    try:
        known = Cause(cause)
    except ValueError:
        return None
    clean = "".join(c if c.isprintable() else " " for c in comment or "").strip()
    is_cut = len(clean) > MAX_COMMENT_CHARACTERS
    if is_cut:
        clean = clean[: MAX_COMMENT_CHARACTERS - len(_CUT)] + _CUT
    return ReturnNote(known, clean, is_cut)
