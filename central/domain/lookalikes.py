"""Characters that readers take for each other; who looks for one sees its neighbours at once."""

from collections.abc import Mapping
from types import MappingProxyType

PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "17": ("1", "7"),
        "38": ("3", "8"),
        "56": ("5", "6"),
        "49": ("4", "9"),
        "06": ("0", "6"),
        "0O": ("0", "O"),
        "1I": ("1", "I"),
        "2Z": ("2", "Z"),
        "5S": ("5", "S"),
        "8B": ("8", "B"),
    }
)
"""By name; the first five hide in numbers, the others in codes."""

KINDS = frozenset({"nir", "date", "digits", "amount", "code"})
"""How fields are written in which one character is worth looking for."""


def holds(pair: str, reading: str) -> bool:
    """Whether a reading has either character of a pair.

    Raises:
        KeyError: there is no pair of that name.
    """
    return any(character in reading for character in PAIRS[pair])


def order(readings: Mapping[int, str]) -> list[int]:
    """Readings that look alike side by side: by length, then character by character."""
    return sorted(readings, key=lambda key: (len(readings[key]), readings[key], key))
