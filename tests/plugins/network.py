"""Closes the network but for loopback, in the process of the tests."""

import ipaddress
import sys
from collections.abc import Callable


class NetworkClosed(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _check_address(address: object) -> None:
    # A tuple is an IP address; a path or bytes is a Unix socket, which never leaves the machine.
    if isinstance(address, tuple) and not _is_local(address[0]):
        raise NetworkClosed(f"only loopback is open in tests, not {address[0]}")


def _check_name(host: object) -> None:
    if not _is_local(host):
        raise NetworkClosed(f"only loopback is open in tests, not {host!r}")


_CHECKS: dict[str, Callable[[tuple[object, ...]], None]] = {
    "socket.connect": lambda args: _check_address(args[1]),
    "socket.sendto": lambda args: _check_address(args[1]),
    "socket.sendmsg": lambda args: _check_address(args[1]),
    "socket.getaddrinfo": lambda args: _check_name(args[0]),
    "socket.gethostbyname": lambda args: _check_name(args[0]),
}


def _audit(event: str, args: tuple[object, ...]) -> None:
    check = _CHECKS.get(event)
    if check is not None:
        check(args)


# An audit hook sees what a replaced socket class misses, C code of the standard library included.
sys.addaudithook(_audit)
