"""The only gateway is stopped for half a minute: nobody else takes its file, and awake it does nothing twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.consumer import Consumer, Data, consumer
from tests.e2e.operators import count, running_operators
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.e2e.shopping import basket, place

STOPPED_S = 30.0
ORDERS = 4


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """Operators that deliver while the gateway is stopped."""
    with running_operators(tmp_path, "0.5", "2") as folder:
        yield folder


def _gateway(tmp_path: Path, operators: Path, name: str) -> Program:
    """By that name it has a data folder of its own; the database is that of all."""
    port = free_port()
    command = ["gateway", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
    given = {"GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'gateway.db'}", "GATEWAY_DATA": str(tmp_path / name)}
    # What callbacks are proven by is in the keys.
    given["GATEWAY_KEYS"] = str(tmp_path / "keys")
    return start(command, tmp_path / f"{name}.log", clean_environment(**FAST, **given), port)


@pytest.mark.requirement("R7", "S5")
@pytest.mark.timeout(240)
async def test_a_gateway_that_is_stopped_and_wakes_does_nothing_twice_and_a_second_one_is_refused_its_file(
    tmp_path: Path, operators: Path
) -> None:
    first = _gateway(tmp_path, operators, "first")
    second: Program | None = None
    try:
        await first.ready()
        async with consumer(first.url) as nobody:
            guest = await nobody.newcomer()
            baskets = [await basket(guest) for _ in range(ORDERS)]
            orders = [await place(guest, each.given()) for each in baskets]
        while not (await count(operators)).orders:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)
        first.send(signal.SIGSTOP)
        stopped_at = asyncio.get_running_loop().time()
        before = await count(operators)

        second = _gateway(tmp_path, operators, "second")
        status = await asyncio.to_thread(second.wait, 60)
        await asyncio.sleep(max(STOPPED_S - (asyncio.get_running_loop().time() - stopped_at), 0))
        meanwhile = await count(operators)
        first.send(signal.SIGCONT)
        ended = [await _ended(first, guest, each) for each in orders]
        after = await count(operators)
    finally:
        first.send(signal.SIGCONT)
        first.end()
        if second is not None:
            second.end()

    assert status == 1
    assert second.written().splitlines()[-1] == (
        f"gateway: the database {tmp_path / 'gateway.db'} is in use by another gateway; "
        "several need PostgreSQL (GATEWAY_DATABASE_URL)"
    )
    assert meanwhile.per_key == before.per_key
    assert [order["state"] for order in ended] == ["COMPLETED"] * ORDERS
    assert after.products == Counter(active=sum(len(order["items"]) for order in ended))
    assert set(after.per_key.values()) == {1}
    for order in ended:
        history = [edge["node"]["sequence"] for edge in order["events"]["edges"]]
        assert history == list(range(1, len(history) + 1))


async def _ended(program: Program, guest: Consumer, order: str) -> Data:
    async with aiohttp.ClientSession() as session:
        asker = Consumer(session, program.url, guest.token)
        _, is_complete = await asker.events("12", {"orderId": order})
        assert is_complete
        return dict((await asker.run("13", id=order, first=100))["order"])
