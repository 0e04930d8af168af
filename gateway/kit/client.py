"""HTTP to one provider: one session with keep-alive, bounded in connections, time and size, on one event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from yarl import URL

from gateway.contract import Limits
from gateway.kit.addresses import AddressRefused, socket_factory
from gateway.kit.answers import Answer, Misshapen
from gateway.kit.calls import Call
from gateway.kit.credentials import Credentials, OAuthClient
from gateway.kit.tokens import Token, Tokens
from gateway.kit.trouble import Intent, Now, Trouble

T = TypeVar("T")

# Below uvicorn's five seconds: a connection that the provider is about to close is not used for a change.
KEEP_ALIVE_S = 4.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECT_LIMIT = 3

alarms = logging.getLogger("gateway.alarms")

# The trace and nothing beside it: baggage may hold what is none of a provider's business.
_trace_context = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Sessions:
    """Connections with encryption, and those without: they may go to different places."""

    encrypted: aiohttp.ClientSession
    plain: aiohttp.ClientSession


class HttpClient:
    """The connections to one provider; used from the event loop it was opened on. `calls` counts the requests."""

    def __init__(self, sessions: Sessions, provider: str, limits: Limits, oauth_client: OAuthClient | None) -> None:
        self.provider = provider
        self.limits = limits
        self.calls = 0
        self._sessions = sessions
        self._tokens = Tokens(oauth_client, provider, self._send) if oauth_client else None
        self._loop = asyncio.get_running_loop()

    async def exchange(self, call: Call, trouble: Trouble) -> Answer:
        """The provider's answer, whatever its status. Raises: Unavailable, OutcomeUnknown, ContractBroken."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(f"the client of {self.provider} belongs to another event loop")
        if self._tokens is None:
            return await self._send(call, trouble)
        return await self._send_with_token(call, trouble, self._tokens)

    async def close(self) -> None:
        """Ends what no call waits for; the connections are closed by who opened them."""
        if self._tokens is not None:
            await self._tokens.close()

    async def _send_with_token(self, call: Call, trouble: Trouble, tokens: Tokens) -> Answer:
        token = await tokens.current(trouble.now)
        answer = await self._send(_bearing(call, token), trouble)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            another = await tokens.another(token, trouble.now)
            if another is None:
                return answer
            # Nothing was done: a change may be sent again, too.
            token, answer = another, await self._send(_bearing(call, another), trouble)
        token.was_good = answer.status != HTTPStatus.UNAUTHORIZED
        return answer

    async def _send(self, call: Call, trouble: Trouble) -> Answer:
        self.calls += 1
        trace = SimpleNamespace(is_sent=False)
        try:
            return await self._exchange(call, trouble, trace)
        except TimeoutError:
            raise trouble.lost("no answer in time", trace.is_sent) from None
        except (aiohttp.ClientError, OSError) as error:
            if (refusal := _refusal(error)) is not None:
                alarms.error("address-refused provider=%s host=%s", self.provider, call.url.host)
            raise trouble.lost(refusal or type(error).__name__, trace.is_sent) from None

    async def _exchange(self, call: Call, trouble: Trouble, trace: SimpleNamespace) -> Answer:
        limits, sent = self.limits.of(trouble.capability), dict(call.headers)
        _trace_context.inject(sent)
        session = self._sessions.encrypted if call.url.scheme == "https" else self._sessions.plain
        async with session.request(
            call.method, call.url, data=call.body, headers=sent, allow_redirects=False,
            timeout=_timeout(limits, call.intent), trace_request_ctx=trace,
        ) as response:  # fmt: skip
            headers = {name.lower(): value for name, value in response.headers.items()}
            body = await self._body(response, trouble, call.answer_bytes or limits.answer_bytes)
            return Answer(response.status, headers, body, limits.answer_depth)

    async def _body(self, response: aiohttp.ClientResponse, trouble: Trouble, limit: int) -> bytes:
        found = bytearray()
        # Unpacked as it is read, a piece at a time: a small body that unpacks to a huge one ends here, too.
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > limit:
                response.close()
                found.clear()
                raise trouble.nonsense(f"an answer of more than {limit} bytes")
        return bytes(found)


def _timeout(limits: Limits, intent: Intent) -> aiohttp.ClientTimeout:
    total = limits.change_timeout_s if intent is Intent.CHANGE else limits.read_timeout_s
    return aiohttp.ClientTimeout(total=total, connect=min(limits.connect_timeout_s, total))


@dataclass(frozen=True, slots=True)
class Area:
    """One of the provider's APIs, for one capability: the verbs, each saying what may have happened when they fail.

    Each takes a reader, which gets the Answer and raises Misshapen for one that makes no sense. `answer_bytes` bounds
    the answers of this area closer (or less closely) than the client's limits.
    """

    client: HttpClient
    capability: str
    url: str
    now: Now
    answer_bytes: int | None = None

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
        call = self._carrying("POST", path, body, Intent.QUESTION, {})
        return self._read(await self._answered(call, also), read, Intent.QUESTION)

    async def send(
        self,
        path: str,
        body: Any,
        read: Callable[[Answer], T],
        key: str | None = None,
        also: frozenset[int] = frozenset(),
        method: str = "POST",
    ) -> T:
        """Sends a change, of which `key` goes into `Idempotency-Key`; answers of a status in `also` are read, too.

        Raises: Rejected, Unavailable, OutcomeUnknown, ContractBroken.
        """
        call = self._carrying(method, path, body, Intent.CHANGE, {"Idempotency-Key": key} if key else {})
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

    def _carrying(self, method: str, path: str, body: Any, intent: Intent, headers: Mapping[str, str]) -> Call:
        return Call(
            method, self._url(path), intent, {"Content-Type": "application/json", **headers}, orjson.dumps(body)
        )

    async def _answered(self, call: Call, also: frozenset[int] | set[int] = frozenset()) -> Answer:
        trouble, call = self.trouble(call.intent), replace(call, answer_bytes=self.answer_bytes)
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
    return replace(call, url=target)


@asynccontextmanager
async def open_client(
    provider: str, limits: Limits, credentials: Credentials | None = None, resolver: AbstractResolver | None = None
) -> AsyncIterator[HttpClient]:
    """Opens the sessions on entry (nothing is sent yet), and closes every connection on exit.

    `credentials` go with each request and into no log; no cookie is kept, no proxy used. No connection goes where
    `limits.outbound` does not let it; names are looked up by the system, or by `resolver`.
    """
    credentials = credentials or Credentials()
    async with (
        _session(limits, credentials, resolver, is_encrypted=True) as encrypted,
        _session(limits, credentials, resolver, is_encrypted=False) as plain,
    ):
        client = HttpClient(Sessions(encrypted, plain), provider, limits, credentials.oauth_client)
        try:
            yield client
        finally:
            await client.close()


def _session(
    limits: Limits, credentials: Credentials, resolver: AbstractResolver | None, *, is_encrypted: bool
) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=2 * limits.concurrency,
        keepalive_timeout=KEEP_ALIVE_S,
        resolver=resolver,
        socket_factory=socket_factory(limits.outbound, is_encrypted=is_encrypted),
    )
    return aiohttp.ClientSession(
        connector=connector,
        headers={"Accept": "application/json", **credentials.headers},
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[_sent_trace()],
    )


def _bearing(call: Call, token: Token) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {token.text}"})


def _refusal(error: aiohttp.ClientError | OSError) -> str | None:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return str(cause) if isinstance(cause, AddressRefused) else None


def _sent_trace() -> aiohttp.TraceConfig:
    """Marks a call as sent from the moment it has a connection: from then on its bytes may be on the way."""
    config = aiohttp.TraceConfig()

    async def mark(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.is_sent = True

    config.on_connection_create_end.append(mark)
    config.on_connection_reuseconn.append(mark)
    return config
