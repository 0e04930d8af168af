"""HTTP to the issuer: short, small, to nowhere else than asked, with no cookie and no redirect."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from gateway.domain.errors import GatewayError

TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 2.0
ANSWER_LIMIT = 256 * 1024
CONNECTIONS = 8


class IssuerUnavailable(GatewayError):
    """The issuer gave no answer that can be used; `reason` is for operators alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IssuerHttp:
    """The connections to the issuer."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def document(self, url: str) -> Mapping[str, Any]:
        """The JSON object at that address. Raises: IssuerUnavailable."""
        status, found = await self._exchange("GET", url, {}, None)
        if status != 200:
            raise IssuerUnavailable(f"{url}: status {status}")
        return found

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON object that answer a form. Raises: IssuerUnavailable."""
        return await self._exchange("POST", url, headers, body.encode())

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, Any]]:
        try:
            async with self._session.request(
                method, url, data=body, headers={"Accept": "application/json", **headers}, allow_redirects=False
            ) as answer:
                return answer.status, _read(url, await _body(url, answer))
        except TimeoutError:
            raise IssuerUnavailable(f"{url}: no answer in {TIMEOUT_S:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise IssuerUnavailable(f"{url}: {type(error).__name__}") from None


async def _body(url: str, answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in answer.content.iter_any():
        found += chunk
        if len(found) > ANSWER_LIMIT:
            answer.close()
            raise IssuerUnavailable(f"{url}: an answer of more than {ANSWER_LIMIT} bytes")
    return bytes(found)


def _read(url: str, body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise IssuerUnavailable(f"{url}: the answer is no JSON object")
    return found


@asynccontextmanager
async def open_http() -> AsyncIterator[IssuerHttp]:
    """Connections from entry to exit; nothing is sent by itself."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=4.0)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield IssuerHttp(session)
