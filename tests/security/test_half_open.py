"""Connections that are opened and left, or speak a byte at a time, keep nobody else waiting."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
import sqlalchemy as sa

from central import webapp
from central.connections import Phase
from central.intake import server
from edge import telemetry as edge_events
from edge.web import server as page_server
from tests.support import page
from tests.support.certificates import Authority
from tests.support.console import serving, settings
from tests.support.intake import SITE, Centre, until
from tests.support.station import Station
from vaguemestre.v1 import intake_pb2, intake_pb2_grpc

_MANY = 300
_ENDS_WITHIN_S = 60.0


@contextlib.contextmanager
def _silent(host: str, port: int, count: int, begins: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that say ``begins`` and no more."""
    with contextlib.ExitStack() as held:
        links = []
        for _ in range(count):
            link = held.enter_context(socket.create_connection((host, port), timeout=20))
            with contextlib.suppress(OSError):  # it may have been closed for the next ones
                link.sendall(begins)
            links.append(link)
        yield links


def _is_closed(link: socket.socket) -> bool:
    """Whether the other side ended it; what it still said is thrown away."""
    link.setblocking(False)
    try:
        while link.recv(4_096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    made = settings(tmp_path)
    few = made.console.model_copy(update={"max_connections": 50, "max_connections_per_address": 40})
    with serving(made.model_copy(update={"console": few}), engine) as client:
        yield client


def _port(client: httpx.Client) -> tuple[str, int]:
    return client.base_url.host, client.base_url.port or 0


@pytest.mark.parametrize(
    "begins", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_silent_connections_do_not_shut_others_out(console: httpx.Client, begins: bytes) -> None:
    with _silent(*_port(console), _MANY, begins) as links:
        assert console.get("/livez").status_code == 200
        assert until(lambda: sum(map(_is_closed, links)) >= _MANY - 50, _ENDS_WITHIN_S)


@pytest.mark.parametrize(
    "begins",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\na",
    ],
    ids=["nothing", "head", "body"],
)
def test_a_request_that_comes_a_byte_at_a_time_is_ended(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: bytes
) -> None:
    monkeypatch.setattr(webapp, "_LONGEST_S", {Phase.HEAD: 1.0, Phase.BODY: 1.0})
    with (
        serving(settings(tmp_path), engine) as client,
        _silent(*_port(client), 1, begins) as (link,),
    ):
        deadline = time.monotonic() + _ENDS_WITHIN_S
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 10_000 and time.monotonic() < deadline and not _is_closed(link):
                link.setblocking(True)
                link.sendall(b"a" if begins else b"")
                sent += 1
                time.sleep(0.05)
        assert time.monotonic() < deadline


def test_who_never_takes_an_answer_is_let_go(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webapp, "_LONGEST_S", {Phase.TAKING: 1.0})
    with serving(settings(tmp_path), engine) as client:
        host, port = _port(client)
        with socket.socket() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            link.connect((host, port))
            asked = b"GET /static/console.css HTTP/1.1\r\nHost: x\r\n\r\n"
            link.settimeout(1.0)
            with contextlib.suppress(OSError):
                for _ in range(5_000):
                    link.sendall(asked)
            assert until(lambda: _has_ended(link, asked), _ENDS_WITHIN_S)
        assert client.get("/livez").status_code == 200


def _has_ended(link: socket.socket, asked: bytes) -> bool:
    """Whether writing on fails: nothing is read, so the end is not seen by reading."""
    try:
        link.sendall(asked)
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def test_a_site_that_opens_streams_and_says_nothing_shuts_no_other_site_out(
    tmp_path: Path, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HELLO_WITHIN_S", 600.0)
    centre = Centre(tmp_path, engine, max_streams=12, max_streams_per_site=4)
    with centre.running(), contextlib.ExitStack() as held:
        calls = [held.enter_context(_stream(centre, "gien", None)) for _ in range(40)]
        assert until(lambda: sum(not one.is_active() for one in calls) >= 36, _ENDS_WITHIN_S)
        refused = {one.code() for one in calls if not one.is_active()}
        assert refused == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        other = held.enter_context(_stream(centre, SITE, _hello(SITE)))
        assert next(other).WhichOneof("kind") == "welcome"


def test_streams_beyond_the_most_are_refused_and_not_left_waiting(
    tmp_path: Path, engine: sa.Engine
) -> None:
    centre = Centre(tmp_path, engine, max_streams=6)
    sites = ("gien", "orleans", "montargis")
    with centre.running(), contextlib.ExitStack() as held:
        calls = [
            held.enter_context(_stream(centre, sites[n % 3], _hello(sites[n % 3])))
            for n in range(12)
        ]
        assert until(lambda: sum(not one.is_active() for one in calls) == 6, _ENDS_WITHIN_S)
        refused = {one.code() for one in calls if not one.is_active()}
        assert refused == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        left = next(n for n, one in enumerate(calls) if one.is_active())
        calls[left].cancel()
        site = sites[left % 3]  # another may have all that one site may have

        def takes_another() -> bool:
            with _stream(centre, site, _hello(site)) as call, contextlib.suppress(grpc.RpcError):
                return bool(next(call).WhichOneof("kind") == "welcome")
            return False

        assert until(takes_another, _ENDS_WITHIN_S), "one that left made no room"


def test_a_stream_without_a_hello_is_ended(
    tmp_path: Path, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HELLO_WITHIN_S", 0.5)
    centre = Centre(tmp_path, engine)
    with centre.running(), contextlib.ExitStack() as held:
        one = held.enter_context(_stream(centre, SITE, None))
        assert until(lambda: not one.is_active(), _ENDS_WITHIN_S)
        other = held.enter_context(_stream(centre, SITE, _hello(SITE)))
        assert next(other).WhichOneof("kind") == "welcome"
        assert not until(lambda: not other.is_active(), 2.0), "who spoke may be silent"


def _hello(site: str) -> intake_pb2.Up:
    return intake_pb2.Up(hello=intake_pb2.Hello(site=site, station="poste-1"))


@contextlib.contextmanager
def _stream(centre: Centre, site: str, first: intake_pb2.Up | None) -> Iterator[grpc.Call]:
    """A station's stream: its first message, if any, then silence."""
    pair = centre.authority.station(site)
    credentials = grpc.ssl_channel_credentials(
        centre.authority.file.read_bytes(), pair.key.read_bytes(), pair.certificate.read_bytes()
    )
    over = threading.Event()

    def ups() -> Iterator[intake_pb2.Up]:
        if first is not None:
            yield first
        over.wait()

    with grpc.secure_channel(f"localhost:{centre.port}", credentials) as channel:
        call = intake_pb2_grpc.IntakeStub(channel).Deliver(ups())  # type: ignore[no-untyped-call]
        try:
            yield call
        finally:
            over.set()
            call.cancel()


def test_silent_connections_do_not_shut_others_out_before_their_handshake(
    engine: sa.Engine, tmp_path: Path
) -> None:
    made, authority = settings(tmp_path), Authority(tmp_path / "certificats")
    pair = authority.server()
    told = {"max_connections": 50, "certificate_file": pair.certificate, "key_file": pair.key}
    config = made.model_copy(update={"console": made.console.model_copy(update=told)})
    trusted = ssl.create_default_context(cafile=str(authority.file))
    with serving(config, engine) as client, _silent(*_port(client), _MANY) as links:
        with httpx.Client(base_url=client.base_url, verify=trusted, timeout=60) as browser:
            assert browser.get("/livez").status_code == 200
        assert until(lambda: sum(map(_is_closed, links)) >= _MANY - 50, _ENDS_WITHIN_S)


def test_who_reads_a_stations_metrics_and_says_nothing_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edge_events, "_METRICS_PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    edge_events.Telemetry().serve_metrics("127.0.0.1", port)
    with _silent("127.0.0.1", port, 1, b"GET /metrics HTTP/1.1\r\n") as (link,):
        assert until(lambda: _is_closed(link), _ENDS_WITHIN_S)


def test_silent_browsers_do_not_shut_the_operator_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_server._Conversation, "timeout", 600.0)
    with _page(tmp_path) as port, _silent("127.0.0.1", port, 100, b"GET / HTTP/1.1\r\n"):
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=30).status_code == 200


def test_a_browser_that_speaks_a_byte_at_a_time_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_server, "_REQUEST_WITHIN_S", 1.0)
    with _page(tmp_path) as port, _silent("127.0.0.1", port, 1, b"GET / HTTP/1.1\r\na") as (link,):
        deadline = time.monotonic() + _ENDS_WITHIN_S
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline and not _is_closed(link):
                link.setblocking(True)
                link.sendall(b"a")
                time.sleep(0.05)
        assert time.monotonic() < deadline


@contextlib.contextmanager
def _page(folder: Path) -> Iterator[int]:
    """A station's page over an empty spool; gives its port."""
    with page.serving(Station(folder)) as address:
        yield int(address.rpartition(":")[2])
