"""A lot's four counts and where they disagree.

The scanner announces pages (header sheet or index), the station counts the images that it found,
the centre stores documents, the pôles have received some. Nothing may get lost in between.

People may cut a document in two or join two later: documents that they made hold no page of their
own in these counts, and what they joined arrives with the document that it was joined to.
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
    stored_documents: int  # as the station sent them
    stored_pages: int


@dataclass(frozen=True, slots=True)
class CountStep:
    """One of the four counts of a lot, as a picture shows it.

    ``expected`` is what the step before leads one to expect; None: nothing to compare with, or
    not yet. ``parts`` say what the count is made of.
    """

    name: str
    pages: int | None
    expected: int | None
    parts: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool | None:
        """Whether nothing got lost, or was made up, on the way to this step; None: not known."""
        if self.pages is None or self.expected is None:
            return None
        return self.pages == self.expected


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


def count_steps(
    counts: LotCounts, delivered_pages: int, discarded_pages: int
) -> tuple[CountStep, ...]:
    """The four counts in order, in pages: scanner, station, centre, pôles.

    The centre accounts for the pages of its documents and for those that the station says to keep
    outside of any. What is still on its way is no disagreement.

    Args:
        counts: Of the lot.
        delivered_pages: Of documents that a pôle has, whatever people made of them.
        discarded_pages: Of documents that people gave up.
    """
    loose, stored = counts.loose_pages or 0, counts.stored_pages
    # A file that was set aside may hold any number of pages, so the station cannot tell the sum.
    expected = None if counts.set_aside else counts.found_pages
    waiting = stored - delivered_pages - discarded_pages
    of_station = (_some(counts.set_aside, "mis de côté"),)
    of_centre = (
        f"{stored} dans {counts.stored_documents} document{_s(counts.stored_documents)}",
        _some(loose, "hors document, à la station"),
    )
    of_poles = (
        f"sur {stored} à livrer" if stored else "",
        _some(waiting, "en attente"),
        _some(discarded_pages, "écartée", "écartées"),
    )
    return (
        CountStep("Scanner", counts.announced_pages, None),
        CountStep("Station", counts.found_pages, counts.announced_pages, _told(of_station)),
        CountStep("Centre", stored + loose, expected, _told(of_centre)),
        CountStep(
            "Livré",
            delivered_pages,
            None if waiting else stored - discarded_pages,
            _told(of_poles),
        ),
    )


def _some(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one}" if number else ""


def _told(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def _s(number: int) -> str:
    return "" if number < 2 else "s"
