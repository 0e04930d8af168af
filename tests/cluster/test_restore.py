"""A copy of PostgreSQL, made while gateways ran, goes on with the orders that were in flight."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.cluster.cluster import cluster
from tests.cluster.customers import Buyer, buyers
from tests.cluster.dumps import dump, needs_dumps, restore
from tests.e2e.operators import count, running_operators
from tests.storage.conftest import needs_postgres, new_database

pytestmark = [needs_postgres, needs_dumps, pytest.mark.timeout(240)]
ORDERS = 4


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """Operators that take their time, so that the copy is made in the middle of the orders."""
    with running_operators(tmp_path, "3", "4") as folder:
        yield folder


@pytest.mark.requirement("S5", "R7")
async def test_a_restored_copy_goes_on_with_the_orders_in_flight_and_orders_nothing_twice(
    tmp_path: Path, operators: Path, postgres_server: str
) -> None:
    lived, restored = new_database(postgres_server), new_database(postgres_server)
    with cluster(tmp_path, operators, GATEWAY_DATABASE_URL=lived) as gateways:
        for name in "ab":
            gateways.start(name)
        for name in "ab":
            await gateways.programs[name].ready()
        bought = await buyers(gateways, ORDERS)
        async with aiohttp.ClientSession() as session:
            following = [asyncio.create_task(each.to_the_end(gateways, session)) for each in bought]
            while len((await count(operators)).per_key) < ORDERS:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.05)
            await asyncio.to_thread(dump, lived, tmp_path / "copy")
            # What happens from here on, the copy does not know.
            await asyncio.sleep(3)
            for each in following:
                each.cancel()
            await asyncio.gather(*following, return_exceptions=True)
        for name in "ab":
            gateways.kill(name)

        await asyncio.to_thread(restore, tmp_path / "copy", restored)
        # One of two: what the other one drove is taken over.
        del gateways.programs["b"]
        gateways.start("a", GATEWAY_DATABASE_URL=restored)
        await gateways.programs["a"].ready()
        async with aiohttp.ClientSession() as session:
            # The order is looked for by its key: who ordered may not have been told of it yet.
            again = [Buyer(each.token, each.basket) for each in bought]
            orders = await asyncio.gather(*(each.to_the_end(gateways, session) for each in again))
        counted = await count(operators)

    assert [order["state"] for order in orders] == ["COMPLETED"] * ORDERS
    assert counted.products == Counter(active=sum(len(order["items"]) for order in orders))
    assert set(counted.per_key.values()) == {1}
    for order in orders:
        history = [edge["node"]["sequence"] for edge in order["events"]["edges"]]
        assert history == list(range(1, len(history) + 1))
