"""Gateways on one PostgreSQL whose clocks differ by an hour: nobody takes over for it, and nothing is held for it."""

import asyncio
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.e2e.clocked import OFFSET_FILE
from tests.e2e.consumer import consumer
from tests.e2e.operators import addresses, count, mend, tell_to_fail
from tests.e2e.shopping import basket, place
from tests.e2e.test_clocks import Visitor, ended, has_begun
from tests.storage.conftest import needs_postgres

pytestmark = [needs_postgres, pytest.mark.timeout(240)]


@pytest.mark.requirement("R7", "S5")
async def test_an_order_is_taken_over_from_a_gateway_whose_clock_is_an_hour_slow_and_only_when_it_is_dead(
    gateways: Cluster, tmp_path: Path
) -> None:
    everyone = tuple(addresses(gateways.operators))
    for name, by_s in (("slow", -3600.0), ("right", 0.0)):
        (tmp_path / f"{name}.offset").write_text(str(by_s))
        gateways.start(name, "tests.e2e.clocked", **{OFFSET_FILE: str(tmp_path / f"{name}.offset")})
    for program in gateways.programs.values():
        await program.ready()
    async with (
        consumer(gateways.programs["slow"].url) as at_slow,
        consumer(gateways.programs["right"].url) as at_right,
    ):
        visitor = Visitor(at_slow)
        await visitor.comes()
        given = (await basket(visitor.asker)).given()
        await tell_to_fail(gateways.operators, everyone, operation="productOrder.create", kind="drop_before")
        order = await place(visitor.asker, given)
        await has_begun(visitor.asker, order)
        await asyncio.sleep(4)
        logs = [program.written() for program in gateways.programs.values()]

        gateways.kill("slow")
        visitor.nobody = at_right
        await visitor.refreshes()
        await asyncio.sleep(4)
        taken = (await visitor.asker.run("13", id=order, first=100))["order"]
        await mend(gateways.operators, everyone)
        state = await ended(visitor.asker, order)

    assert not [log for log in logs if "taking over" in log or " is lost" in log]
    assert "taking over" in gateways.programs["right"].written()
    assert taken["state"] == "IN_PROGRESS"
    assert state == "COMPLETED"
    assert set((await count(gateways.operators)).per_key.values()) == {1}
