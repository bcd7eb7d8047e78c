"""Addresses of clients: as whom one counts, and whether it lies in a configured network.

A line is given a network of IPv6 addresses and may use each of them: limits count the network. An
IPv4 client of a socket that serves both families comes as an IPv4 address inside an IPv6 one.
"""

import ipaddress
from collections.abc import Collection

_IPV6_NETWORK_BITS = 64
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def limited_address(address: str) -> str:
    """What limits count ``address`` as: IPv4 itself, IPv6 its /64; what is neither as it is."""
    found = _parse(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, _IPV6_NETWORK_BITS), strict=False))
    return address if found is None else str(found)


def is_in_networks(address: str, networks: Collection[Network]) -> bool:
    """Whether ``address`` lies in one of them; what is no address does not."""
    found = _parse(address)
    return found is not None and any(found in network for network in networks)


def _parse(address: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
