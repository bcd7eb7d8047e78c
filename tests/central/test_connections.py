"""How many connections one client may have, by the address that limits count."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from central.connections import Connections, Patience

_PROXIES = ("10.0.0.0/8",)


@pytest.fixture
def accepted() -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as over:
        pairs = [socket.socketpair() for _ in range(3)]
        for one in (end for pair in pairs for end in pair):
            over.enter_context(contextlib.closing(one))
        yield [ours for ours, _ in pairs]


@pytest.mark.parametrize(
    ("addresses", "why"),
    [
        (("192.0.2.1", "192.0.2.1", "192.0.2.1"), ["address"]),
        (("192.0.2.1", "192.0.2.2", "192.0.2.3"), []),
        (("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3"), ["address"]),
        (("2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"), []),
        (("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"), ["address"]),
        (("10.1.2.3", "10.1.2.3", "10.1.2.3"), []),
        (("::ffff:10.1.2.3", "::ffff:10.1.2.3", "::ffff:10.1.2.3"), []),
    ],
)
def test_two_connections_of_one_client_are_enough(
    accepted: list[socket.socket], addresses: tuple[str, ...], why: list[str]
) -> None:
    closed: list[str] = []
    connections = Connections(Patience(100, 2, {}, _PROXIES), closed.append)
    for one, address in zip(accepted, addresses, strict=True):
        assert connections.enter(one, address)
    assert closed == why
