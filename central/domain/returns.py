"""Why a pôle gives a document back."""

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


@dataclass(frozen=True, slots=True)
class ReturnNote:
    """What a pôle says with a document that it gives back."""

    cause: Cause
    comment: str = ""


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
    return ReturnNote(known, clean[:MAX_COMMENT_CHARACTERS])
