"""Keeps calls to a provider away from what is inside: checked when an address is given, and at every connection."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from gateway.contract import Outbound

LOOKUP_TIMEOUT_S = 5.0
MOST_ADDRESSES = 20

Address = IPv4Address | IPv6Address

# Source: IANA IPv4 Special-Purpose Address Registry (2025), and what clouds answer their machines on: 168.63.129.16 is
# the one that looks public. Written down, since what the standard library calls global changes with its version.
NOT_PUBLIC_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip
# Global unicast, and nothing else: IPv4 written as IPv6 (mapped, NAT64), local and link-local lie outside of it.
# Source: IANA IPv6 Special-Purpose Address Registry (2025); of those inside: Teredo, 6to4, documentation.
PUBLIC_V6 = ip_network("2000::/3")
NOT_PUBLIC_V6 = tuple(ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


class AddressRefused(OSError):
    """Nobody connects there. The text names no address: what a name means inside is nobody's business."""


def is_public(address: Address) -> bool:
    """Whether it is of the Internet at large: no machine's, no network's, no cloud's own."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    return address in PUBLIC_V6 and not any(address in network for network in NOT_PUBLIC_V6)


def may_reach(address: Address, outbound: Outbound, *, is_encrypted: bool) -> bool:
    """Whether a connection may be opened to the address; without encryption to allowed networks alone."""
    networks = outbound.allowed_networks
    if networks is None or any(address in network for network in networks):
        return True
    return is_encrypted and is_public(address)


def socket_factory(outbound: Outbound, *, is_encrypted: bool) -> Callable[[AddrInfoType], socket.socket]:
    """Makes the sockets of connections, and none to where nobody may go.

    It is asked right before each connection, with the very address that is connected to: so a name that means another
    address than a moment ago gets nobody past it, and neither does an address without a name.
    What it gives back raises: AddressRefused.
    """

    def open_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = info
        if not may_reach(ip_address(str(place[0])), outbound, is_encrypted=is_encrypted):
            raise AddressRefused(_words(is_encrypted))
        return socket.socket(family, kind, protocol)

    return open_socket


async def check_address(url: str, outbound: Outbound, resolver: AbstractResolver | None = None) -> None:
    """Looks the address up as a connection would, and sends nothing. Raises: AddressRefused, with a reason to show.

    What it lets pass is checked again at each connection: the name may mean something else by then.
    """
    host, port, is_encrypted = _parts(url)
    if outbound.allowed_networks is None:
        return
    found = await _looked_up(host, port, resolver or ThreadedResolver())
    if not found or not all(may_reach(each, outbound, is_encrypted=is_encrypted) for each in found):
        raise AddressRefused(_words(is_encrypted))


async def check_options(options: Any, outbound: Outbound, resolver: AbstractResolver | None = None) -> None:
    """Checks every address in an adapter's options, credentials too, whatever they are called and however deep.

    Raises: AddressRefused, for the first that is refused, or for too many.
    """
    found = list(dict.fromkeys(_addresses(options)))
    if len(found) > MOST_ADDRESSES:
        raise AddressRefused(f"more than {MOST_ADDRESSES} addresses")
    for url in found:
        await check_address(url, outbound, resolver)


def _addresses(options: Any) -> Iterator[str]:
    waiting = [options]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each
        elif isinstance(each, str) and "://" in each:
            yield each.strip()


def _parts(url: str) -> tuple[str, int, bool]:
    try:
        # What can't be seen is read in one way here, and in another by who connects.
        parsed = URL(url) if url.isprintable() else URL()
        host, port = parsed.raw_host, parsed.port
    except ValueError:
        host, port, parsed = None, None, URL()
    if not host or not port or parsed.scheme not in {"http", "https"} or parsed.user or parsed.password:
        raise AddressRefused("an http or https address is expected, without a user in it")
    return host, port, parsed.scheme == "https"


async def _looked_up(host: str, port: int, resolver: AbstractResolver) -> Sequence[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(LOOKUP_TIMEOUT_S):
            return [ip_address(each["host"]) for each in await resolver.resolve(host, port, socket.AF_UNSPEC)]
    except (OSError, ValueError):
        return ()


def _words(is_encrypted: bool) -> str:
    if is_encrypted:
        return "the address is neither public nor in a network that is allowed"
    return "the address is not in a network that is allowed: anywhere else https is expected"
