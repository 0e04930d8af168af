"""A new version of the saga beside the old one, and after it: who goes on with orders that the old one began."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.customers import Buyer, assert_whole, buyers
from tests.cluster.renewed import NOTES, VERSION
from tests.e2e.operators import count
from tests.storage.conftest import needs_postgres

pytestmark = [needs_postgres, pytest.mark.timeout(240)]
ORDERS = 4
NEW = "tests.cluster.renewed"


async def _begun(gateways: Cluster) -> list[Buyer]:
    """So many orders that the old version, `a`, drives alone."""
    gateways.start("a")
    await gateways.programs["a"].ready()
    return await buyers(gateways, ORDERS)


async def _placed(gateways: Cluster, bought: list[Buyer]) -> None:
    while len((await count(gateways.operators)).per_key) < len(bought):  # noqa: ASYNC110 nobody tells
        await asyncio.sleep(0.02)


async def _replaced(gateways: Cluster, tmp_path: Path, **environment: str) -> Path:
    """The old version is told to end, and the new one, `b`, runs; the file of its notes."""
    notes = tmp_path / "notes"
    notes.touch()
    old = gateways.programs.pop("a")
    gateways.start("b", NEW, **{NOTES: str(notes), **environment})
    old.send(signal.SIGTERM)
    assert await asyncio.to_thread(old.wait, 30) == 0
    await gateways.programs["b"].ready()
    return notes


@pytest.mark.requirement("R7", "S5")
async def test_a_new_version_of_the_steps_goes_on_with_the_orders_that_the_old_one_began(
    tmp_path: Path, gateways: Cluster
) -> None:
    bought = await _begun(gateways)
    async with aiohttp.ClientSession() as session:
        ending = asyncio.gather(*(each.to_the_end(gateways, session) for each in bought))
        await _placed(gateways, bought)
        notes = await _replaced(gateways, tmp_path)
        orders = await ending

    taken = {line.split()[0] for line in notes.read_text().splitlines()}
    assert [order["state"] for order in orders] == ["COMPLETED"] * ORDERS
    assert taken
    assert taken <= {each.order for each in bought}
    assert set((await count(gateways.operators)).per_key.values()) == {1}
    for buyer, order in zip(bought, orders, strict=True):
        assert_whole(buyer, order)


async def test_orders_of_before_a_raised_version_wait_for_a_gateway_of_the_old_one_and_new_ones_do_not(
    tmp_path: Path, gateways: Cluster
) -> None:
    bought = await _begun(gateways)
    async with aiohttp.ClientSession() as session:
        ending = asyncio.gather(*(each.to_the_end(gateways, session) for each in bought))
        await _placed(gateways, bought)
        notes = await _replaced(gateways, tmp_path, **{VERSION: "2"})
        (newer,) = await buyers(gateways, 1)
        new = await newer.to_the_end(gateways, session)
        begun_by_new = {line.split()[0] for line in notes.read_text().splitlines()}

        gateways.start("a")
        await gateways.programs["a"].ready()
        orders = await ending

    assert new["state"] == "COMPLETED"
    assert begun_by_new == {newer.order}
    assert [order["state"] for order in orders] == ["COMPLETED"] * ORDERS
    assert set((await count(gateways.operators)).per_key.values()) == {1}
