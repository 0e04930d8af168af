"""The machine's clock is set while orders run: nothing is held, spared or forgotten for it."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.clocked import OFFSET_FILE, set_clock
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.operators import addresses, count, mend, running_operators, tell_to_fail
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.e2e.shopping import basket, place

HOUR_S = 3600.0
# A circuit opens soon, and half-opens soon by a clock that is not set.
QUICK = {"GATEWAY_PROVIDER_BREAKER_FAILURES": "2", "GATEWAY_PROVIDER_BREAKER_OPEN_S": "1"}


@dataclass
class Visitor:
    """A person who signs in, and goes on with a refresh token when the access token is no good."""

    nobody: Consumer
    refresh_token: str = ""
    token: str | None = None

    async def comes(self) -> None:
        username, password = f"guest-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
        await self.nobody.sign_up(username, password)
        await self._takes("/auth/session", {"username": username, "password": password})

    async def refreshes(self) -> None:
        await self._takes("/auth/refresh", {"refresh_token": self.refresh_token})

    async def _takes(self, path: str, given: dict[str, str]) -> None:
        status, answer = await self.nobody.post(path, given)
        assert status == 200, answer
        self.token, self.refresh_token = answer["access_token"], answer["refresh_token"]

    @property
    def asker(self) -> Consumer:
        return Consumer(self.nobody.session, self.nobody.url, self.token)


@contextlib.contextmanager
def clocked(tmp_path: Path, operators: Path) -> Iterator[tuple[Program, Path]]:
    """`gateway serve`, and the file that its clock is set by."""
    port, offset = free_port(), tmp_path / "offset"
    command = ["tests.e2e.clocked", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
    environment = clean_environment(**FAST, **QUICK, **{OFFSET_FILE: str(offset)})
    program = start([*command, "--data", str(tmp_path / "data")], tmp_path / "gateway.log", environment, port)
    try:
        yield program, offset
    finally:
        program.end()


async def ended(asker: Consumer, order: str) -> str:
    """How the order ends, or that it is held."""
    async with asyncio.timeout(30):
        while True:
            state = (await asker.run("13", id=order, first=100))["order"]["state"]
            if state in {"COMPLETED", "FAILED", "HELD"}:
                return str(state)
            await asyncio.sleep(0.2)


async def has_begun(asker: Consumer, order: str) -> None:
    """Waits until a provider is being asked for a part of it."""
    async with asyncio.timeout(20):
        while (await asker.run("13", id=order, first=100))["order"]["state"] != "IN_PROGRESS":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.requirement("R7", "S1")
@pytest.mark.timeout(120)
async def test_a_clock_that_is_set_forward_and_back_holds_no_order_and_ends_no_session(tmp_path: Path) -> None:
    with running_operators(tmp_path, "0.2", "0.4") as operators, clocked(tmp_path, operators) as (program, offset):
        everyone = tuple(addresses(operators))
        await program.ready()
        async with consumer(program.url) as nobody:
            visitor = Visitor(nobody)
            await visitor.comes()
            states = []
            for by_s in (HOUR_S, 0.0):
                given = (await basket(visitor.asker)).given()
                await tell_to_fail(operators, everyone, operation="productOrder.create", kind="drop_before")
                order = await place(visitor.asker, given)
                await has_begun(visitor.asker, order)
                await asyncio.sleep(1)
                set_clock(offset, by_s)
                await visitor.refreshes()
                await asyncio.sleep(1)
                await mend(operators, everyone)
                states.append(await ended(visitor.asker, order))
        counted = await count(operators)
        assert program.process.poll() is None

    assert states == ["COMPLETED", "COMPLETED"]
    assert set(counted.per_key.values()) == {1}
    assert set(counted.products) == {"active"}
