"""The gateway's server for a test: it ends as soon as it is told, where uvicorn's own looks ten times a second."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun, self.told = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.002)


@asynccontextmanager
async def listening(config: uvicorn.Config) -> AsyncIterator[int]:
    """Serves until the exit, when it finishes the requests at hand; the port."""
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    await server.begun.wait()
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.told.set()
        await task
