"""Requests to scan again on one station's stream: which it is told, and which are over.

The station says at its hello which it holds, so that whatever happened while it was away is put
right at once: new ones are told, ended ones are closed.
"""

import uuid
from collections.abc import Collection, Iterator

from central.domain.incoming import IncomingImpossible
from central.events import Events
from central.store import rescans
from central.store.engine import Engine
from vaguemestre.v1 import fleet_pb2, intake_pb2


class Rescans:
    """See the module.

    Args:
        engine: The database.
        site: Of the station.
        station: Its name.
        held: Ids of the requests that it says it holds.
        events: The process's voice.
    """

    def __init__(
        self,
        engine: Engine,
        site: str,
        station: str,
        held: Collection[uuid.UUID],
        events: Events,
    ) -> None:
        self._engine, self._site, self._station = engine, site, station
        self._events = events
        self._held = set(held)
        self._told: set[uuid.UUID] = set()

    def news(self) -> Iterator[intake_pb2.Down]:
        """Requests that it was not told in this stream, then those that it holds and are over.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        wanted = {one.id: one for one in rescans.open_for(self._engine, self._site, self._station)}
        over = self._held - wanted.keys()
        fresh = wanted.keys() - self._told
        if fresh:
            rescans.told(self._engine, fresh)
        for rescan_id in sorted(fresh):
            yield intake_pb2.Down(rescan=_request(wanted[rescan_id]))
            self._events.rescan_told(self._site, str(rescan_id))
        self._told |= fresh
        self._held |= fresh
        for rescan_id in sorted(over):
            yield self._closed(rescan_id)

    def impossible(self, told: IncomingImpossible) -> intake_pb2.Down:
        """Take an operator's word that it cannot be done; a request that is over stays so.

        Raises:
            StoreUnavailable: nothing was written.
        """
        if rescans.impossible(self._engine, self._site, self._station, told.rescan_id, told.reason):
            self._events.rescan_impossible(self._site, str(told.rescan_id))
        return self._closed(told.rescan_id)

    def _closed(self, rescan_id: uuid.UUID) -> intake_pb2.Down:
        self._held.discard(rescan_id)
        closed = fleet_pb2.RescanClosed(rescan_id=str(rescan_id))
        return intake_pb2.Down(rescan_closed=closed)


def _request(one: rescans.Request) -> fleet_pb2.RescanRequest:
    return fleet_pb2.RescanRequest(
        document_id=str(one.document_id),
        lot_name=one.lot_name,
        reason=one.reason,
        rescan_id=str(one.id),
        received_on=one.received_on.isoformat(),
        fund=one.fund,
        document_number=one.number,
        type_title=one.sheet.type_title,
        page=one.sheet.page,
        pages=one.sheet.pages,
        picture=one.sheet.picture,
    )
