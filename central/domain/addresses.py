"""Who counts as one where tries and requests are counted by where they come from. Pure."""

import ipaddress

_OF_ONE = 64
"""Bits of an IPv6 address that a line is given; the others its owner chooses, anew each time."""


def counted(address: str) -> str:
    """An IPv4 address itself, of an IPv6 one its network; what is neither as it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _OF_ONE), strict=False))
