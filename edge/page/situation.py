"""How the station is, gathered from the spool for whoever shows it: the page, the terminal."""

import datetime as dt
from dataclasses import dataclass

from edge.config import EdgeConfig
from edge.spool.quota import Usage
from edge.spool.spool import Spool
from edge.spool.values import Hidden, LotView, Rescan, Shown, SourceView, Standing
from vaguemestre.model.lot import Backlog

_NEED = (Shown.INCOMPLETE, Shown.ERROR)
_ORDER = (Shown.INCOMPLETE, Shown.ERROR, Shown.RUNNING, Shown.DONE)


@dataclass(frozen=True, slots=True)
class Situation:
    """One look; lots that want something of the operator come first, then the newest."""

    site: str
    station: str
    now: dt.datetime
    lots: tuple[LotView, ...]
    rescans: tuple[Rescan, ...]
    sources: tuple[SourceView, ...]
    backlog: Backlog
    usage: Usage
    standing: Standing
    rated_pages_per_minute: float
    hidden: Hidden  # lots beyond ``lots``

    @property
    def needing(self) -> int:
        """Lots of ``lots`` that somebody must act on; they come first."""
        return sum(lot.shown in _NEED for lot in self.lots)

    @property
    def lots_to_read(self) -> int:
        """Lots that are claimed and not read yet."""
        return sum(lot.shown is Shown.RUNNING and bool(lot.id) for lot in self.lots)


def gather(config: EdgeConfig, spool: Spool, now: dt.datetime) -> Situation:
    """Look at everything once.

    Raises:
        SpoolCorrupt: the journal is damaged.
    """
    lots = spool.lots_overview()
    return Situation(
        site=config.station.site,
        station=config.station.name,
        now=now,
        lots=tuple(sorted(lots, key=lambda lot: _ORDER.index(lot.shown))),  # stable: newest first
        rescans=tuple(spool.rescans()),
        sources=tuple(spool.sources_overview()),
        backlog=spool.backlog(),
        usage=spool.usage(),
        standing=spool.standing(),
        rated_pages_per_minute=config.station.rated_pages_per_minute,
        hidden=spool.lots_hidden(),
    )
