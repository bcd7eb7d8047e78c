"""Decide when a scanner has finished writing a lot.

A lot has settled once its listing (which files, their sizes and modification times) has stayed
the same for ``quiet_for`` seconds and every file is whole to its end. A file that stays broken
must not wait for ever: after ``broken_after`` seconds of silence the lot is taken as it is, and
reading says what is wrong. Nothing here touches the disk or the clock.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look at a file showed."""

    size: int
    mtime_ns: int
    inode: int


Listing = Mapping[tuple[str, ...], Sighting]


@dataclass(frozen=True, slots=True)
class Watched:
    """A lot's listing and since when it has been the same, in seconds."""

    listing: Listing
    changed_at: float


class Verdict(Enum):
    """Whether a lot may be taken."""

    WRITING = "writing"  # something changed a moment ago
    BROKEN = "broken"  # quiet, but a file lacks its end: it may still come
    GIVEN_UP = "given_up"  # its end has not come for long: take it and say so
    SETTLED = "settled"


def observe(
    watched: Mapping[Name, Watched], seen: Mapping[Name, Listing], now: float
) -> dict[Name, Watched]:
    """Fold one look at a folder into what is already known.

    Lots that have gone are forgotten; those that changed start waiting again, and so does
    everything when ``now`` went back: durations need a clock that does not.
    """
    return {
        name: previous
        if (previous := watched.get(name))
        and previous.listing == listing
        and previous.changed_at <= now
        else Watched(listing, now)
        for name, listing in seen.items()
    }


def is_quiet(watched: Watched, now: float, quiet_for: float) -> bool:
    """Nothing has changed for the quiet time: only now is it worth looking into the files."""
    return now - watched.changed_at >= quiet_for


def judge(
    watched: Watched, *, whole: bool, now: float, quiet_for: float, broken_after: float
) -> Verdict:
    """Decide whether a lot may be taken.

    Args:
        watched: The lot as last observed.
        whole: Every file is whole to its end.
        now: Seconds on the clock of ``watched``.
        quiet_for: Seconds without a change after which a whole lot has settled.
        broken_after: Seconds without a change after which a broken one is given up.
    """
    if not is_quiet(watched, now, quiet_for):
        return Verdict.WRITING
    if whole:
        return Verdict.SETTLED
    return Verdict.GIVEN_UP if is_quiet(watched, now, broken_after) else Verdict.BROKEN
