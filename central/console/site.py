"""A site's page: its stations, its flow, what it still has to do."""

import datetime as dt

from starlette.responses import Response

from central.console import live
from central.console.board import WATCHERS
from central.console.desk import Desk
from central.console.visit import Visit
from central.errors import Forbidden, NotFound
from central.store import board, lot_counts
from central.store.lot_counts import LotFilter

_LOTS, _RESCANS = 20, 50


def register(desk: Desk) -> None:
    """Add the page."""
    pages = _Pages(desk)
    desk.page("/sites/{site}", pages.one, roles=WATCHERS)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._engine = desk, desk.engine

    def one(self, visit: Visit) -> Response:
        who, now = visit.who, dt.datetime.now(dt.UTC)
        site = str(visit.request.path_params["site"])
        if who.sites and site not in who.sites:
            raise Forbidden("site")
        if "\0" in site or not board.is_site(self._engine, site):
            raise NotFound("site")
        engine = self._engine
        newest = lot_counts.newest(engine, _LOTS, who, LotFilter(site=site))
        arriving = lot_counts.newest(engine, _LOTS, who, LotFilter(site=site, state="arriving"))
        return self._desk.show(
            visit,
            "site.html",
            at=now,
            site=site,
            stations=[live.station(row, now) for row in board.station_states(engine, who, site)],
            plots=live.flow_plots(engine, who, now, site),
            poles=live.poles(engine, who, now, site),
            lots=[live.lot(row) for row in newest],
            arriving=[live.lot(row) for row in arriving],
            rescans=board.rescans_asked(engine, _RESCANS, who, site),
        )
