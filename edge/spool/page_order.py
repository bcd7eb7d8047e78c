"""In which order the files of a lot are its pages.

Names decide, read as people count: ``Scan 9`` comes before ``Scan 10``, ``X`` before ``X (2)`` and
``Scan`` before ``Scan 1``, whatever the case, the ending or the spelling of an accent (one code
point or two).

A counter of fixed width that runs over its end (``IMG_9999``, then ``IMG_0001``) puts the first
pages last. There the order of writing decides, but only where it says the same for all the files
concerned: a copy may give them all one time, or the order in which it happened to copy. Where it
does not confirm that the counter ran over, names decide and the files are *unsure*: a person sees
what becomes of them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from edge.spool.rules import normal

_DIGITS = re.compile(r"(\d+)")
_ENDING = re.compile(r"\.[a-z][a-z0-9]{0,7}\Z")
_MOST_LOST = 10  # numbers that may lack where a counter runs over its end

Piece = tuple[int, int, str]
PartKey = tuple[tuple[Piece, ...], str, str]
_Node = tuple[tuple[str, ...], tuple[Piece, ...]]  # the path above, and a name up to a number


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of a lot: its path, and when it was last written, in nanoseconds."""

    parts: tuple[str, ...]
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``order`` has the files' places in page order; ``unsure`` those whose order is in doubt."""

    order: tuple[int, ...]
    unsure: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Wrap:
    """Numbers up to ``low`` come after the others: they count as so much ``more``."""

    low: int
    more: int


@dataclass(frozen=True, slots=True)
class _Name:
    """One part of a path: folded, in pieces, and its ending."""

    folded: str
    texts: tuple[str, ...]  # of the name without its ending, numbers apart
    pieces: tuple[Piece, ...]
    ending: str


def natural(parts: tuple[str, ...]) -> tuple[PartKey, ...]:
    """Sort key of a path by its names alone; different paths have different keys.

    The name without its ending comes first: ``X.jpg`` before ``X (2).jpg``.
    """
    return tuple((name.pieces, name.ending, part) for part in parts for name in (_read(part),))


def arrange(files: Sequence[WrittenFile]) -> Arrangement:
    """Put the files of one lot in page order."""
    wraps: dict[_Node, _Wrap] = {}
    unsure: set[int] = set()
    for node, wrap in _candidates(files).items():
        below = [place for place, file in enumerate(files) if node in dict(_nodes(file.parts))]
        by_name = _sorted(files, below, {})
        by_writing = _sorted(files, below, {node: wrap})
        if _is_written_so(files, by_writing) and not _is_written_so(files, by_name):
            wraps[node] = wrap
        else:
            unsure.update(below)
    return Arrangement(tuple(_sorted(files, range(len(files)), wraps)), frozenset(unsure))


def _sorted(
    files: Sequence[WrittenFile], places: Sequence[int], wraps: Mapping[_Node, _Wrap]
) -> list[int]:
    return sorted(places, key=lambda place: _key_of(files[place].parts, wraps))


def _is_written_so(files: Sequence[WrittenFile], places: Sequence[int]) -> bool:
    return all(files[a].mtime_ns <= files[b].mtime_ns for a, b in pairwise(places))


def _candidates(files: Sequence[WrittenFile]) -> dict[_Node, _Wrap]:
    """Where a counter may have run over its end."""
    numbers: dict[_Node, set[str]] = {}
    for file in files:
        for node, digits in _nodes(file.parts):
            numbers.setdefault(node, set()).add(digits)
    found = {node: _wrap_of(digits) for node, digits in numbers.items() if len(digits) > 1}
    return {node: wrap for node, wrap in found.items() if wrap is not None}


def _wrap_of(numbers: set[str]) -> _Wrap | None:
    """The numbers of one counter, as written, are closer together over its end than without."""
    width = len(next(iter(numbers)))
    if width < 2 or any(len(digits) != width for digits in numbers):
        return None
    values = sorted({int(digits) for digits in numbers})
    over_the_end = values[0] + 10**width - values[-1]
    if over_the_end > min(_MOST_LOST, 10**width // 20):
        return None
    widest, low = max((b - a, a) for a, b in pairwise(values))
    return _Wrap(low, 10**width) if widest > 10**width // 2 else None


def _nodes(parts: tuple[str, ...]) -> Iterator[tuple[_Node, str]]:
    """Each number of a path: where it stands, and its digits."""
    above: tuple[str, ...] = ()
    for part in parts:
        name = _read(part)
        for place, (kind, _, _) in enumerate(name.pieces):
            if kind == 0:
                yield (above, name.pieces[:place]), name.texts[place]
        above = (*above, name.folded)


def _key_of(parts: tuple[str, ...], wraps: Mapping[_Node, _Wrap]) -> tuple[PartKey, ...]:
    if not wraps:
        return natural(parts)
    keys = []
    above: tuple[str, ...] = ()
    for part in parts:
        name = _read(part)
        shifted = list(name.pieces)
        for place, (kind, value, text) in enumerate(name.pieces):
            wrap = wraps.get((above, name.pieces[:place])) if kind == 0 else None
            if wrap is not None and value <= wrap.low:
                shifted[place] = (kind, value + wrap.more, text)
        keys.append((tuple(shifted), name.ending, part))
        above = (*above, name.folded)
    return tuple(keys)


@lru_cache(maxsize=65_536)  # a folder is looked at every few seconds, with the same names
def _read(part: str) -> _Name:
    folded = normal(part)
    ending = _ENDING.search(folded)
    stem = folded[: ending.start()] if ending else folded
    texts = tuple(text for text in _DIGITS.split(stem) if text)
    pieces = tuple((0, int(t), "") if t.isdecimal() else (1, 0, t) for t in texts)
    return _Name(folded, texts, pieces, ending[0] if ending else "")
