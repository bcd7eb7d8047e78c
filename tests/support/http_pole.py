"""A pôle that takes documents over HTTP, on the loopback address."""

import http.server
import ssl
import threading
import time
from email.message import Message
from email.parser import BytesParser

from central.delivery.targets.http import HttpTarget, Secrets

SECRET = b"a secret that is shared"


class HttpApplication:
    """A pôle that answers POSTs: once it holds a document, by its key."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: dict[str, dict[str, bytes]] = {}
        self.headers: list[Message] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.always: tuple[int, dict[str, str], bytes] | None = None
        self.asked = 0
        self.drops_answers = False
        """It takes what comes, and its answers are lost on the way."""
        self._count = 0
        self._delay_s = 0.0
        self._gate = threading.Event()
        self._gate.set()
        self._lock = threading.Lock()
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, text = application.accept(self.headers, body)
                if application.drops_answers:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/documents"
        self.target = HttpTarget(self.url, Secrets(SECRET), 5.0, None)

    def slow_down(self, seconds: float) -> None:
        """Take so long for each answer."""
        self._delay_s = seconds

    def close_gate(self) -> threading.Event:
        """Answer nothing until the event that is returned is set."""
        self._gate.clear()
        return self._gate

    def accept(self, headers: Message, body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self.asked += 1
        self._gate.wait()
        time.sleep(self._delay_s)
        with self._lock:
            self.headers.append(headers)
            if self.always is not None:
                return self.always
            if self.answers:
                return self.answers.pop(0)
            key = str(headers["Idempotency-Key"])
            named = {"Idempotency-Key": key}
            if key in self.received:
                return 409, named, b"already here"
            self.received[key] = _parts(headers, body)
            self._count += 1
            return 201, named, f"receipt {self._count}".encode()

    def holds(self) -> dict[str, dict[str, bytes]]:
        return dict(self.received)

    def arrivals(self) -> int:
        return self._count

    def take_away(self) -> None:
        """It keeps the keys of what it worked off."""

    def disconnect(self) -> None:
        self._gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def close(self) -> None:
        self.target.close()
        if self._thread.is_alive():
            self.disconnect()


def _parts(headers: Message, body: bytes) -> dict[str, bytes]:
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body)
    return {
        str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]
        for part in message.walk()
        if part.get_filename()
    }
