"""The whole program beside an identity provider: set up by its settings, followed live, and killed in between."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.processes import Program, clean_environment, free_port, start
from tests.oidc.gateway import APP, Browser
from tests.oidc.issuer import TestIssuer
from tests.oidc.server import CLIENT_ID, CLIENT_SECRET
from tests.oidc.test_links import a_code, redeemed
from tests.oidc.test_logout import told

WHO = {"query": "{ viewer { username memberships { customer { name } } } }"}
ANNA = {"viewer": {"username": "anna", "memberships": [{"customer": {"name": "Anna Example"}}]}}
FOLLOW = {"query": "subscription { customerEvents { __typename } }"}


@contextmanager
def served(folder: Path, issuer: TestIssuer, **more: str) -> Iterator[Program]:
    """The gateway over no providers, with that issuer; ended at the exit."""
    providers, secret, port = folder / "providers.json", folder / "secret", free_port()
    providers.write_text("{}")
    secret.write_text(CLIENT_SECRET + "\n")
    environment = clean_environment(
        GATEWAY_OIDC_ISSUER=issuer.address,
        GATEWAY_OIDC_CLIENT_ID=CLIENT_ID,
        GATEWAY_OIDC_CLIENT_SECRET_FILE=str(secret),
        GATEWAY_OIDC_RETURN_ADDRESSES=APP,
        **more,
    )
    command = ["gateway", "serve", "--providers", str(providers), "--data", str(folder / "data"), "--port", str(port)]
    program = start(command, folder / "serve.log", environment, port)
    issuer.callback = f"{program.url}/auth/oidc/callback"
    try:
        yield program
    finally:
        program.end()


async def asked(browser: Browser, **headers: str) -> Any:
    answer = await browser.send("POST", "/graphql", WHO, headers)
    return answer.body["data"] if answer.status == 200 else answer.body["errors"][0]["extensions"]["code"]


async def following(socket: ClientConnection, token: str) -> None:
    """Subscribes with that token; returns when the gateway follows."""
    hello = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
    for message in (hello, {"type": "subscribe", "id": "1", "payload": FOLLOW}, {"type": "ping"}):
        await socket.send(json.dumps(message))
    kinds = [json.loads(await socket.recv())["type"] for _ in range(2)]
    assert kinds == ["connection_ack", "pong"]


@pytest.mark.requirement("S1", "S2", "S7")
async def test_a_session_by_the_issuer_ends_with_it_wherever_it_is_used_and_survives_a_kill(
    tmp_path: Path, issuer: TestIssuer
) -> None:
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        with served(tmp_path, issuer) as program:
            await program.ready()
            browser, own = Browser(http, program.url), {"origin": program.url}
            await browser.signs_in()
            assert await asked(browser, **own) == ANNA
            token = (await redeemed(browser, await a_code(browser)))["access_token"]
            logout = issuer.logout_token()

            address = program.url.replace("http", "ws") + "/graphql"
            async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
                await following(socket, token)
                answer = await told(browser, logout)
                async with asyncio.timeout(5):
                    await socket.wait_closed()

            assert answer.status == 200
            assert (socket.close_code, socket.close_reason) == (4403, "Forbidden")
            assert await asked(browser, authorization=f"Bearer {token}") == "UNAUTHENTICATED"
            await browser.signs_in()
            program.process.kill()

        with served(tmp_path, issuer) as program:
            await program.ready()
            browser.address, own = program.url, {"origin": program.url}
            # The session that began just before is there, and so is the logout that came before it.
            assert await asked(browser, **own) == ANNA
            assert (await told(browser, logout)).status == 400
            assert await asked(browser, **own) == ANNA
            other = Browser(http, program.url)
            await other.signs_in()
            assert await asked(other, **own) == ANNA


async def test_the_program_starts_and_says_so_while_the_issuer_is_away(tmp_path: Path) -> None:
    away = TestIssuer(address="http://127.0.0.1:9")
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        with served(tmp_path, away) as program:
            await program.ready()
            answer = await Browser(http, program.url).get("/auth/oidc/login?return=/graphql")

            assert (answer.status, answer.problems) == (503, [(None, "ISSUER_UNAVAILABLE")])
            assert "issuer-unavailable issuer=http://127.0.0.1:9" in program.written()


async def test_who_has_no_identity_provider_at_hand_tries_the_sign_in_with_the_one_of_the_tests(tmp_path: Path) -> None:
    port = free_port()
    beside = TestIssuer(address=f"http://127.0.0.1:{port}")
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        with served(tmp_path, beside) as program:
            provider = start(["tests.oidc", program.url, str(port)], tmp_path / "issuer.log", port=port)
            try:
                await program.ready()
                browser = Browser(http, program.url)
                async with asyncio.timeout(10):
                    while f"{beside.address} signs Anna in" not in provider.written():  # noqa: ASYNC110 nobody tells
                        await asyncio.sleep(0.05)
                await browser.signs_in()

                assert await asked(browser, origin=program.url) == ANNA
            finally:
                provider.end()
