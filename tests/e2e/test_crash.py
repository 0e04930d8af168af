"""Real processes are killed (SIGKILL) at each step of an order: nothing is lost, nothing is ordered twice."""

import asyncio
import contextlib
import random
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.consumer import Consumer, Data, consumer, document
from tests.e2e.operators import Counted, addresses, count, running_operators, tell_to_fail
from tests.e2e.processes import FAST, Program, clean_environment, demo, free_port, start
from tests.e2e.shopping import Basket, basket, cancel, place

FORWARD = [
    "qualify:before",
    "qualify:after",
    "place:before",
    "place:answered",
    "place:after",
    "track:before",
    "track:after",
]
ACTIVATING = ["activate:before", "activate:after"]
# With the operators gone too, what counts is what they had been told.
WHOLE = ["place:before", "place:answered", "place:after", "track:before"]
BACKWARD = ["remove:before", "remove:answered", "remove:after", "track-removal:before", "track-removal:after"]
CANCELLING = ["cancel:before", "cancel:answered", "cancel:after"]
DIES_WITHIN_S = 40.0

# Starts the gateway on the folder, with a failpoint or without ("").
Starter = Callable[[str], AbstractContextManager[Program]]


@dataclass
class Follower:
    """A subscriber that loses its connection again and again, and goes on from its cursor each time."""

    order: str
    seen: list[Data] = field(default_factory=list)

    async def follow(self, asker: Consumer) -> bool:
        """Reads until the stream is complete (True), or the gateway is gone (False)."""
        after = self.seen[-1]["cursor"] if self.seen else None
        try:
            messages = asker.follow(document("12"), {"orderId": self.order, "after": after})
            async with contextlib.aclosing(messages):
                async for message in messages:
                    if message["type"] == "complete":
                        return True
                    self.seen.append(message["payload"]["data"]["orderEvents"])
        except (aiohttp.ClientError, AssertionError, TypeError):
            return False
        return False


@dataclass
class Shopper:
    """A customer whose gateway dies in the middle of it."""

    token: str | None
    basket: Basket
    follower: Follower | None = None

    @contextlib.asynccontextmanager
    async def at(self, program: Program) -> AsyncIterator[Consumer]:
        """Its consumer of a gateway that was started anew: the token is good still."""
        async with consumer(program.url) as nobody:
            yield Consumer(nobody.session, nobody.url, self.token)

    async def go_on(self, program: Program) -> bool:
        """Sends the order again with the same key until an id comes back; then follows the order as far as it gets."""
        async with self.at(program) as asker:
            if self.follower is None:
                try:
                    self.follower = Follower(await place(asker, self.basket.given()))
                except (aiohttp.ClientError, ValueError):
                    return False
            return await self.follower.follow(asker)


async def shopper(program: Program) -> Shopper:
    """A new customer with a bundle that can be ordered."""
    async with consumer(program.url) as nobody:
        guest = await nobody.newcomer()
        return Shopper(guest.token, await basket(guest))


async def die(program: Program, failpoint: str) -> None:
    """Waits until the gateway has killed itself there."""
    try:
        status = await asyncio.to_thread(program.wait, DIES_WITHIN_S)
    except subprocess.TimeoutExpired:
        pytest.fail(f"it was to die at {failpoint}, and lives: {program.written()}")
    assert status == -signal.SIGKILL, f"it was to die at {failpoint}, and ended with {status}: {program.written()}"


async def through_all_deaths(
    starter: Starter, failpoints: list[str], begin: Callable[[Program], Awaitable[Shopper]]
) -> tuple[Shopper, Data]:
    """Begins an order, dies at each point in turn, starts again each time; the order as it ends."""
    buyer: Shopper | None = None
    for failpoint in failpoints:
        with starter(failpoint) as program:
            if buyer is None:
                await program.ready()
                buyer = await begin(program)
            following = asyncio.create_task(_keep_going(buyer, program))
            await die(program, failpoint)
            await following
    with starter("") as program:
        await program.ready()
        assert buyer is not None
        assert await buyer.go_on(program), program.written()
        async with buyer.at(program) as asker:
            assert buyer.follower is not None
            order = (await asker.run("13", id=buyer.follower.order, first=100))["order"]
    return buyer, dict(order)


async def _keep_going(buyer: Shopper, program: Program) -> None:
    while program.process.poll() is None:
        await buyer.go_on(program)
        await asyncio.sleep(0.05)


def assert_log_is_whole(buyer: Shopper, order: Data) -> None:
    """No gap and no repeat: neither in the history nor in what the subscriber saw across all deaths."""
    history = [edge["node"] for edge in order["events"]["edges"]]
    assert [event["sequence"] for event in history] == list(range(1, len(history) + 1))
    assert len({event["id"] for event in history}) == len(history)
    assert buyer.follower is not None
    assert [event["id"] for event in buyer.follower.seen] == [event["id"] for event in history]


def assert_nothing_twice(counted: Counted) -> None:
    """Each of the gateway's keys made one order."""
    assert set(counted.per_key.values()) == {1}


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """The folder of operators that outlive the gateway."""
    with running_operators(tmp_path, "0.2", "0.6") as folder:
        yield folder


@pytest.fixture
def slow_operators(tmp_path: Path) -> Iterator[Path]:
    """Operators that never get to the point of no return in a test's time."""
    with running_operators(tmp_path, "300", "300") as folder:
        yield folder


def gateway_alone(tmp_path: Path, operators: Path) -> Starter:
    """Starts `gateway serve` over operators that go on when it dies."""
    port = free_port()

    @contextlib.contextmanager
    def starter(failpoint: str) -> Iterator[Program]:
        command = ["gateway", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
        environment = clean_environment(**FAST, GATEWAY_FAILPOINT=failpoint)
        log = tmp_path / "gateway.log"
        program = start([*command, "--data", str(tmp_path / "data")], log, environment, port)
        try:
            yield program
        finally:
            program.end()

    return starter


def whole_demo(tmp_path: Path) -> Starter:
    """Starts a demo, whose operators die with it."""
    port = free_port()

    def starter(failpoint: str) -> AbstractContextManager[Program]:
        return demo(tmp_path / "data", port=port, GATEWAY_FAILPOINT=failpoint)

    return starter


@pytest.mark.requirement("F6", "R7")
@pytest.mark.timeout(240)
async def test_the_gateway_dies_at_each_step_and_the_order_is_completed_once(tmp_path: Path, operators: Path) -> None:
    # A product that can't be read at first is awaited: else it is active as soon as its order is complete.
    await tell_to_fail(
        operators, tuple(addresses(operators)), operation="product.get", kind="status", status=404, times=2
    )

    buyer, order = await through_all_deaths(gateway_alone(tmp_path, operators), FORWARD + ACTIVATING, shopper)

    items = len(order["items"])
    counted = await count(operators)
    assert (order["state"], order["completionPercent"]) == ("COMPLETED", 100)
    assert counted.orders == Counter(completed=items)
    assert counted.products == Counter(active=items)
    assert counted.actions["delete"] == 0
    assert_nothing_twice(counted)
    assert_log_is_whole(buyer, order)


@pytest.mark.requirement("F6", "R7")
@pytest.mark.timeout(240)
async def test_the_whole_demo_dies_around_a_placing_and_the_order_is_completed_once(tmp_path: Path) -> None:
    starter = whole_demo(tmp_path)
    buyer, order = await through_all_deaths(starter, WHOLE, shopper)

    items = len(order["items"])
    with starter("") as program:
        await program.ready()
        counted = await count(tmp_path / "data" / "operators")
    assert (order["state"], order["completionPercent"]) == ("COMPLETED", 100)
    assert counted.orders == Counter(completed=items)
    assert counted.products == Counter(active=items)
    assert_nothing_twice(counted)
    assert_log_is_whole(buyer, order)


@pytest.mark.requirement("F6")
@pytest.mark.timeout(240)
async def test_the_gateway_dies_at_each_step_of_an_undo_and_every_part_is_ended_once(
    tmp_path: Path, operators: Path
) -> None:
    # The content is delivered last, and fails late: by then the other parts are active.
    await tell_to_fail(operators, ("filmlyktan", "klackspark"), operation="productOrder.create", kind="fail_late")

    buyer, order = await through_all_deaths(gateway_alone(tmp_path, operators), BACKWARD, shopper)

    items = len(order["items"])
    counted = await count(operators)
    assert order["state"] == "FAILED"
    assert Counter(item["state"] for item in order["items"]) == Counter(CANCELLED=items - 1, FAILED=1)
    assert counted.actions["delete"] == items - 1
    assert counted.products["active"] == 0
    assert counted.products["terminated"] == items - 1
    assert_nothing_twice(counted)
    assert_log_is_whole(buyer, order)


@pytest.mark.requirement("F12")
@pytest.mark.timeout(240)
async def test_the_gateway_dies_at_each_step_of_a_cancellation_and_nothing_is_left(
    tmp_path: Path, slow_operators: Path
) -> None:
    async def begin(program: Program) -> Shopper:
        buyer = await shopper(program)
        async with buyer.at(program) as asker:
            order = await place(asker, buyer.basket.given())
            buyer.follower = Follower(order)
            while not (await count(slow_operators)).orders:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.05)
            with contextlib.suppress(aiohttp.ClientError):
                await cancel(asker, order)
        return buyer

    buyer, order = await through_all_deaths(gateway_alone(tmp_path, slow_operators), CANCELLING, begin)

    counted = await count(slow_operators)
    assert order["state"] == "CANCELLED"
    assert {item["state"] for item in order["items"]} == {"CANCELLED"}
    assert set(counted.orders) == {"cancelled"}
    assert counted.products["active"] == 0
    assert_nothing_twice(counted)
    assert_log_is_whole(buyer, order)


@pytest.mark.requirement("F6", "R7")
@pytest.mark.timeout(240)
async def test_the_whole_demo_is_killed_at_any_moment_and_the_order_is_completed_once(tmp_path: Path) -> None:
    chance, starter = random.Random(), whole_demo(tmp_path)
    with starter("") as program:
        await program.ready()
        buyer = await shopper(program)
        following = asyncio.create_task(_keep_going(buyer, program))
        await asyncio.sleep(chance.uniform(0.05, 1.5))
        program.send_to_group(signal.SIGKILL)
        await following
    for _ in range(2):
        with starter("") as program:
            await program.ready()
            following = asyncio.create_task(_keep_going(buyer, program))
            await asyncio.sleep(chance.uniform(0.0, 1.0))
            program.send_to_group(signal.SIGKILL)
            await following
    with starter("") as program:
        await program.ready()
        assert await buyer.go_on(program)
        async with buyer.at(program) as asker:
            assert buyer.follower is not None
            order = (await asker.run("13", id=buyer.follower.order, first=100))["order"]
        counted = await count(tmp_path / "data" / "operators")

    items = len(order["items"])
    assert order["state"] == "COMPLETED"
    assert counted.orders == Counter(completed=items)
    assert counted.products == Counter(active=items)
    assert_nothing_twice(counted)
    assert_log_is_whole(buyer, order)
    # Those of the catalogue, and the network that has not joined yet.
    assert len(addresses(tmp_path / "data" / "operators")) == 7
