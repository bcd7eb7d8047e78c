"""A lot's name as part of a file name that Windows, SMB and Linux all accept."""

from collections.abc import Container

from edge.spool.keys import without_ending

_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
_LONGEST_BYTES = 120  # state and counts follow, and 255 is the most that file systems take


def label_of(name: str) -> str:
    """Make a lot's name fit for a file name; never empty, never hidden."""
    shown = without_ending(name).translate(_FORBIDDEN)
    cleaned = "".join(c if c.isprintable() else "_" for c in shown)
    shortened = cleaned.encode("utf-8", "replace")[:_LONGEST_BYTES].decode("utf-8", "ignore")
    return shortened.strip(" .") or "lot"


def distinct(label: str, taken: Container[str]) -> str:
    """Add a number in brackets when another lot has this label already."""
    number = 1
    candidate = label
    while candidate in taken:
        number += 1
        candidate = f"{label} ({number})"
    return candidate
