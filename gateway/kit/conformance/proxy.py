"""A real HTTP proxy between an adapter and its provider, which can get each thing wrong that a network gets wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

POLL_S = 0.01
ENDLESS_BYTES = 96 * 1024 * 1024
CHUNK = b" " * 1024 * 1024
# What belongs to one connection, and what is made anew for the next. Source: RFC 9110, 7.6.1.
_HOP = frozenset({
    "connection", "content-encoding", "content-length", "host", "keep-alive", "proxy-authorization", "te",
    "trailer", "transfer-encoding", "upgrade", "accept-encoding",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What the proxy does with a request instead of passing it on; with a `status`, it answers that by itself.

    `stalls`: never answers. `drops`: passes it on, then closes the connection instead of answering. `endless`: an
    answer of 96 MB. A fault of changes leaves GET and HEAD alone.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stalls: bool = False
    drops: bool = False
    endless: bool = False
    of_changes: bool = False

    def concerns(self, method: str) -> bool:
        """Whether a request of that method meets it."""
        return not self.of_changes or method not in {"GET", "HEAD"}


class FaultProxy:
    """Passes everything on until a `fault` is set, with its JSON changed where there are `renames`.

    `met` counts the requests that met the fault, `sent_whole` the endless answers that were read to their end, `seen`
    has what came in headers, addresses and bodies.
    """

    def __init__(self, runner: web.AppRunner, target: URL, session: aiohttp.ClientSession) -> None:
        self.fault: Fault | None = None
        self.renames: Callable[[Any], Any] | None = None
        self.met = 0
        self.sent_whole = 0
        self.seen: list[str] = []
        self.held = 0
        self._runner = runner
        self.target = target
        self._session = session
        self.url = ""

    @property
    def connections(self) -> int:
        """How many connections to it are open."""
        server = self._runner.server
        return len(server.connections) if server else 0

    async def refuse(self) -> None:
        """Closes every connection, and lets nobody connect any more."""
        for site in list(self._runner.sites):
            await site.stop()
        for each in list(self._runner.server.connections) if self._runner.server else []:
            each.force_close()
        await self.settled(0)

    async def settled(self, connections: int, within_s: float = 2.0) -> bool:
        """Whether no more than so many connections are left within that time."""
        return await _comes(lambda: self.connections <= connections, within_s)

    async def let_go(self, within_s: float = 2.0) -> bool:
        """Whether nobody waits for an answer that never comes, within that time."""
        return await _comes(lambda: self.held == 0, within_s)

    async def struck(self, within_s: float = 5.0) -> bool:
        """Whether a request meets the fault within that time."""
        return await _comes(lambda: self.met > 0, within_s)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one request."""
        body = await request.read()
        self.seen += [*request.headers.values(), request.raw_path, body.decode("utf-8", "replace")]
        if self.fault is None or not self.fault.concerns(request.method):
            return await self._passed_on(request, body)
        self.met += 1
        return await self._faulty(self.fault, request, body)

    async def _faulty(self, fault: Fault, request: web.Request, body: bytes) -> web.StreamResponse:
        if fault.stalls:
            await self._hold()
        elif fault.drops:
            await self._passed_on(request, body)
        elif fault.endless:
            return await self._endless(request)
        else:
            return web.Response(status=fault.status or 500, headers=fault.headers, body=fault.body)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _hold(self) -> None:
        self.held += 1
        try:
            # Cancelled when the other side closes.
            await asyncio.Event().wait()
        finally:
            self.held -= 1

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(ENDLESS_BYTES // len(CHUNK)):
            await response.write(CHUNK)
        self.sent_whole += 1
        return response

    async def _passed_on(self, request: web.Request, body: bytes) -> web.Response:
        url = URL(f"{self.target.origin()}{request.raw_path}", encoded=True)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP]
        async with self._session.request(
            request.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP]
            passed = web.Response(status=answer.status, body=self._changed(await answer.read()))
            passed.headers.extend(kept)
            return passed

    def _changed(self, body: bytes) -> bytes:
        if self.renames is None:
            return body
        try:
            return orjson.dumps(self.renames(orjson.loads(body)))
        except orjson.JSONDecodeError:
            return body


def replacing(name: str, value: str) -> Callable[[Any], Any]:
    """Puts that text in the place of each text of that name, however deep in the JSON."""

    def replaced(found: Any) -> Any:
        if isinstance(found, list):
            return [replaced(each) for each in found]
        if isinstance(found, dict):
            return {
                key: value if key == name and isinstance(each, str) else replaced(each) for key, each in found.items()
            }
        return found

    return replaced


@asynccontextmanager
async def fault_proxy(target: str) -> AsyncIterator[FaultProxy]:
    """A proxy to that address, on a free port of the loopback. A listing of 16 MB and more does not pass."""
    application = web.Application(client_max_size=16 * 1024 * 1024)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), headers={"Accept-Encoding": "identity"}, skip_auto_headers=("User-Agent",)
    ) as session:
        proxy = FaultProxy(runner, URL(target), session)
        application.router.add_route("*", "/{tail:.*}", proxy.handle)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            proxy.url = f"http://{host}:{port}{proxy.target.raw_path}".rstrip("/")
            yield proxy
        finally:
            await runner.cleanup()


async def _comes(is_there: Callable[[], bool], within_s: float) -> bool:
    """Whether it becomes true within that time."""
    until = asyncio.get_running_loop().time() + within_s
    while not is_there() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 no event tells
        await asyncio.sleep(POLL_S)
    return is_there()
