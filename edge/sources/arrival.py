"""Describe a settled lot to the spool."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from edge.sources import twins
from edge.sources.layouts import Candidate, Entry
from edge.sources.outlook import Outlook
from edge.sources.twins import Twin
from edge.spool.keys import key_of
from edge.spool.order import Written, arrange
from edge.spool.values import Arrival, ArrivingFile, Copied, Kind, Placement
from vaguemestre.model.document import Channel

T = TypeVar("T")


def in_place(taken: Sequence[tuple[Entry, T]], refused: Sequence[tuple[Entry, T]]) -> tuple[T, ...]:
    """Put what stands for a file that cannot be taken where its page would have been.

    Args:
        taken: Files in page order, each with what stands for it.
        refused: Files that cannot be taken, in any order; their names say where they belong.
    """
    both = [*taken, *refused]
    written = [Written(entry.parts, entry.sighting.mtime_ns) for entry, _ in both]
    return tuple(both[place][1] for place in arrange(written).order)


def arrival_of(
    outlook: Outlook,
    files: tuple[ArrivingFile, ...],
    placement: Placement,
    *,
    source: str,
    channel: Channel,
    fund: str,
    process: str,
    closed: bool,
) -> Arrival:
    """Describe a lot that is ready; see ``Arrival`` for the arguments."""
    lot, announced = outlook.lot, outlook.announced
    return Arrival(
        source=source,
        name=lot.name,
        key=key_of(lot.name),
        channel=channel,
        fund=fund,
        process=process,
        files=files,
        refused=outlook.set_aside,
        expected_pages=announced.images,
        verify_after_reading=announced.verify_after_reading and announced.met,
        count=announced.count if not announced.met else None,
        closed=closed,
        placement=placement,
    )


def arriving_files(
    outlook: Outlook, copied: Mapping[tuple[str, ...], Copied]
) -> tuple[ArrivingFile, ...]:
    """A lot's files in page order, its indexes last.

    Args:
        outlook: The lot.
        copied: Files of which an earlier copy is held, by path.
    """
    lot, announced = outlook.lot, outlook.announced
    pairs = _twins(lot, announced.sheets or {})
    files = in_place(
        [
            (entry, _arriving(lot, entry, Kind.PAGES, pairs, copied.get(entry.parts)))
            for entry in outlook.files
        ],
        [
            (entry, replace(_arriving(lot, entry, Kind.PAGES, {}), code=error.code))
            for entry, error in outlook.refused
            if entry.parts != lot.parts
        ],
    )
    indexes = tuple(_arriving(lot, entry, Kind.INDEX, {}) for entry in lot.indexes)
    return files + indexes


def _arriving(
    lot: Candidate,
    entry: Entry,
    kind: Kind,
    pairs: Mapping[tuple[str, ...], tuple[str, bool]],
    earlier: Copied | None = None,
) -> ArrivingFile:
    twin_of, certain = pairs.get(entry.parts, (None, True))
    return ArrivingFile(
        origin=b"/".join(os.fsencode(part) for part in entry.parts),
        name=lot.name_of(entry),
        size=entry.sighting.size,
        mtime_ns=entry.sighting.mtime_ns,
        inode=entry.sighting.inode,
        kind=kind,
        twin_of=twin_of,
        twin_certain=certain,
        continues=earlier.sha256 if earlier else None,
    )


def _twins(
    lot: Candidate, sheets: Mapping[tuple[str, ...], int]
) -> dict[tuple[str, ...], tuple[str, bool]]:
    """By path, the name of the colour image and whether the pair is certain."""
    if not lot.is_kodak:
        return {}
    folders: dict[tuple[str, ...], dict[str, Entry]] = {}
    for entry in lot.files:
        if entry.is_image:
            folders.setdefault(entry.parts[:-1], {})[entry.parts[-1]] = entry
    found: dict[tuple[str, ...], tuple[str, bool]] = {}
    for folder, images in folders.items():
        pairs: Mapping[str, Twin] = twins.pair(list(images), sheets.get(folder))
        for name, twin in pairs.items():
            colour = lot.name_of(images[twin.colour])
            found[images[name].parts] = (colour, twin.certain)
    return found
