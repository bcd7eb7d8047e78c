"""The product as it stands: the one module of these tests that imports it.

When modules move or classes are merged only this file follows. What it gives are the product's
own objects under the names that the tests use; it makes nothing up and hides nothing.
"""

import argparse
import base64
import contextlib
import datetime as dt
import io
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pydantic
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from rich.console import Console
from starlette.routing import Route
from vaguemestre.v1 import document_pb2, fleet_pb2, intake_pb2

import central
import edge
from central import __main__ as central_main
from central import config as central_config
from central.blobs import open_store
from central.console import app, gauges
from central.console.audit_words import ACTIONS
from central.domain import access, lifecycle, returns
from central.errors import CentralError
from central.events import Events as CentralEvents
from central.store import tables
from central.store.engine import open_engine
from edge import __main__ as edge_main
from edge import commands as edge_commands
from edge import config as edge_config
from edge import document as edge_document
from edge.document import Channel, LotResult, SetAside
from edge.errors import EdgeError, FileVanished
from edge.events import Events as EdgeEvents
from edge.page.site import Site
from edge.spool import schema, states, values
from edge.spool.counts import Count, Unit
from edge.spool.outbox import AskedSheet, Blob, RescanAsked
from edge.spool.spool import Spool
from edge.spool.values import Arrival, ArrivingFile, Placement, Shown, Sighted, Stalled
from edge.uplink import messages as uplink
from edge.uplink.session import Identity, Pauses, Session
from tests.support.database import serve

__all__ = [
    "Arrival",
    "ArrivingFile",
    "AskedSheet",
    "Channel",
    "Count",
    "FileVanished",
    "Placement",
    "RescanAsked",
    "SetAside",
    "Shown",
    "Sighted",
    "Spool",
    "Stalled",
    "Unit",
]

Engine = sa.Engine
SIDES: Mapping[str, ModuleType] = {"edge": edge, "central": central}
SETTINGS: Mapping[str, type[pydantic.BaseModel]] = {
    "edge": edge_config.EdgeConfig,
    "central": central_config.CentralConfig,
}
ERRORS: Mapping[str, type[EdgeError] | type[CentralError]] = {
    "edge": EdgeError,
    "central": CentralError,
}
PROGRAMS = {"vaguemestre-edge": edge_main.main, "vaguemestre-central": central_main.main}
WIRE = (document_pb2.DESCRIPTOR, fleet_pb2.DESCRIPTOR, intake_pb2.DESCRIPTOR)
TABLES: sa.MetaData = tables.metadata
AUDIT_ACTIONS: Mapping[str, str] = ACTIONS

WORDS = {
    "a lot's or document's state at the station": states.State,
    "what operators see of a lot": values.Shown,
    "a file of a lot": values.Kind,
    "a document's channel": edge_document.Channel,
    "a page's role": edge_document.Role,
    "a form's layout": edge_document.Layout,
    "a field's check": edge_document.Check,
    "a document's route": edge_document.RouteKind,
    "a separator": edge_document.SeparatorKind,
    "a delivery's state": lifecycle.DeliveryState,
    "a document's state at the centre": lifecycle.DocumentState,
    "a person's role": access.Role,
    "why a document comes back": returns.Cause,
}
"""Enumerations whose values are stored or spoken, by what they are about."""

EVENT_AT = {
    "info": 0,
    "warning": 0,
    "error": 0,
    "tell": 0,
    "report": 0,
    "_report": 0,
    "_trouble": 2,
}
"""Functions that log, and the place of the event's name among their arguments."""


@contextlib.contextmanager
def database(folder: Path) -> Iterator[Engine]:
    """Lend a migrated, empty database whose server lies in ``folder``."""
    with serve(folder) as server, server.migrated() as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The command line of each side."""
    return {"edge": edge_main._parser(), "central": central_main._parser()}


def registries(engine: Engine) -> dict[str, CollectorRegistry]:
    """Each side's metrics.

    Args:
        engine: A migrated database, which the centre's gauges ask.
    """
    central_events = CentralEvents("compat")
    gauges.register(central_events.registry, engine)
    return {"edge": EdgeEvents().registry, "central": central_events.registry}


def journal_of_a_new_station() -> sqlite3.Connection:
    """The tables of a journal that is made now."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.make(connection)
    return connection


def pages_of_the_centre() -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """Method, path and roles of every address of the console; None: open to whoever comes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = _central_settings(Path(folder))
        engine = open_engine(settings.database.url or "")
        made = app.create(settings, engine, open_store(settings.blobs), CentralEvents("compat"))
        routes = cast(Any, made.app).routes
        made.close()
        engine.dispose()
    for route in routes:
        if not isinstance(route, Route):
            yield "GET", f"{route.path}/", None
            continue
        door = getattr(route.endpoint, "__self__", None)
        roles = getattr(door, "_roles", None)
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            yield method, route.path, roles if roles is None else frozenset(map(str, roles))


def _central_settings(folder: Path) -> central_config.CentralConfig:
    key = folder / "key"
    key.write_bytes(base64.b64encode(bytes(32)))
    key.chmod(0o600)
    return central_config.CentralConfig(
        database=central_config.Database(url="postgresql:///nowhere"),
        blobs=central_config.Blobs(url=f"file://{folder}/images"),
        console=central_config.Console(
            listen="127.0.0.1:0", public_url="https://nowhere.invalid", secrets_key_file=key
        ),
        intake=central_config.Intake(
            listen="127.0.0.1:0", ca_file=key, certificate_file=key, key_file=key
        ),
        destinations=(),
        oidc=central_config.Oidc(
            issuer="https://nowhere.invalid",
            client_id="vaguemestre",
            client_secret_file=key,
            roles={"agents": "keyer"},
            sites_claim="*",
            poles_claim="*",
        ),
    )


def pages_of_the_station() -> Iterator[tuple[str, str]]:
    """Method and path of every address of the operators' page."""
    with tempfile.TemporaryDirectory() as folder:
        spool = cast(Spool, None)  # asked by no address before it is called
        site = Site(station_settings(Path(folder)), spool, (), lambda: dt.datetime.now(dt.UTC))
    yield from (("GET", path) for path in (*site._static, *site._pages))
    yield from (("POST", path) for path in site._acts)


def station_settings(folder: Path) -> edge_config.EdgeConfig:
    """Settings of a station whose work directory is ``folder``."""
    return edge_config.EdgeConfig(
        station=edge_config.Station(site="gien", name="poste-1", fund="45", work_dir=folder),
        sources=(edge_config.Source(name="scan", folder=folder.with_name("scan")),),
        uplink=edge_config.Uplink(
            centres=("127.0.0.1:1",), ca_file=folder, certificate_file=folder, key_file=folder
        ),
    )


# --- a station's spool, and what it says to the centre ---


def open_spool(work_dir: Path, clock: Callable[[], dt.datetime]) -> Spool:
    """Open the spool of a work directory as its owner does."""
    limits = edge_config.Spool(min_free_bytes=0, ballast_bytes=0, keep_for_s=3_600)
    return Spool.open(work_dir, limits, clock)


def lot_result(told: str) -> LotResult:
    """What reading made of a lot, from JSON."""
    return pydantic.TypeAdapter(LotResult).validate_json(told)


def status(work_dir: Path) -> str:
    """What ``vaguemestre-edge status --json`` prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        edge_commands.status(station_settings(work_dir), Console(), as_json=True)
    return out.getvalue()


def said_by_the_station(
    spool: Spool, site: str, station: str, versions: dict[str, str]
) -> Iterator[tuple[str, intake_pb2.Up]]:
    """Everything that a spool has to say to the centre, each with a name of its own."""
    identity = Identity(site, station, versions)
    session = Session(spool, identity, Pauses(15, 60, 60), _no_beat, lambda *_, **__: None)
    yield "hello", next(session.messages())
    now_s = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC).timestamp()
    until = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    condition = uplink.Condition(123_456_789, 87.5, until, 120.0)
    beat = uplink.heartbeat(now_s, spool.backlog(), condition, versions)
    yield "heartbeat", intake_pb2.Up(heartbeat=beat)
    for document in spool.documents_to_send(100):
        name = f"{document.lot.name} {document.position}"
        for blob in spool.blobs_to_send(document.id):
            yield from _chunks(f"file {blob.sha256[:8]}", blob)
        yield f"document {name}", intake_pb2.Up(document=uplink.document(document, site, station))
    for document in spool.documents_to_send(1):
        short = uplink.document(document, site, station, max_bytes=1)
        yield "document without its text", intake_pb2.Up(document=short)
    for report in spool.lots_to_send(100):
        yield f"lot {report.lot.name}", intake_pb2.Up(lot=uplink.lot(report, site, station))
    for rescan_id, reason in spool.rescans_impossible():
        yield f"impossible {rescan_id}", uplink.rescan_impossible(rescan_id, reason)


def _no_beat() -> fleet_pb2.Heartbeat:
    raise NotImplementedError


def _chunks(name: str, blob: Blob) -> Iterator[tuple[str, intake_pb2.Up]]:
    """A file in two pieces."""
    data = blob.path.read_bytes()
    for place, piece in ((0, data[:50]), (50, data[50:])):
        yield f"{name} {place}", uplink.chunk(blob.sha256, place, blob.size, piece)
