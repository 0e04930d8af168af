"""Tests reach this machine and nothing else."""

import asyncio
import socket

import pytest

from tests.plugins.network import NetworkClosed


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.test"])
async def test_another_machine_cannot_be_reached(host: str) -> None:
    with pytest.raises(NetworkClosed):
        await asyncio.open_connection(host, 9)


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkClosed):
        socket.getaddrinfo("example.test", 80)


async def test_loopback_is_open() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    reader, writer = await asyncio.open_connection("localhost", port)

    assert await reader.read() == b""
    writer.close()
    server.close()
    await server.wait_closed()
