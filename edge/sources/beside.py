"""Tell what lies beside pages (metadata, sums, locks of a scanner) from what must be answered for.

Such a file makes no lot and no gap. It stays where it lies: it is the scanner's own, and taking it
would keep what it says of people for as long as images are kept. The name decides, unless the
content begins as an image or a PDF does: that is a page under a wrong name.
"""

from collections.abc import Iterable
from pathlib import Path

from edge.imaging.sniff import sniff
from edge.sources.handles import read_at
from edge.sources.layouts import Entry, Kind
from edge.sources.names import is_beside_pages
from edge.sources.stability import Sighting

_HEAD_BYTES = 1_024


class Beside:
    """Remembers what it looked into from one look to the next.

    Args:
        folder: Where the entries lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, ...], tuple[Sighting, bool]] = {}

    def split(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Return what may belong to a lot, and what is left alone."""
        kept: list[Entry] = []
        left: list[Entry] = []
        known = self._known
        self._known = {}
        for entry in entries:
            if entry.kind is not Kind.FILE or not is_beside_pages(entry.parts[-1]):
                kept.append(entry)
                continue
            sighting, is_page = known.get(entry.parts, (None, False))
            if sighting != entry.sighting:
                is_page = self._begins_as_a_page(entry)
            self._known[entry.parts] = (entry.sighting, is_page)
            (kept if is_page else left).append(entry)
        return kept, left

    def _begins_as_a_page(self, entry: Entry) -> bool:
        try:
            return sniff(read_at(self._folder, entry.parts, _HEAD_BYTES)) is not None
        except OSError:
            return False
