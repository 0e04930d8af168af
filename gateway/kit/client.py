"""HTTP to one provider: one session with keep-alive, bounded in connections, time and size, on one event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
import orjson
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from yarl import URL

from gateway.contract import Limits
from gateway.kit.answers import Answer, Misshapen
from gateway.kit.trouble import Intent, Now, Trouble

T = TypeVar("T")

ANSWER_LIMIT = 16 * 1024 * 1024
# Below uvicorn's five seconds: a connection that the provider is about to close is not used for a change.
KEEP_ALIVE_S = 4.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECT_LIMIT = 3

# The trace and nothing beside it: baggage may hold what is none of a provider's business.
_trace_context = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it goes out."""

    method: str
    url: URL
    intent: Intent
    headers: Mapping[str, str]
    body: bytes | None = None


class HttpClient:
    """The connections to one provider; used from the event loop it was opened on. `calls` counts the requests."""

    def __init__(self, session: aiohttp.ClientSession, provider: str, limits: Limits, answer_limit: int) -> None:
        self.provider = provider
        self.calls = 0
        self._session = session
        self._limits = limits
        self._answer_limit = answer_limit
        self._loop = asyncio.get_running_loop()

    async def exchange(self, call: Call, trouble: Trouble) -> Answer:
        """The provider's answer, whatever its status. Raises: Unavailable, OutcomeUnknown, ContractBroken."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(f"the client of {self.provider} belongs to another event loop")
        self.calls += 1
        trace = SimpleNamespace(is_sent=False)
        try:
            return await self._exchange(call, trouble, trace)
        except TimeoutError:
            raise trouble.lost("no answer in time", trace.is_sent) from None
        except (aiohttp.ClientError, OSError) as error:
            raise trouble.lost(type(error).__name__, trace.is_sent) from None

    async def _exchange(self, call: Call, trouble: Trouble, trace: SimpleNamespace) -> Answer:
        sent = dict(call.headers)
        _trace_context.inject(sent)
        async with self._session.request(
            call.method, call.url, data=call.body, headers=sent, allow_redirects=False,
            timeout=self._timeout(call.intent, trouble.capability), trace_request_ctx=trace,
        ) as response:  # fmt: skip
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, await self._body(response, trouble))

    def _timeout(self, intent: Intent, capability: str) -> aiohttp.ClientTimeout:
        limits = self._limits.of(capability)
        total = limits.change_timeout_s if intent is Intent.CHANGE else limits.read_timeout_s
        return aiohttp.ClientTimeout(total=total, connect=min(limits.connect_timeout_s, total))

    async def _body(self, response: aiohttp.ClientResponse, trouble: Trouble) -> bytes:
        found = bytearray()
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > self._answer_limit:
                response.close()
                raise trouble.nonsense(f"an answer of more than {self._answer_limit} bytes")
        return bytes(found)


@dataclass(frozen=True, slots=True)
class Area:
    """One of the provider's APIs, for one capability: the verbs, each saying what may have happened when they fail.

    Each takes a reader, which gets the Answer and raises Misshapen for one that makes no sense.
    """

    client: HttpClient
    capability: str
    url: str
    now: Now

    async def get(
        self,
        path: str,
        read: Callable[[Answer], T],
        params: Mapping[str, str] | None = None,
        etag: str | None = None,
        modified_since: str | None = None,
        also: frozenset[int] = frozenset(),
    ) -> T:
        """Reads; with `etag` or `modified_since` (an HTTP date) the answer may be `is_unchanged`.

        Answers of a status in `also` reach the reader too. Raises: Unavailable, ContractBroken.
        """
        asked = {"If-None-Match": etag, "If-Modified-Since": modified_since}
        headers = {name: value for name, value in asked.items() if value}
        call = Call("GET", self._url(path, params), Intent.READ, headers)
        return self._read(await self._answered(call, also | {304} if headers else also), read, Intent.READ)

    async def find(self, path: str, read: Callable[[Answer], T]) -> T | None:
        """Reads one thing; None where there is none (404). Raises: Unavailable, ContractBroken."""
        answer = await self._answered(Call("GET", self._url(path), Intent.READ, {}), also={404, 410})
        return None if answer.status in {404, 410} else self._read(answer, read, Intent.READ)

    async def ask(self, path: str, body: Any, read: Callable[[Answer], T], also: frozenset[int] = frozenset()) -> T:
        """Posts what changes nothing that matters. Raises: Rejected, Unavailable, ContractBroken."""
        call = self._post(path, body, Intent.QUESTION, {})
        return self._read(await self._answered(call, also), read, Intent.QUESTION)

    async def send(
        self,
        path: str,
        body: Any,
        read: Callable[[Answer], T],
        key: str | None = None,
        also: frozenset[int] = frozenset(),
    ) -> T:
        """Posts a change; `key` goes into `Idempotency-Key`, answers of a status in `also` reach the reader too.

        Raises: Rejected, Unavailable, OutcomeUnknown, ContractBroken.
        """
        call = self._post(path, body, Intent.CHANGE, {"Idempotency-Key": key} if key else {})
        return self._read(await self._answered(call, also), read, Intent.CHANGE)

    async def delete(self, path: str) -> None:
        """Deletes what may be gone already. Raises: Unavailable, ContractBroken."""
        await self._answered(Call("DELETE", self._url(path), Intent.READ, {}), also={404, 410})

    async def remove(self, path: str, read: Callable[[Answer], T], also: frozenset[int] = frozenset()) -> T:
        """Deletes what matters: a change. Answers of a status in `also` reach the reader too. Raises: as `send`."""
        call = Call("DELETE", self._url(path), Intent.CHANGE, {})
        return self._read(await self._answered(call, also), read, Intent.CHANGE)

    def trouble(self, intent: Intent) -> Trouble:
        """Makes the errors of a call with that intent."""
        return Trouble(self.client.provider, self.capability, intent, self.now)

    def _url(self, path: str, params: Mapping[str, str] | None = None) -> URL:
        # Encoded by the caller: a reference may hold a slash or a percent sign.
        url = URL(f"{self.url.rstrip('/')}/{path}", encoded=True)
        return url.with_query(params) if params else url

    def _post(self, path: str, body: Any, intent: Intent, headers: Mapping[str, str]) -> Call:
        return Call(
            "POST", self._url(path), intent, {"Content-Type": "application/json", **headers}, orjson.dumps(body)
        )

    async def _answered(self, call: Call, also: frozenset[int] | set[int] = frozenset()) -> Answer:
        trouble = self.trouble(call.intent)
        answer = await self.client.exchange(call, trouble)
        for _ in range(REDIRECT_LIMIT):
            if call.method != "GET" or answer.status not in REDIRECTS:
                break
            call = _redirected(call, answer, trouble)
            answer = await self.client.exchange(call, trouble)
        if 200 <= answer.status < 300 or answer.status in also:
            return answer
        raise trouble.of_status(answer)

    def _read(self, answer: Answer, read: Callable[[Answer], T], intent: Intent) -> T:
        try:
            return read(answer)
        except Misshapen as error:
            raise self.trouble(intent).nonsense(str(error)) from None


def _redirected(call: Call, answer: Answer, trouble: Trouble) -> Call:
    """The same read at another path of the same server: credentials go nowhere else."""
    try:
        target = call.url.join(URL(answer.headers.get("location", "")))
    except ValueError:
        raise trouble.nonsense("a redirect to nowhere") from None
    if not target.absolute or target.origin() != call.url.origin():
        raise trouble.nonsense(f"a redirect to {target.host}")
    return Call(call.method, target, call.intent, call.headers)


@asynccontextmanager
async def open_client(
    provider: str, limits: Limits, headers: Mapping[str, str] | None = None, answer_limit: int = ANSWER_LIMIT
) -> AsyncIterator[HttpClient]:
    """Opens the session on entry (nothing is sent yet), and closes every connection on exit.

    `headers` (credentials) go with each request and into no log; no cookie is kept, no proxy used.
    """
    connector = aiohttp.TCPConnector(limit=2 * limits.concurrency, keepalive_timeout=KEEP_ALIVE_S)
    async with aiohttp.ClientSession(
        connector=connector,
        headers={"Accept": "application/json", **(headers or {})},
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[_sent_trace()],
    ) as session:
        yield HttpClient(session, provider, limits, answer_limit)


def _sent_trace() -> aiohttp.TraceConfig:
    """Marks a call as sent from the moment it has a connection: from then on its bytes may be on the way."""
    config = aiohttp.TraceConfig()

    async def mark(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.is_sent = True

    config.on_connection_create_end.append(mark)
    config.on_connection_reuseconn.append(mark)
    return config
