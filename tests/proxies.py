"""A TCP proxy before a server, which holds, delays, loses and cuts what passes through."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import make_url

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class _Passage:
    """One connection through the proxy; what is lost in it is lost for ever once `is_dead`."""

    writers: list[asyncio.StreamWriter]
    is_dead: bool = False


@dataclass
class Proxy:
    """Passes everything on until it is told otherwise; each order to it may come from any thread."""

    connect: Callable[[], Awaitable[Opened]]
    port: int = 0
    delay_s: float = 0.0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _passages: list[_Passage] = field(default_factory=list)
    _is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self) -> None:
        """Nothing passes any more, in neither direction, and new connections get no answer; none is ended."""
        self._run(self._set_open(False))

    def go_on(self) -> None:
        """What was held passes, and all that comes."""
        self._run(self._set_open(True))

    def forget(self) -> None:
        """Nothing passes in any connection that there is, ever again, and none is ended; new ones work."""
        self._run(self._forget())

    def cut(self) -> None:
        """Ends every connection."""
        self._run(self._cut())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _set_open(self, is_open: bool) -> None:
        (self._is_open.set if is_open else self._is_open.clear)()

    async def _forget(self) -> None:
        for each in self._passages:
            each.is_dead = True

    async def _cut(self) -> None:
        for each in self._passages:
            for writer in each.writers:
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = _Passage([writer])
        self._passages.append(passage)
        try:
            await self._is_open.wait()
            there_reader, there_writer = await self.connect()
            passage.writers.append(there_writer)
            await asyncio.gather(self._carry(passage, reader, there_writer), self._carry(passage, there_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # whoever is cancelled here ends with the proxy
        finally:
            self._passages.remove(passage)
            for each in passage.writers:
                each.close()

    async def _carry(self, passage: _Passage, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._is_open.wait()
                if passage.is_dead:
                    await asyncio.Event().wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            if not passage.is_dead:
                for each in passage.writers:
                    each.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._is_open.set()
        server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()


@contextlib.contextmanager
def between(address: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the PostgreSQL of that address, and the address by which the proxy is reached."""
    url = make_url(address)
    folder = url.query.get("host")

    async def connect() -> Opened:
        if folder is not None:
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{url.port or 5432}")
        return await asyncio.open_connection(url.host, url.port or 5432)

    with proxy(connect) as made:
        through = url.set(host="127.0.0.1", port=made.port).difference_update_query(["host"])
        yield made, through.render_as_string(hide_password=False)


@contextlib.contextmanager
def proxy(connect: Callable[[], Awaitable[Opened]]) -> Iterator[Proxy]:
    """A proxy that runs in a thread of its own from entry to exit."""
    made, ready = Proxy(connect), threading.Event()

    def run() -> None:
        asyncio.set_event_loop(made._loop)
        with contextlib.suppress(asyncio.CancelledError):
            made._loop.run_until_complete(serving)
        left = asyncio.all_tasks(made._loop)
        for each in left:
            each.cancel()
        made._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        made._loop.close()

    serving = made._loop.create_task(made._serve(ready))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made
    finally:
        made._loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)
