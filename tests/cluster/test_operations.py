"""An order that one gateway drives is decided about at another, also when the first is killed at that moment."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster, cluster
from tests.e2e.consumer import Consumer, Data, consumer
from tests.e2e.operators import addresses, count, tell_to_fail
from tests.e2e.processes import clean_environment
from tests.e2e.shopping import basket, place
from tests.e2e.test_operations import IMPATIENT, SECONDS, operation
from tests.storage.conftest import needs_postgres, new_database

pytestmark = [needs_postgres, pytest.mark.timeout(240)]


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("is_killed", [False, True])
async def test_what_is_decided_at_one_gateway_counts_for_the_one_that_drives(
    tmp_path: Path, operators: Path, postgres_server: str, is_killed: bool
) -> None:
    database = new_database(postgres_server)
    with cluster(tmp_path, operators, GATEWAY_DATABASE_URL=database, **IMPATIENT) as gateways:
        await _start(gateways, "a")
        await tell_to_fail(operators, tuple(addresses(operators)), operation="productOrder.create", kind="never_finish")
        async with consumer(gateways.programs["a"].url) as nobody:
            customer = await nobody.newcomer()
            order = await place(customer, (await basket(customer)).given())
            await _until(customer, order, {"HELD"})
            await _start(gateways, "b")
            tool = await _tool(gateways, nobody, "b")

            given = {"orderId": order, "reason": "It never ends", "idempotencyKey": "ticket-1"}
            answer = await tool.ask(operation("fail-order"), {"input": given})
            if is_killed:
                gateways.kill("a")
            there = Consumer(nobody.session, gateways.programs["b"].url, customer.token)
            ended = await _until(there, order, {"FAILED", "CANCELLED", "COMPLETED", "PARTIAL"})

    assert answer["failOrder"]["userErrors"] == []
    assert ended["state"] == "FAILED"
    counted = await count(operators)
    assert (counted.products["active"], set(counted.per_key.values())) == (0, {1})


async def _start(gateways: Cluster, name: str) -> None:
    gateways.start(name)
    await gateways.programs[name].ready()


async def _until(asker: Consumer, order: str, states: set[str]) -> Data:
    async with asyncio.timeout(SECONDS):
        while True:
            found = (await asker.run("13", id=order, first=1))["order"]
            if found["state"] in states:
                return dict(found)
            await asyncio.sleep(0.2)


async def _tool(gateways: Cluster, nobody: Consumer, name: str) -> Consumer:
    """A service client for operations, made by the command and signed in at that gateway."""
    told = {**gateways.environment, "GATEWAY_DATA": str(gateways.folder / name)}
    command = [sys.executable, "-m", "gateway", "client", "add", "tool", "--scope", "operations"]
    program = await asyncio.create_subprocess_exec(
        *command, env=clean_environment(**told), stdout=asyncio.subprocess.PIPE
    )
    printed = (await program.communicate())[0].decode()
    client_id, secret = (
        line.split()[-1] for line in printed.splitlines() if line.split()[:1] in (["client_id"], ["client_secret"])
    )
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    url = gateways.programs[name].url
    async with nobody.session.post(f"{url}/auth/token", data=form) as response:
        return Consumer(nobody.session, url, (await response.json())["access_token"])
