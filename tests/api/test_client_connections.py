"""What a service client keeps open is its own, and ends with its client and its secret."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection

from gateway.api.auth import AuthParts, AuthSettings, Identity, open_auth
from gateway.domain.clients import ClientScope
from gateway.usecases import clients
from gateway.usecases.clients import NewSecret
from tests.api.running import Running, begun, running, said, send
from tests.federation.scripted import offering

ALL = frozenset(ClientScope)


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Running, AuthParts]]:
    """A gateway that takes real tokens, and looks ten times a second whether they are still good."""
    monkeypatch.setattr("gateway.api.transports.liveness.SWEEP_S", 0.1)
    async with (
        running(tmp_path, [offering("nord", "o-1")], beat_s=0.3) as gateway,
        open_auth(gateway.core, tmp_path, AuthSettings()) as auth,
    ):
        real = Identity(auth)
        for name in ("caller_of_request", "caller_of_token", "is_live"):
            monkeypatch.setattr(gateway.tokens, name, getattr(real, name))
        yield gateway, auth


def _token(auth: AuthParts, made: NewSecret) -> str:
    client = made.client.caller(made.client.scopes, made.client.generation)
    return auth.tokens.issue_for_client(client, auth.core.clock.now())


async def _closed(socket: ClientConnection) -> int:
    """The code that the gateway closes it with."""
    async with asyncio.timeout(5):
        await socket.wait_closed()
    return socket.close_code or 0


async def _end(core: Any, made: NewSecret) -> None:
    await clients.end_client(core, made.client.id)


async def _rotate_at_once(core: Any, made: NewSecret) -> None:
    await clients.rotate_secret(core, made.client.id, timedelta())


async def _let_the_grace_pass(core: Any, made: NewSecret) -> None:
    await clients.rotate_secret(core, made.client.id, timedelta(minutes=5))
    core.clock.advance(minutes=5)  # nobody is woken


@pytest.mark.requirement("S6")
@pytest.mark.parametrize("change", [_end, _rotate_at_once, _let_the_grace_pass])
async def test_a_clients_connections_end_with_what_they_came_by(served: tuple[Running, AuthParts], change: Any) -> None:
    gateway, auth = served
    acme = await clients.create_client(gateway.core, "acme", ALL)
    other = await clients.create_client(gateway.core, "other", ALL)

    async with gateway.socket() as socket, gateway.socket() as others:
        await begun(socket, {"authorization": f"Bearer {_token(auth, acme)}"})
        await begun(others, {"authorization": f"Bearer {_token(auth, other)}"})
        await change(gateway.core, acme)
        code = await _closed(socket)
        await send(others, {"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}})
        assert (await said(others))["type"] == "next"

    assert code == 4403


async def test_a_connection_is_renewed_by_its_own_client_alone(served: tuple[Running, AuthParts]) -> None:
    gateway, auth = served
    acme, other = [await clients.create_client(gateway.core, name, ALL) for name in ("acme", "other")]

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": f"Bearer {_token(auth, acme)}"})
        gateway.clock.advance(minutes=5)
        await send(socket, {"type": "ping", "payload": {"authorization": f"Bearer {_token(auth, acme)}"}})
        pong = await said(socket)
        await send(socket, {"type": "ping", "payload": {"authorization": f"Bearer {_token(auth, other)}"}})
        code = await _closed(socket)

    assert pong == {"type": "pong", "payload": {"expiresAt": "2026-03-01T12:20:00+00:00"}}
    assert code == 4403


async def test_a_reserved_stream_is_its_clients_own(served: tuple[Running, AuthParts]) -> None:
    gateway, auth = served
    acme, other = [await clients.create_client(gateway.core, name, ALL) for name in ("acme", "other")]

    async def claim(token: str, headers: dict[str, str]) -> int:
        wanted = {"accept": "text/event-stream", "x-graphql-event-stream-token": token, **headers}
        async with gateway.http.get(f"{gateway.address}/graphql", headers=wanted) as response:
            return response.status

    mine, others = ({"authorization": f"Bearer {_token(auth, each)}"} for each in (acme, other))
    async with gateway.http.put(f"{gateway.address}/graphql", headers=mine) as response:
        token = await response.text()

    assert [await claim(token, others), await claim(token, {}), await claim(token, mine)] == [404, 404, 200]


async def test_a_token_that_is_good_no_more_is_refused_in_oauths_words(served: tuple[Running, AuthParts]) -> None:
    gateway, auth = served
    acme = await clients.create_client(gateway.core, "acme", ALL)
    headers = {"authorization": f"Bearer {_token(auth, acme)}"}
    await clients.end_client(gateway.core, acme.client.id)

    async with gateway.http.post(
        f"{gateway.address}/graphql", json={"query": "{ __typename }"}, headers=headers
    ) as got:
        answer = await got.json(content_type=None)

    assert (got.status, got.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_subscription_by_get_needs_a_cookie_whoever_asks(served: tuple[Running, AuthParts]) -> None:
    gateway, auth = served
    acme = await clients.create_client(gateway.core, "acme", ALL)
    headers = {"authorization": f"Bearer {_token(auth, acme)}", "accept": "text/event-stream"}
    address = f"{gateway.address}/graphql?query=subscription{{customerEvents{{id}}}}"

    async with aiohttp.ClientSession() as http, http.get(address, headers=headers) as response:
        assert response.status == 405
