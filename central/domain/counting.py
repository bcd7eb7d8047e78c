"""A lot's four counts and where they disagree.

The scanner announces pages (header sheet or index), the station counts the images that it found,
the centre stores documents, the pôles have received some. Nothing may get lost in between.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LotCounts:
    """Counts of one lot; None: not told, or not yet."""

    announced_pages: int | None  # by the scanner
    found_pages: int | None  # by the station
    sent_documents: int | None
    sent_pages: int | None  # in documents
    loose_pages: int | None  # separators and blanks outside documents
    set_aside: int  # files or pages that could not be read
    stored_documents: int
    stored_pages: int


def disagreements(counts: LotCounts) -> tuple[str, ...]:
    """Say in French where two neighbouring counts differ; only what the station has reported."""
    found = []
    if counts.found_pages is None:
        return ()
    if counts.announced_pages not in (None, counts.found_pages):
        found.append(f"scanner {counts.announced_pages} ≠ station {counts.found_pages} pages")
    placed = (counts.sent_pages or 0) + (counts.loose_pages or 0)
    if not counts.set_aside and counts.found_pages != placed:
        found.append(f"comptées {counts.found_pages} ≠ rangées {placed} pages")
    if counts.sent_documents != counts.stored_documents:
        found.append(
            f"station {counts.sent_documents} ≠ centre {counts.stored_documents} documents"
        )
    elif counts.sent_pages != counts.stored_pages:
        found.append(f"station {counts.sent_pages} ≠ centre {counts.stored_pages} pages")
    return tuple(found)
