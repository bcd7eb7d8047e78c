"""Bounded patience with connections: how many at once, and how long each may be silent.

A listening socket that counts what it hands out. A connection that waits for its next request may
be closed for a newer one; one whose request does not become whole within its time is closed by
``sweep``. Who does the protocol tells in which phase each connection is.

Closing is a shutdown of the socket: the server that owns it sees its end and cleans up as usual.
"""

import contextlib
import errno
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network

from central.addresses import is_in_networks, limited_address

_OUT_OF_SYSTEM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Phase(StrEnum):
    """What a connection is at."""

    HEAD = "head"  # its next request has not begun, or its head is not whole
    BODY = "body"  # the head is there, the body is not whole
    ANSWER = "answer"  # ours to answer
    TAKING = "taking"  # it does not take its answer


@dataclass(frozen=True, slots=True)
class Patience:
    """How many and how long.

    Attributes:
        most: Connections at once.
        most_of_address: Of one IPv4 address, or one IPv6 network of 64 bits.
        seconds: Longest stay in each phase; a phase that is not there has no limit.
        exempt: Networks without ``most_of_address``: proxies, behind which everybody comes.
    """

    most: int
    most_of_address: int
    seconds: dict[Phase, float]
    exempt: Collection[str] = ()


@dataclass(slots=True)
class _Open:
    socket: socket.socket
    address: str  # as limits count it
    phase: Phase
    since: float


class Connections:
    """The connections of one listening socket; any thread may call it.

    Args:
        patience: How many and how long.
        closed: Told why one was closed: ``head``, ``body``, ``taking``, ``room`` or ``address``.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        patience: Patience,
        closed: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience, self._closed, self._clock = patience, closed, clock
        self._exempt = [ip_network(one) for one in patience.exempt]
        self._lock = threading.Lock()
        self._open: dict[int, _Open] = {}
        self._of_address: Counter[str] = Counter()

    def listen(self, host: str, port: int) -> socket.socket:
        """Bind and listen; what the socket accepts is counted here.

        Raises:
            OSError: the address is taken or not ours.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.create_server((host, port), family=family, backlog=128)
        listening = _Listening(family, socket.SOCK_STREAM, fileno=bound.detach())
        listening.connections = self
        return listening

    def enter(self, accepted: socket.socket, address: str) -> bool:
        """Count a new connection; False: it was closed, there is no room for it."""
        now, is_exempt = self._clock(), is_in_networks(address, self._exempt)
        address = limited_address(address)
        why = ""
        with self._lock:
            if not is_exempt and self._of_address[address] >= self._patience.most_of_address:
                why = "address"
                has_room = self._end_oldest(address)
            else:
                has_room = len(self._open) < self._patience.most
                if not has_room:
                    why = "room"
                    has_room = self._end_oldest()
            if has_room:
                number = accepted.fileno()
                self._open[number] = _Open(accepted, address, Phase.HEAD, now)
                self._of_address[address] += 1
        if why:
            self._closed(why)
        return has_room

    def leave(self, number: int) -> None:
        """A connection is closed; its number may be given to another one now."""
        with self._lock:
            self._forget(number)

    def is_at(self, number: int, phase: Phase) -> None:
        """A connection is at ``phase`` from now on; told again, it goes on as it was."""
        with self._lock:
            one = self._open.get(number)
            if one is not None and one.phase is not phase:
                one.phase, one.since = phase, self._clock()

    def sweep(self) -> None:
        """Close what has stayed too long in its phase."""
        now = self._clock()
        with self._lock:
            over = [
                (number, one.phase)
                for number, one in self._open.items()
                if now - one.since > self._patience.seconds.get(one.phase, float("inf"))
            ]
            for number, _ in over:
                self._end(number)
        for _, phase in over:
            self._closed(phase.value)

    def make_room(self) -> bool:
        """Close the connection that has waited longest for a request, if there is one."""
        with self._lock:
            return self._end_oldest()

    def _end_oldest(self, address: str = "") -> bool:
        waiting = (
            (one.since, number)
            for number, one in self._open.items()
            if one.phase is Phase.HEAD and address in ("", one.address)
        )
        _, number = min(waiting, default=(0.0, -1))
        if number >= 0:
            self._end(number)
        return number >= 0

    def _end(self, number: int) -> None:
        one = self._open[number]
        self._forget(number)
        with contextlib.suppress(OSError):
            one.socket.shutdown(socket.SHUT_RDWR)

    def _forget(self, number: int) -> None:
        one = self._open.pop(number, None)
        if one is not None:
            self._of_address[one.address] -= 1
            if self._of_address[one.address] <= 0:
                del self._of_address[one.address]


class _Accepted(socket.socket):
    """A connection that is no longer counted once it is closed."""

    connections: Connections | None = None

    def close(self) -> None:
        if self.connections is not None and self.fileno() >= 0:
            self.connections.leave(self.fileno())
        super().close()


class _Listening(socket.socket):
    """Accepts only what there is room for."""

    connections: Connections

    def accept(self) -> tuple[socket.socket, object]:
        """As a socket's; ``BlockingIOError`` also where the one that came was turned away."""
        try:
            accepted, address = super().accept()
        except OSError as error:
            if error.errno in _OUT_OF_SYSTEM and self.connections.make_room():
                raise BlockingIOError from error
            raise
        kept = _Accepted(accepted.family, accepted.type, accepted.proto, accepted.detach())
        if not self.connections.enter(kept, str(address[0])):
            kept.close()
            raise BlockingIOError
        kept.connections = self.connections
        return kept, address
