"""Compare what a lot announces with what was found in it.

A header sheet counts documents; an index file counts images. A lot that announces a count is
finished when the count is exactly met: less is a jam, more is two lots in one folder, and both
are for a person.
"""

from dataclasses import dataclass
from enum import StrEnum

from vaguemestre.model.lot import LotHeader


class Verdict(StrEnum):
    """How found and announced compare."""

    MET = "met"
    SHORT = "short"
    OVER = "over"


class Unit(StrEnum):
    """What is counted; the French word that operators read."""

    PAGES = "pages"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Count:
    """A count announced beside the count found."""

    found: int
    expected: int
    unit: Unit

    @property
    def verdict(self) -> Verdict:
        """Met, short or over."""
        if self.found == self.expected:
            return Verdict.MET
        return Verdict.SHORT if self.found < self.expected else Verdict.OVER


def compare(
    header: LotHeader | None,
    *,
    to_verify: int | None,
    known: int | None,
    images: int,
    documents: int,
) -> Count | None:
    """Choose the count that a read lot must meet; None when nothing was announced.

    Args:
        header: The header sheet's announcement, if there was one.
        to_verify: Images that the index announces and that only reading could count.
        known: Images that the index announces, counted before the lot was claimed or not; a
            header that only repeats it asks nothing more.
        images: Images found by reading, twins of sides included.
        documents: Documents made of them.
    """
    if to_verify is not None:
        return Count(images, to_verify, Unit.PAGES)
    if header is None:
        return None
    if header.expected_pages is not None and header.expected_pages != known:
        return Count(images, header.expected_pages, Unit.PAGES)
    if header.expected_documents is not None:
        return Count(documents, header.expected_documents, Unit.DOCUMENTS)
    return None
