"""The network address that a request comes from: what a proxy says counts only when the proxy is trusted."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import HTTPConnection

from gateway.api.auth.parts import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(connection: HTTPConnection, trusted: Sequence[Network]) -> str:
    """The nearest address that is no trusted proxy's. Empty where the server knows none (a Unix socket)."""
    peer = connection.client.host if connection.client else ""
    found = read_address(peer)
    if found is None or not _is_trusted(found, trusted):
        return peer
    hops = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed([each.strip() for each in hops if each.strip()]):
        address = read_address(hop)
        if address is None:
            break  # whoever is behind this wrote nonsense: the last one known is taken
        found = address
        if not _is_trusted(found, trusted):
            break
    return str(found)


def limit_key(address: str) -> str:
    """What attempts are counted by: an IPv6 subscriber has a whole /64 to choose addresses from."""
    found = read_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found or address)


def read_address(text: str) -> Address | None:
    """The address, an IPv4 one where an IPv6 one stands for it; None for what is none."""
    # No address is as long: so what is remembered has a bound.
    return _read(text.partition("%")[0][:64])


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
