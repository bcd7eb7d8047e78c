"""Text of strangers without what writes over other text or turns it round. Pure."""

import re
import unicodedata

_KEPT = "\n\t"
_SUSPECT = re.compile(r"[^\x20-\x7e\xa1-\xac\xae-\u024f]")
"""All but the letters of our languages: a quick look, then each is judged."""
_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_INSTEAD = "\ufffd"


def without_controls(text: str) -> str:
    """The text with control, direction and private characters shown as unknown ones.

    Line ends and tabs stay.
    """
    return _SUSPECT.sub(_judged, text)


def _judged(found: re.Match[str]) -> str:
    letter = found[0]
    is_out = letter not in _KEPT and unicodedata.category(letter) in _OUT
    return _INSTEAD if is_out else letter


def is_written(text: str) -> bool:
    """Whether a text holds nothing but what people write: letters, spaces of any width, lines."""
    return without_controls(text.replace("\r", "")) == text.replace("\r", "")
