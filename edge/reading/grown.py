"""Tell what is new in a later copy of a file that grew after an earlier copy was taken.

A page is the same when it has the same pixels at the same place. From the first page that differs
on nothing is taken for known: the scanner may have begun another lot under the name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.reading.sides import Gap
from edge.results import PageReading

Pages = Sequence[PageReading | Gap]


@dataclass(frozen=True, slots=True)
class Growth:
    """How a later copy compares with an earlier one.

    Attributes:
        known: Places, counted from 0, of the later copy's pages that the earlier one held.
        is_whole: All that was read of the earlier copy is in the later one.
    """

    known: frozenset[int]
    is_whole: bool


def compare(earlier: Pages, later: Pages) -> Growth:
    """Compare two copies of a file; a page that could not be read in the earlier one is new."""
    known: list[int] = []
    for place, (before, now) in enumerate(zip(earlier, later, strict=False)):
        if isinstance(before, Gap):
            continue
        if isinstance(now, Gap) or not before.pixels or before.pixels != now.pixels:
            break
        known.append(place)
    read = sum(isinstance(page, PageReading) for page in earlier)
    return Growth(frozenset(known), len(known) == read)
