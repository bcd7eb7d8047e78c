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
        found.append(
            f"le scanner annonce {counts.announced_pages} pages, "
            f"la station en compte {counts.found_pages}"
        )
    placed = (counts.sent_pages or 0) + (counts.loose_pages or 0)
    if not counts.set_aside and counts.found_pages != placed:
        found.append(f"{counts.found_pages} pages comptées, {placed} dans des documents ou à part")
    if counts.sent_documents != counts.stored_documents:
        found.append(
            f"la station envoie {counts.sent_documents} documents, "
            f"le centre en a {counts.stored_documents}"
        )
    elif counts.sent_pages != counts.stored_pages:
        found.append(
            f"la station envoie {counts.sent_pages} pages, le centre en a {counts.stored_pages}"
        )
    return tuple(found)
