"""Serve the station's page on this machine, until told to stop."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import cast
from urllib.parse import urlsplit

from edge.config import Page
from edge.errors import ConfigInvalid, EdgeError
from edge.web import requests
from edge.web.requests import RequestRefused
from edge.web.routes import Response, Routes

_LOOK_EVERY_S = 0.5
_PATIENCE_S = 10.0  # with a browser that says nothing
_REQUEST_WITHIN_S = 15.0  # a whole request, however often a byte of it comes
_FAREWELL_S = 2.0
_MOST_AT_ONCE = 32
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: a form would then be sent with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Browsers show a PDF with a page of their own making, which the policy of ours would stop.
_BESIDE_PAGES = {"Content-Security-Policy": "frame-ancestors 'none'"}
# What the protocol layer refuses before an address is even read.
_WORDS = {
    HTTPStatus.REQUEST_URI_TOO_LONG: "L'adresse est trop longue.",
    HTTPStatus.NOT_IMPLEMENTED: "Cette action n'existe pas.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "Les en-têtes de la demande sont trop longs.",
}

Crashed = Callable[[str, BaseException], None]


class Server(ThreadingMixIn, TCPServer):
    """Bound at once, so that a taken port is told before the station starts.

    Not ``HTTPServer``: that asks the name service at its start, which may be as far as the centre.

    Args:
        settings: Where to listen.
        site: What to answer.
        crashed: Told errors that nobody foresaw.
        beat: Called as it goes on.

    Raises:
        ConfigInvalid: the address cannot be listened on.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64
    timeout = _LOOK_EVERY_S

    def __init__(
        self,
        settings: Page,
        site: Routes,
        crashed: Crashed,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.site, self.crashed, self._beat = site, crashed, beat
        self._room = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._waiting: dict[socket.socket, float] = {}
        self._waiting_lock = threading.Lock()
        host, _, port = settings.listen.rpartition(":")
        try:
            super().__init__((host, int(port)), _Conversation)
        except (OSError, OverflowError) as error:
            raise ConfigInvalid(f"page.listen {settings.listen}: {error}") from error
        self.port = int(self.server_address[1])
        self.names = requests.allowed_hosts(self.port, [one.lower() for one in settings.hosts])

    def run(self, stop: threading.Event) -> None:
        """Answer until ``stop`` is set; the agent's part."""
        while not stop.is_set():
            self._beat()
            self._end_silent(time.monotonic() - _REQUEST_WITHIN_S)
            self.handle_request()
        deadline = time.monotonic() + _FAREWELL_S
        for _ in range(_MOST_AT_ONCE):  # the spool closes next: let answers under way end
            self._room.acquire(timeout=max(0.0, deadline - time.monotonic()))

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Take so many at a time; for a further one, who has said nothing for longest goes."""
        if not self._room.acquire(blocking=False):
            self._end_silent(time.monotonic(), most=1)
            if not self._room.acquire(timeout=_FAREWELL_S):
                self.shutdown_request(request)
                return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer one, in its own thread."""
        link = cast(socket.socket, request)
        with self._waiting_lock:
            self._waiting[link] = time.monotonic()
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.is_asked(link)
            with contextlib.suppress(ValueError):
                self._room.release()

    def is_asked(self, link: socket.socket) -> None:
        """A whole request came in on a connection: what is missing now is our answer."""
        with self._waiting_lock:
            self._waiting.pop(link, None)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection, which nobody waits for any more."""
        self.is_asked(cast(socket.socket, request))
        super().shutdown_request(request)

    def _end_silent(self, since: float, most: int = _MOST_AT_ONCE) -> None:
        """Close connections whose request is not whole and which were there at ``since``."""
        with self._waiting_lock:
            oldest = sorted(self._waiting.items(), key=lambda item: item[1])
            for link, began in oldest[:most]:
                if began <= since:
                    del self._waiting[link]
                    with contextlib.suppress(OSError):
                        link.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is no error of ours; anything else was told already."""


class _Conversation(BaseHTTPRequestHandler):
    """One request and its answer."""

    server_version, sys_version = "vaguemestre", ""
    timeout = _PATIENCE_S

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_HEAD(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    @property
    def _ours(self) -> Server:
        return cast(Server, self.server)

    def _answer(self, act: Callable[[], Response]) -> None:
        site = self._ours.site
        try:
            refused = requests.is_allowed_host(self.headers, self._ours.names)
            answer = site.refuse(refused) if refused else act()
        except EdgeError as error:
            answer = site.refuse(RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, error.reason))
        except (ConnectionError, TimeoutError):
            raise  # the browser went away, or says nothing
        except Exception as error:
            self._ours.crashed("page", error)
            answer = site.refuse(RequestRefused(HTTPStatus.INTERNAL_SERVER_ERROR, EdgeError.reason))
        self._send(answer)

    def _get(self) -> Response:
        self._ours.is_asked(self.connection)
        try:
            parts = urlsplit(self.path)
        except ValueError:
            return self._ours.site.refuse(
                RequestRefused(HTTPStatus.BAD_REQUEST, "Adresse incorrecte.")
            )
        return self._ours.site.get(parts.path, parts.query)

    def _post(self) -> Response:
        if refused := requests.is_own_post(self.headers):
            return self._ours.site.refuse(refused)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._ours.is_asked(self.connection)
        return self._ours.site.post(urlsplit(self.path).path, body)

    def _send(self, answer: Response) -> None:
        self.send_response(answer.status)
        headers = _HEADERS if answer.is_page else _HEADERS | _BESIDE_PAGES
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the protocol layer refuses is told in French too."""
        del message, explain
        why = _WORDS.get(HTTPStatus(code), "La demande est incorrecte.")
        self.close_connection = True
        if not hasattr(self, "headers"):
            self.requestline, self.request_version = "", "HTTP/1.0"
        self._send(self._ours.site.refuse(RequestRefused(code, why)))

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: addresses name lots, and logs are Prometheus's and the journal's."""
