"""The gateway is killed around an operator's retry: between the look and the commit nothing has happened, after the
commit all of it has, once.
"""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.consumer import Consumer, Data, consumer
from tests.e2e.operators import addresses, calls, count, mend, running_operators, tell_to_fail
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.e2e.shopping import basket, place
from tests.e2e.test_operations import SECONDS, operation

# Once held, only a person's retry moves an item within this test.
SLOW_TO_LOOK = {
    "GATEWAY_ORDER_ANSWER_S": "2",
    "GATEWAY_ORDER_HELD_POLL_S": "3600",
    "GATEWAY_PROVIDER_BREAKER_FAILURES": "100",
}
# As the operators' entries declare, and a little more.
SETTLED_S = 5.5
PLACING, LOOKING = "productOrder.create", "productOrder.list"


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """The folder of operators that outlive the gateway."""
    with running_operators(tmp_path, "0.2", "0.6") as folder:
        yield folder


@dataclass
class Night:
    """A gateway, its customer's held order, and who decides about it."""

    folder: Path
    operators: Path
    port: int
    program: Program | None = None
    customer: str | None = None
    client: str | None = None
    order: str = ""
    held: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "data" / "gateway.db"

    async def begin(self) -> None:
        """Starts the gateway, on what it left."""
        command = ["gateway", "serve", "--providers", str(self.operators / "providers.json"), "--port", str(self.port)]
        environment = clean_environment(**FAST, **SLOW_TO_LOOK)
        log = self.folder / "gateway.log"
        self.program = start([*command, "--data", str(self.folder / "data")], log, environment, self.port)
        await self.program.ready()

    def kill(self) -> None:
        """As a power cut does."""
        assert self.program is not None
        self.program.send_to_group(signal.SIGKILL)
        self.program.wait()

    @contextlib.asynccontextmanager
    async def at(self, token: str | None) -> AsyncIterator[Consumer]:
        """Whoever has that token."""
        async with consumer(f"http://127.0.0.1:{self.port}") as nobody:
            yield Consumer(nobody.session, nobody.url, token)

    async def hold(self) -> None:
        """Each part's order gets lost on its way, until it is held; then all is well again."""
        everybody = tuple(addresses(self.operators))
        await tell_to_fail(self.operators, everybody, operation=PLACING, kind="drop_before")
        async with self.at(None) as nobody:
            guest = await nobody.newcomer()
            self.customer = guest.token
            self.client = await _tool(self.folder / "data", nobody)
            self.order = await place(guest, (await basket(guest)).given())
        while (await self.seen())["state"] != "HELD":  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.1)
        self.held = [item["id"] for item in (await self.seen())["items"] if item["hold"]]
        await mend(self.operators, everybody)
        await asyncio.sleep(SETTLED_S)

    async def seen(self) -> Data:
        """The order as operations sees it."""
        async with self.at(self.client) as tool:
            found = await tool.ask(operation("operations-order"), {"id": self.order, "first": 100})
            return dict(found["operationsOrder"])

    async def retry(self) -> Data:
        """Of the item that was held first; always with the same key."""
        return await self._retry(self.held[0])

    async def retry_rest(self) -> None:
        """Of those that were held beside it."""
        for item in self.held[1:]:
            assert (await self._retry(item))["userErrors"] == []

    async def _retry(self, item: str) -> Data:
        given = {"orderId": self.order, "itemId": item, "reason": "Back", "idempotencyKey": f"ticket {item}"}
        async with self.at(self.client) as tool:
            answer = await tool.ask(operation("operations-retry-order-item"), {"input": given})
            return dict(answer["retryOrderItem"])

    async def ended(self) -> Data:
        """The order once it has ended, as its customer sees it."""
        async with self.at(self.customer) as guest, asyncio.timeout(SECONDS):
            while True:
                found = (await guest.run("13", id=self.order, first=100))["order"]
                if found["state"] in {"COMPLETED", "FAILED", "PARTIAL", "CANCELLED"}:
                    return dict(found)
                await asyncio.sleep(0.1)

    def retries(self) -> int:
        """How many are stored."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as connection:
            (found,) = connection.execute("SELECT count(*) FROM order_step WHERE step = 'retry'").fetchone()
        return int(found)


async def _tool(data: Path, nobody: Consumer) -> str:
    command = [sys.executable, "-m", "gateway", "client", "add", "night", "--scope", "operations", "--data", str(data)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=clean_environment())
    output, _ = await process.communicate()
    client_id, secret = (line.split()[-1] for line in output.decode().splitlines()[:2])
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    async with nobody.session.post(f"{nobody.url}/auth/token", data=form) as response:
        return str((await response.json())["access_token"])


@pytest.fixture
async def night(tmp_path: Path, operators: Path) -> AsyncIterator[Night]:
    night = Night(tmp_path, operators, free_port())
    try:
        await night.begin()
        await night.hold()
        yield night
    finally:
        if night.program is not None:
            night.program.end()


async def _assert_delivered_once(night: Night) -> None:
    ended = await night.ended()
    counted = await count(night.operators)
    assert ended["state"] == "COMPLETED"
    assert counted.products == Counter(active=len(ended["items"]))
    assert set(counted.per_key.values()) == {1}
    history = [edge["node"]["sequence"] for edge in ended["events"]["edges"]]
    assert history == list(range(1, len(history) + 1))
    steps = [edge["node"] for edge in (await night.seen())["steps"]["edges"]]
    told = [(each["step"], each["outcome"]) for each in steps if each["step"] == "retry"]
    assert told == [("retry", "NEW_ATTEMPT")] * len(night.held)


@pytest.mark.requirement("R7")
@pytest.mark.timeout(180)
async def test_a_gateway_that_dies_between_the_look_and_its_commit_has_done_nothing_and_the_same_retry_is_good(
    night: Night,
) -> None:
    before, looks = await night.seen(), await calls(night.operators, LOOKING)
    with contextlib.closing(sqlite3.connect(night.database, timeout=30, isolation_level=None)) as connection:
        # Nobody can commit from here on: the look is done, and what follows waits.
        connection.execute("BEGIN IMMEDIATE")
        asking = asyncio.create_task(night.retry())
        while await calls(night.operators, LOOKING) == looks:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        night.kill()
        connection.execute("ROLLBACK")
    with pytest.raises(aiohttp.ClientError):
        await asking
    assert (night.retries(), (await count(night.operators)).orders) == (0, Counter())

    await night.begin()
    after = await night.seen()
    answer = await night.retry()
    await night.retry_rest()

    assert (after["items"], after["steps"]) == (before["items"], before["steps"])
    assert answer["userErrors"] == []
    await _assert_delivered_once(night)


@pytest.mark.requirement("R7")
@pytest.mark.timeout(180)
async def test_a_gateway_that_dies_right_after_the_commit_goes_on_with_the_new_attempt_once(night: Night) -> None:
    asking = asyncio.create_task(night.retry())
    while not await asyncio.to_thread(night.retries):
        pass
    night.kill()
    await asyncio.gather(asking, return_exceptions=True)

    await night.begin()
    await night.retry_rest()
    ended = await night.ended()
    again = await night.retry()

    assert (ended["state"], again["userErrors"]) == ("COMPLETED", [])
    await _assert_delivered_once(night)
