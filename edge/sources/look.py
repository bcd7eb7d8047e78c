"""Find out about each lot in a folder: is it quiet, whole, and is its count there?

A file is looked into only once its lot is quiet, and again only when it has changed.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from edge import config
from edge.sources import index, listing, outlook, stability
from edge.sources.beside import Beside
from edge.sources.handles import directory_at, read_at
from edge.sources.index import Record
from edge.sources.layouts import Candidate, Entry, recognise
from edge.sources.outlook import Outlook
from edge.sources.stability import Sighting, Watched
from edge.spool.values import Copied

_Parts = tuple[str, ...]


class Look:
    """What is known of a folder from one look to the next.

    Args:
        source: The folder and its times.
        peek: Says whether a file is whole to its end; raises OSError when it can't be read.
    """

    def __init__(self, source: config.Source, peek: Callable[[Path], bool]) -> None:
        self._source = source
        self._peek = peek
        self._watched: dict[_Parts, Watched] = {}
        self._whole: dict[_Parts, tuple[Sighting, bool]] = {}
        self._indexes: dict[_Parts, tuple[Sighting, Sequence[Record] | None]] = {}
        self._beside = Beside(source.folder)
        self.left_alone: list[Entry] = []  # at the last look: what is known to hold no page

    def look(
        self,
        now: float,
        claimed: frozenset[_Parts],
        copied: Mapping[_Parts, Copied] = MappingProxyType({}),
    ) -> list[Outlook]:
        """Look once, at ``now`` in seconds.

        Args:
            now: By any clock that goes forward.
            claimed: Files of open claims, which are ours already.
            copied: Files of which we hold a copy; they are seen again once they have changed.

        Raises:
            OSError: the folder cannot be listed.
        """
        entries, self.left_alone = self._beside.split(
            entry
            for entry in listing.scan(self._source.folder, self._source.marker)
            if entry.parts not in claimed and not _is_copied(entry, copied.get(entry.parts))
        )
        lots = recognise(entries, always_index=self._source.layout == "kodak")
        self._watched = stability.observe(
            self._watched, {lot.parts: lot.listing for lot in lots}, now
        )
        present = {entry.parts for entry in entries}
        self._whole = {parts: seen for parts, seen in self._whole.items() if parts in present}
        self._indexes = {parts: seen for parts, seen in self._indexes.items() if parts in present}
        return [self._outlook(lot, now) for lot in lots]

    def next_change_s(self, now: float) -> float | None:
        """Seconds until a lot that is still changing may have settled; None when none is."""
        quiet_for = self._source.quiet_for_s
        left = [quiet_for - (now - watched.changed_at) for watched in self._watched.values()]
        waiting = [seconds for seconds in left if seconds > 0]
        return min(waiting) if waiting else None

    def _outlook(self, lot: Candidate, now: float) -> Outlook:
        watched = self._watched[lot.parts]
        quiet = stability.is_quiet(watched, now, self._source.quiet_for_s)
        denied: list[Entry] = []
        unfinished: list[Entry] = []
        if quiet:
            for entry in lot.files:
                try:
                    if not self._is_whole(entry):
                        unfinished.append(entry)
                except OSError:
                    denied.append(entry)
        verdict = stability.judge(
            watched,
            whole=not denied and not unfinished,
            now=now,
            quiet_for=self._source.quiet_for_s,
            broken_after=self._source.broken_after_s,
        )
        return outlook.decide(
            lot,
            verdict,
            denied=denied,
            unfinished=unfinished,
            indexes=self._read_indexes(lot) if quiet else None,
        )

    def _is_whole(self, entry: Entry) -> bool:
        known = self._whole.get(entry.parts)
        if known is None or known[0] != entry.sighting:
            *above, name = entry.parts
            # By the directory's handle: one above may have been swapped for a link since.
            with directory_at(self._source.folder, above) as fd:
                whole = self._peek(Path(f"/proc/self/fd/{fd}") / name)
            known = (entry.sighting, whole)
            self._whole[entry.parts] = known
        return known[1]

    def _read_indexes(self, lot: Candidate) -> Mapping[_Parts, Sequence[Record] | None]:
        return {entry.parts: self._read_index(entry) for entry in lot.indexes}

    def _read_index(self, entry: Entry) -> Sequence[Record] | None:
        """An index's records, None when it cannot be read; parsed again when it has changed."""
        known = self._indexes.get(entry.parts)
        if known is None or known[0] != entry.sighting:
            try:
                known = (entry.sighting, self._parsed(entry))
            except OSError:
                return None  # it may be read the next time
            self._indexes[entry.parts] = known
        return known[1]

    def _parsed(self, entry: Entry) -> Sequence[Record] | None:
        if entry.sighting.size > index.MAX_INDEX_BYTES:
            return None
        data = read_at(self._source.folder, entry.parts, index.MAX_INDEX_BYTES)
        try:
            return index.parse(data)
        except index.IndexUnreadable:
            return None


def _is_copied(entry: Entry, copied: Copied | None) -> bool:
    seen = entry.sighting
    return copied is not None and (copied.size, copied.mtime_ns) == (seen.size, seen.mtime_ns)
