"""Pair the colour and the bitonal image of one sheet side.

Kodak Capture writes colour as JPEG and bitonal as TIFF, under consecutive numbers. The same
alternation also means colour fronts with bitonal backs, and taking a back for a twin would
lose it: a pair is *certain* only when the names or the index's counts leave no other reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.spool.keys import key_of

_JPEG = (".jpg", ".jpeg")
_TIFF = (".tif", ".tiff")
_A_SHEET = 4  # colour front, bitonal front, colour back, bitonal back


@dataclass(frozen=True, slots=True)
class Twin:
    """``colour`` is the image to read; unless ``certain`` the two must be compared first."""

    colour: str
    certain: bool


def pair(names: Sequence[str], sheets: int | None) -> Mapping[str, Twin]:
    """Find the bitonal images of a folder that show the same side as a colour one.

    Args:
        names: The folder's image files in natural order.
        sheets: Sheets that the index counts in this folder, if it does.

    Returns:
        By the bitonal image's name.
    """
    twins = _by_stem(names)
    rest = [n for n in names if n not in twins and n not in {t.colour for t in twins.values()}]
    shape = "".join(_letter(name) for name in rest)
    if not shape or set(shape) != {"J", "T"}:
        return twins
    every_image = sheets is not None and len(names) == sheets * _A_SHEET
    if sheets is not None and len(names) <= sheets:
        return twins  # one image a sheet: there is nothing to pair
    if len(shape) % 2 == 0 and shape in ("JT" * (len(shape) // 2), "TJ" * (len(shape) // 2)):
        pairs = [(rest[i], rest[i + 1]) for i in range(0, len(rest), 2)]
    elif every_image and shape in ("JJTT" * (len(shape) // 4), "TTJJ" * (len(shape) // 4)):
        pairs = [(rest[i + j], rest[i + j + 2]) for i in range(0, len(rest), 4) for j in (0, 1)]
    else:
        return twins
    for one, other in pairs:
        colour, bitonal = (one, other) if _letter(one) == "J" else (other, one)
        twins[bitonal] = Twin(colour, certain=every_image)
    return twins


def _by_stem(names: Sequence[str]) -> dict[str, Twin]:
    """One colour and one bitonal image of one name; where there are more, nobody knows which."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if _letter(name) != "-":
            groups.setdefault(key_of(name), []).append(name)
    twins = {}
    for group in groups.values():
        if sorted(map(_letter, group)) == ["J", "T"]:
            colour, bitonal = sorted(group, key=_letter)
            twins[bitonal] = Twin(colour, certain=True)
    return twins


def _letter(name: str) -> str:
    folded = name.lower()
    return "J" if folded.endswith(_JPEG) else "T" if folded.endswith(_TIFF) else "-"
