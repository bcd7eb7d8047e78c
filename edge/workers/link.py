"""Messages between the agent and one reading process, over a pair of sockets.

A message is eight bytes of length and as many bytes. The agent's end trusts nothing: not that a
message ends, not that it is short, not that it is taken. An open file goes along with a question.
"""

import select
import socket
import struct
import time
from collections.abc import Callable

_HEAD = struct.Struct("=Q")
_BLOCK = 1 << 20
_LOOK_EVERY_S = 0.2  # how soon a waiting owner notices that all is to end


class LinkBroken(OSError):
    """The other side is gone, or does not keep to the form of a message."""


class Silent(Exception):
    """No whole message came in time."""


class Ended(Exception):
    """The wait was called off."""


class Link:
    """One end. ``close`` ends it; the process at the other end ends with it."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """The number of the open socket."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def send(self, message: bytes, fd: int | None = None, timeout_s: float | None = None) -> None:
        """Send a message, with an open file if there is one.

        Raises:
            LinkBroken: the other side is gone, or takes nothing for ``timeout_s`` seconds.
        """
        self._end.settimeout(timeout_s)
        try:
            if fd is None:
                self._end.sendall(_HEAD.pack(len(message)))
            else:
                socket.send_fds(self._end, [_HEAD.pack(len(message))], [fd])
            self._end.sendall(message)
        except OSError as error:
            raise LinkBroken(str(error)) from error

    def take(self) -> tuple[bytes, int | None]:
        """Wait for a message of the agent, and the file that came with it.

        Raises:
            LinkBroken: the agent is gone.
        """
        self._end.settimeout(None)
        head, fds, _, _ = socket.recv_fds(self._end, _HEAD.size, 1)
        head += self._exactly(_HEAD.size - len(head), lambda: None)
        (length,) = _HEAD.unpack(head)
        return self._exactly(length, lambda: None), fds[0] if fds else None

    def receive(self, at_most: int, timeout_s: float, called_off: Callable[[], bool]) -> bytes:
        """Wait for a message of a process that is not trusted.

        Args:
            at_most: Bytes; a longer message breaks the link.
            timeout_s: Until its last byte.
            called_off: Asked several times a second.

        Raises:
            LinkBroken: the process died, or says too much.
            Silent: it said nothing whole in time.
            Ended: ``called_off`` said so.
        """
        self._end.settimeout(0.0)
        until = time.monotonic() + timeout_s

        def wait() -> None:
            while not select.select([self._end], [], [], _LOOK_EVERY_S)[0]:
                if called_off():
                    raise Ended
                if time.monotonic() > until:
                    raise Silent
            if time.monotonic() > until:  # it drips
                raise Silent

        (length,) = _HEAD.unpack(self._exactly(_HEAD.size, wait))
        if length > at_most:
            raise LinkBroken(f"a message of {length} bytes")
        return self._exactly(length, wait)

    def _exactly(self, size: int, wait: Callable[[], None]) -> bytes:
        found = bytearray()
        while len(found) < size:
            wait()
            try:
                block = self._end.recv(min(_BLOCK, size - len(found)))
            except BlockingIOError:
                continue
            except OSError as error:
                raise LinkBroken(str(error)) from error
            if not block:
                raise LinkBroken("the other side has closed")
            found += block
        return bytes(found)
