"""Sites and their stations: what each last told of itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.incoming import IncomingHeartbeat
from central.store import tables
from central.store.engine import transaction


def connected(engine: sa.Engine, site: str, station: str, versions: Mapping[str, str]) -> None:
    """A station opened its stream.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(insert(tables.sites).values(site=site).on_conflict_do_nothing())
        told = {"versions": dict(versions), "connected_at": sa.func.now()}
        statement = insert(tables.stations).values(site=site, station=station, **told)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["site", "station"], set_=told)
        )


def heartbeat(engine: sa.Engine, site: str, station: str, beat: IncomingHeartbeat) -> None:
    """A station told how it is; ``heartbeat_at`` is the centre's clock, not the station's.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            tables.stations.update()
            .where(tables.stations.c.site == site, tables.stations.c.station == station)
            .values(
                heartbeat_at=sa.func.now(),
                backlog_documents=beat.backlog_documents,
                backlog_bytes=beat.backlog_bytes,
                free_disk_bytes=beat.free_disk_bytes,
                pages_per_minute=beat.pages_per_minute,
                lots_open=beat.lots_open,
                lots_incomplete=beat.lots_incomplete,
                versions=dict(beat.versions),
                certificate_until=beat.certificate_until,
                rated_pages_per_minute=beat.rated_pages_per_minute,
            )
        )


def stations(engine: sa.Engine) -> Sequence[sa.RowMapping]:
    """List every station with what it last told, by site and name.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    order: tuple[sa.Column[Any], ...] = (tables.stations.c.site, tables.stations.c.station)
    with transaction(engine) as connection:
        return connection.execute(sa.select(tables.stations).order_by(*order)).mappings().all()
