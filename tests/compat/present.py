"""The product as it stands: the one module of these tests that imports it.

When modules move or classes are merged only this file follows. What it gives are the product's
own objects under the names that the tests use; it makes nothing up and hides nothing.
"""

import argparse
import base64
import contextlib
import dataclasses
import datetime as dt
import io
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pydantic
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from rich.console import Console
from starlette.routing import Route

import central
import edge
from central import cli as central_cli
from central import config as central_config
from central import webapp
from central.accounts import rules as accounts_rules
from central.blobs import open_store
from central.db import tables
from central.db.engine import open_engine
from central.delivery import package as packages
from central.delivery import rules as delivery_rules
from central.delivery import store as delivery_store
from central.delivery.content import FORMAT, FORMER
from central.delivery.rules import Change, Delivery, Superseded
from central.delivery.targets.folder import FolderTarget
from central.documents import rules as documents_rules
from central.errors import CentralError
from central.intake import messages as centre_messages
from central.intake.stream import IntakeStores, StationStream
from central.monitoring import metrics
from central.rendering.binding import Binder
from central.returns.folder import ReturnsFolder
from central.returns.store import ReturnOutcome
from central.telemetry import Telemetry as CentralEvents
from central.web.labels import ACTIONS
from edge import config as edge_config
from edge import results
from edge.cli import main as edge_cli
from edge.cli import report
from edge.cli import status as edge_status
from edge.errors import EdgeError, FileVanished
from edge.results import LotResult
from edge.spool import rules as spool_rules
from edge.spool import schema, values
from edge.spool.rules import Count, Unit
from edge.spool.spool import Spool
from edge.spool.values import (
    Arrival,
    ArrivingFile,
    Blob,
    OperatorState,
    Placement,
    SeenLot,
    StalledPart,
)
from edge.telemetry import Telemetry as EdgeEvents
from edge.uplink import messages as uplink
from edge.uplink.session import Identity, RetryTimes, UplinkSession, record_of
from edge.web.routes import Routes
from tests.support.database import TestServer, serve
from vaguemestre.model import document as edge_document
from vaguemestre.model.document import Channel, DeliveryField
from vaguemestre.model.lot import (
    AskedSheet,
    Heartbeat,
    RescanImpossible,
    RescanRequest,
    SetAside,
    StationCondition,
)
from vaguemestre.v1 import document_pb2, fleet_pb2, intake_pb2

__all__ = [
    "Arrival",
    "ArrivingFile",
    "AskedSheet",
    "Channel",
    "Count",
    "Delivery",
    "FileVanished",
    "OperatorState",
    "Placement",
    "RescanRequest",
    "SeenLot",
    "SetAside",
    "Spool",
    "StalledPart",
    "TestServer",
    "Unit",
    "serve",
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
PROGRAMS = {"vaguemestre-edge": edge_cli.main, "vaguemestre-central": central_cli.main}
WIRE = (document_pb2.DESCRIPTOR, fleet_pb2.DESCRIPTOR, intake_pb2.DESCRIPTOR)
TABLES: sa.MetaData = tables.metadata
AUDIT_ACTIONS: Mapping[str, str] = ACTIONS

WORDS = {
    "a lot's or document's state at the station": spool_rules.SpoolState,
    "what operators see of a lot": values.OperatorState,
    "a file of a lot": values.FileKind,
    "a document's channel": edge_document.Channel,
    "a page's role": edge_document.PageRole,
    "a form's layout": edge_document.Layout,
    "a field's check": edge_document.Check,
    "a document's route": edge_document.RouteKind,
    "a separator": results.SeparatorKind,
    "a delivery's state": documents_rules.DeliveryState,
    "a document's state at the centre": documents_rules.DocumentState,
    "a person's role": accounts_rules.Role,
    "why a document comes back": documents_rules.ReturnCause,
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
def database(server: TestServer) -> Iterator[Engine]:
    """Lend a migrated, empty database of a server."""
    with server.migrated() as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The command line of each side."""
    return {"edge": edge_cli.build_parser(), "central": central_cli._parser()}


def registries(engine: Engine) -> dict[str, CollectorRegistry]:
    """Each side's metrics.

    Args:
        engine: A migrated database, which the centre's gauges ask.
    """
    central_events = CentralEvents("compat")
    metrics.register(central_events.registry, engine)
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
        made = webapp.create(settings, engine, open_store(settings.blobs), CentralEvents("compat"))
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
        site = Routes(station_settings(Path(folder)), spool, (), lambda: dt.datetime.now(dt.UTC))
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
        edge_status.status(station_settings(work_dir), Console(), as_json=True)
    return out.getvalue()


def said_by_the_station(
    spool: Spool, site: str, station: str, versions: dict[str, str]
) -> Iterator[tuple[str, intake_pb2.Up]]:
    """Everything that a spool has to say to the centre, each with a name of its own."""
    identity = Identity(site, station, versions)
    session = UplinkSession(
        spool.outbox,
        spool.rescans,
        identity,
        RetryTimes(15, 60, 60),
        _no_beat,
        lambda *_, **__: None,
    )
    yield "hello", next(session.messages())
    now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    until = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    condition = StationCondition(123_456_789, 87.5, until, 120.0)
    beat = Heartbeat(now, spool.outbox.backlog(), condition, versions)
    yield "heartbeat", intake_pb2.Up(heartbeat=uplink.heartbeat(beat))
    for document in spool.outbox.documents_to_send(100):
        name = f"{document.lot.name} {document.position}"
        for blob in spool.outbox.blobs_to_send(document.id):
            yield from _chunks(f"file {blob.sha256[:8]}", blob)
        record = record_of(document, identity)
        yield f"document {name}", intake_pb2.Up(document=uplink.document(record))
    for document in spool.outbox.documents_to_send(1):
        short = uplink.document(record_of(document, identity), max_bytes=1)
        yield "document without its text", intake_pb2.Up(document=short)
    for counted in spool.outbox.lots_to_send(100):
        signed = dataclasses.replace(counted, site=site, station=station)
        yield f"lot {counted.lot.name}", intake_pb2.Up(lot=uplink.lot(signed))
    for rescan_id, reason in spool.rescans.impossible_requests():
        told = uplink.rescan_impossible(RescanImpossible(rescan_id, reason))
        yield f"impossible {rescan_id}", intake_pb2.Up(rescan_impossible=told)


def _no_beat() -> Heartbeat:
    raise NotImplementedError


def _chunks(name: str, blob: Blob) -> Iterator[tuple[str, intake_pb2.Up]]:
    """A file in two pieces."""
    data = blob.path.read_bytes()
    for place, piece in ((0, data[:50]), (50, data[50:])):
        yield f"{name} {place}", uplink.chunk(blob.sha256, place, blob.size, piece)


# --- the centre takes in, hands over and takes back ---


class CentreStream:
    """The centre's end of a stream, given and giving bytes' messages."""

    def __init__(self, stream: StationStream) -> None:
        self._stream = stream

    def open_with(self, hello: bytes) -> Iterator[tuple[str, intake_pb2.Down]]:
        """Its welcome, without the program's own version."""
        welcome = self._stream.open(intake_pb2.Up.FromString(hello))
        welcome.welcome.versions["program"] = "any"
        yield "hello", welcome

    def take(self, up: bytes) -> Iterator[intake_pb2.Down]:
        """Its answers to a message."""
        yield from self._stream.take(intake_pb2.Up.FromString(up))


def stream(engine: Engine, folder: Path, site: str) -> CentreStream:
    """Open the centre's end of a stream of a site's certificate; images go below ``folder``."""
    settings = _central_settings(folder)
    stores = IntakeStores(engine, open_store(settings.blobs))
    return CentreStream(StationStream(site, stores, settings.intake, CentralEvents("compat")))


def written_again(message: bytes, *, up: bool) -> bytes:
    """Read a message of the wire, and write it."""
    kind = intake_pb2.Up if up else intake_pb2.Down
    return kind.FromString(message).SerializeToString(deterministic=True)


def chunk(sha256: str, data: bytes) -> bytes:
    """A whole file in one message."""
    return uplink.chunk(sha256, 0, len(data), data).SerializeToString()


def rescan_request() -> intake_pb2.Down:
    """How the centre asks for a document to be scanned again."""
    document = "0197a000-0000-7000-8000-000000000009"
    asked = "0197a000-0000-7000-8000-0000c0ffee00"
    sheet = AskedSheet(2, "Feuille de soins", 1, 3, b"\xff\xd8\xff picture")
    day = dt.date(2026, 2, 27)
    request = RescanRequest(document, "ancien", "Page floue.", asked, day, "45", sheet)
    return intake_pb2.Down(rescan=centre_messages.rescan(request))


def asked_of_the_station(spool: Spool, down: bytes) -> None:
    """Let a station take a request to scan again."""
    spool.rescans.record_request(uplink.rescan(intake_pb2.Down.FromString(down).rescan))


def claims(engine: Engine) -> Iterator[Delivery]:
    """Claim all that waits for the pôle of these tests."""
    while one := delivery_store.claim_next(engine, "compat", ("FRAIS_DE_SANTE",), 60.0):
        yield one


def second_round(one: Delivery, fields: Sequence[Mapping[str, Any]]) -> Delivery:
    """The same document again, with other fields, after its pôle gave it back."""
    usual = {"confidence": 0.5, "accepted": False, "page": 0}
    key = one.claim.idempotency_key
    changes = (Change("fields.nir", "person"), Change("due_on", "plan"))
    return dataclasses.replace(
        one,
        claim=dataclasses.replace(one.claim, round=2, idempotency_key=f"{key[:-1]}2"),
        document=dataclasses.replace(
            one.document, fields=tuple(DeliveryField(**{**usual, **field}) for field in fields)
        ),
        supersedes=Superseded(1, key, "wrong_value", changes),
    )


def package(
    one: Delivery, files: Mapping[str, bytes], folder: Path, logical: Collection[str], form: str
) -> Iterator[tuple[str, bytes]]:
    """Ending and bytes of each file of a package."""
    with _built(one, files, folder, logical, form) as built:
        for name, part in built.files.items():
            yield name.rpartition(".")[2], part.read()


def delivered(one: Delivery, files: Mapping[str, bytes], folder: Path, pole: Path) -> None:
    """Deliver into an application's folder."""
    with _built(one, files, folder, (), "2") as built:
        FolderTarget(pole, "", None).deliver(built)


@contextlib.contextmanager
def _built(
    one: Delivery, files: Mapping[str, bytes], folder: Path, logical: Collection[str], form: str
) -> Iterator[packages.Package]:
    held = {page.sha256: files[page.file] for page in one.document.pages}

    def open_source(sha256: bytes) -> io.BytesIO:
        return io.BytesIO(held[sha256])

    with (
        contextlib.closing(Binder(at_once=1)) as binder,
        packages.built(
            one,
            open_source,
            binder,
            folder,
            logical=logical,
            form={"1": FORMER, "2": FORMAT}[form],
        ) as built,
    ):
        yield built


def stands_for(one: Delivery) -> dict[str, Any]:
    """What an idempotency key stands for: the digest of all that is told, and of each part."""
    parts = delivery_rules.parts_of(one.document, one.claim.destination)
    whole = delivery_rules.digest_of(one.document, one.claim.destination)
    return {"content_sha256": whole.hex(), "parts": parts}


def given_back(folder: Path) -> list[dict[str, Any]]:
    """What the centre understands of a returns folder, which it clears."""
    said: list[dict[str, Any]] = []

    def give_back(
        document_id: uuid.UUID, why: documents_rules.ReturnNote, which: documents_rules.Which
    ) -> ReturnOutcome:
        told = {"cause": why.cause, "comment": why.comment, "round": which.round}
        said.append({"document": str(document_id), **told})
        return ReturnOutcome.TAKEN

    looking = ReturnsFolder(folder)
    for _ in range(2):  # what has not changed between two looks is taken
        list(looking.collect(give_back))
    return said


def read_json(*lots: str) -> dict[str, Any]:
    """What ``vaguemestre-edge read --json`` answers, of what reading made of lots."""
    return report.to_json([lot_result(lot) for lot in lots])
