"""The tour's way to the gateway: HTTP for accounts and GraphQL, WebSocket for what happens live."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

REQUEST_LIMIT_S = 20.0
# The longest silence of an order that is under way.
EVENT_LIMIT_S = 60.0


class TourFailed(Exception):
    """A step did not go as it must."""


class GatewayClient:
    """One visitor: nobody until `sign_in`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._token: str | None = None

    async def post(self, path: str, body: Mapping[str, Any], expected: int) -> dict[str, Any]:
        """Plain HTTP; the JSON of the answer. Raises: TourFailed for any other status than the expected one."""
        async with self._session.post(self._url + path, json=body) as response:
            answer = await response.json(content_type=None)
            if response.status != expected or not isinstance(answer, dict):
                raise TourFailed(f"{path} answered {response.status}: {answer}")
            return answer

    async def sign_in(self, username: str, password: str) -> None:
        """From now on every request is this person's."""
        answer = await self.post("/auth/session", {"username": username, "password": password}, 200)
        self._token = str(answer["access_token"])

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A query's or mutation's data. Raises: TourFailed for an error of any kind, a user error too."""
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        body = {"query": document, "variables": dict(variables or {})}
        async with self._session.post(f"{self._url}/graphql", json=body, headers=headers) as response:
            answer = await response.json(content_type=None)
        if not isinstance(answer, dict) or answer.get("errors") or not isinstance(answer.get("data"), dict):
            raise TourFailed(f"the gateway answered {answer}")
        for payload in answer["data"].values():
            if isinstance(payload, dict) and payload.get("userErrors"):
                raise TourFailed("; ".join(f"{each['code']}: {each['message']}" for each in payload["userErrors"]))
        return dict(answer["data"])

    async def follow(self, document: str, variables: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """A subscription's data, until it is complete. Raises: TourFailed."""
        limits = aiohttp.ClientWSTimeout(ws_receive=EVENT_LIMIT_S)
        async with self._session.ws_connect(
            f"{self._url}/graphql", protocols=["graphql-transport-ws"], timeout=limits
        ) as socket:
            payload = {"authorization": f"Bearer {self._token}"} if self._token else {}
            await socket.send_json({"type": "connection_init", "payload": payload})
            await socket.receive_json()
            await socket.send_json(
                {"id": "1", "type": "subscribe", "payload": {"query": document, "variables": dict(variables)}}
            )
            while (message := await self._next(socket)) is not None:
                yield message

    @staticmethod
    async def _next(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any] | None:
        while True:
            frame = await socket.receive()
            if frame.type is not aiohttp.WSMsgType.TEXT:
                raise TourFailed(f"the gateway closed the WebSocket: {frame.data} {frame.extra or ''}")
            message = frame.json()
            if message["type"] == "complete":
                return None
            if message["type"] == "ping":
                await socket.send_json({"type": "pong"})
                continue
            if message["type"] != "next" or message["payload"].get("errors"):
                raise TourFailed(f"the gateway sent {message}")
            return dict(message["payload"]["data"])


@contextlib.asynccontextmanager
async def visiting(url: str) -> AsyncIterator[GatewayClient]:
    """A visitor of the gateway at that address."""
    limit = aiohttp.ClientTimeout(total=REQUEST_LIMIT_S)
    async with aiohttp.ClientSession(timeout=limit) as session:
        yield GatewayClient(session, url)
