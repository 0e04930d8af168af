"""Signing in at real processes: mails outlive a crash, and what another process ends is ended everywhere."""

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.e2e.processes import Program, clean_environment, demo, start

MARIA = {"username": "maria", "password": "correct horse battery staple"}
ACCOUNT = {**MARIA, "email": "maria@example.com", "customer": {"name": "A household", "kind": "HOUSEHOLD"}}
NEW = {**MARIA, "password": "a whole new horse and battery"}
pytestmark = pytest.mark.timeout(150)


async def _post(program: Program, path: str, body: object) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.post(f"{program.url}{path}", json=body) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else None


def _mailed(data: Path) -> list[str]:
    return [path.read_text() for path in sorted(data.glob("mail/*.eml"))]


async def _mail(data: Path) -> str:
    async with asyncio.timeout(40):
        while not (found := await asyncio.to_thread(_mailed, data)):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.1)
    return found[0]


@pytest.mark.requirement("S1")
async def test_who_asked_for_a_reset_gets_the_mail_though_the_gateway_was_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data) as first:
        await first.ready()
        assert (await _post(first, "/auth/accounts", ACCOUNT))[0] == 201
        asked = await _post(first, "/auth/password/reset", {"email": "maria@example.com"})
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()

    with demo(data) as second:
        await second.ready()
        mail = await _mail(data)
        token = re.search(r"^[A-Za-z0-9_-]{43}$", mail, re.MULTILINE)
        assert token is not None
        done = await _post(second, "/auth/password", {"token": token[0], "password": NEW["password"]})
        answers = [await _post(second, "/auth/session", body) for body in (MARIA, NEW)]

    assert (asked, done) == ((202, {}), (204, None))
    assert [status for status, _ in answers] == [401, 200]
    assert "To: maria@example.com" in mail


@pytest.mark.requirement("S7")
async def test_the_operators_command_ends_a_persons_connections_at_a_running_gateway(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data) as program:
        await program.ready()
        await _post(program, "/auth/accounts", ACCOUNT)
        _, tokens = await _post(program, "/auth/session", MARIA)
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        address = program.url.replace("http", "ws", 1) + "/graphql"

        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": bearer}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            command = ["gateway", "account", "end-sessions", "maria", "--data", str(data)]
            ended = start(command, tmp_path / "command.log", clean_environment())
            status = await asyncio.to_thread(ended.process.wait, 30)
            async with asyncio.timeout(6):
                await socket.wait_closed()

    assert (status, socket.close_code) == (0, 4403)
    assert (tmp_path / "command.log").read_text() == "maria: 1 session has ended\n"
