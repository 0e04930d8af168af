"""Gateways on one PostgreSQL are killed, and stopped: each order ends once, and its followers miss nothing."""

import asyncio
import os
import random
import signal
import time
from collections import Counter

import aiohttp
import pytest

from tests.bench.programs import NO_LIMITS
from tests.cluster.cluster import Cluster
from tests.cluster.customers import assert_whole, buyers
from tests.cluster.drivers import taken_over_after_s
from tests.e2e.operators import count
from tests.storage.conftest import needs_postgres

# 200 orders and 10 kills by hand: it takes a minute or two.
ORDERS = int(os.environ.get("GATEWAY_TEST_ORDERS", "12"))
KILLS = int(os.environ.get("GATEWAY_TEST_KILLS", "3"))
TAKEN_OVER_S = 5.0
pytestmark = [needs_postgres, pytest.mark.timeout(240 + 4 * ORDERS)]


def _allowed_s() -> float:
    """Longer where the processors have more to do than they can."""
    return TAKEN_OVER_S * max(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0)


@pytest.mark.requirement("R7", "S5", "V8", "V9")
async def test_gateways_that_are_killed_lose_no_order_and_no_event_and_order_nothing_twice(gateways: Cluster) -> None:
    for name in "abc":
        gateways.start(name, GATEWAY_EXECUTOR_ID=name, **NO_LIMITS)
    for name in "abc":
        await gateways.programs[name].ready()
    bought = await buyers(gateways, ORDERS, orders_each=10 if ORDERS > 20 else 1)

    late_s: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        ending = asyncio.gather(*(each.to_the_end(gateways, session) for each in bought))
        # Some wait to be placed, many run, and each kill meets both.
        while sum(each.order is not None for each in bought) < ORDERS / 3:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)
        for number in range(KILLS):
            await asyncio.sleep(random.uniform(0.2, 2.0))
            name = random.choice("abc")
            gateways.kill(name)
            if number % 2:
                await asyncio.sleep(random.uniform(0.0, 1.0))
            else:
                late_s.append(await taken_over_after_s(gateways, name) - _allowed_s())
            gateways.start(name, GATEWAY_EXECUTOR_ID=name, **NO_LIMITS)
        orders = await ending

    counted = await count(gateways.operators)
    assert Counter(order["state"] for order in orders) == {"COMPLETED": ORDERS}
    assert counted.products == Counter(active=sum(len(order["items"]) for order in orders))
    assert set(counted.per_key.values()) == {1}
    assert max(late_s) <= 0
    for buyer, order in zip(bought, orders, strict=True):
        assert_whole(buyer, order)


@pytest.mark.requirement("R7", "S5")
async def test_a_gateway_that_is_stopped_is_taken_over_and_does_nothing_twice_when_it_wakes(gateways: Cluster) -> None:
    for name in "ab":
        gateways.start(name)
    for name in "ab":
        await gateways.programs[name].ready()
    bought = await buyers(gateways, 8)

    async with aiohttp.ClientSession() as session:
        ending = [asyncio.create_task(each.to_the_end(gateways, session)) for each in bought]
        while any(each.order is None for each in bought):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)
        stopped = gateways.programs.pop("a")
        stopped.send(signal.SIGSTOP)
        await asyncio.sleep(30)
        before = await count(gateways.operators)
        stopped.send(signal.SIGCONT)
        gateways.programs["a"] = stopped
        orders = await asyncio.gather(*ending)
        await asyncio.sleep(3)
        after = await count(gateways.operators)
        (more,) = await buyers(gateways, 1)
        one_more = await more.to_the_end(gateways, session)

    items = sum(len(order["items"]) for order in orders)
    assert [order["state"] for order in [*orders, one_more]] == ["COMPLETED"] * 9
    # Taken over within ten seconds, all was done before it woke; and it did nothing of that again.
    assert before.products == after.products == Counter(active=items)
    assert set(after.per_key.values()) == {1}
    assert stopped.process.poll() is None
    assert " is lost: the engine stops" in stopped.written()
    assert "RuntimeError" not in stopped.written()


async def test_a_gateway_whose_executor_id_is_in_use_says_so_and_does_not_start(gateways: Cluster) -> None:
    first = gateways.start("a", GATEWAY_EXECUTOR_ID="one")
    await first.ready()

    second = gateways.start("b", GATEWAY_EXECUTOR_ID="one")
    status = await asyncio.to_thread(second.wait, 60)

    assert status == 1
    assert second.written().splitlines()[-1] == (
        "gateway: the executor id one is in use by a gateway that runs; give each its own GATEWAY_EXECUTOR_ID"
    )
    assert first.process.poll() is None


async def test_a_gateway_that_is_asked_to_end_hands_its_orders_over_at_once(gateways: Cluster) -> None:
    for name in "ab":
        gateways.start(name)
    for name in "ab":
        await gateways.programs[name].ready()
    bought = await buyers(gateways, 6)

    async with aiohttp.ClientSession() as session:
        ending = asyncio.gather(*(each.to_the_end(gateways, session) for each in bought))
        await asyncio.sleep(0.5)
        ended = gateways.programs.pop("a")
        ended.send(signal.SIGTERM)
        status = await asyncio.to_thread(ended.wait, 20)
        ended_at = time.monotonic()
        orders = await ending
        taken_s = time.monotonic() - ended_at

    assert status == 0
    assert [order["state"] for order in orders] == ["COMPLETED"] * 6
    assert set((await count(gateways.operators)).per_key.values()) == {1}
    assert taken_s < 30
    for buyer, order in zip(bought, orders, strict=True):
        assert_whole(buyer, order)
