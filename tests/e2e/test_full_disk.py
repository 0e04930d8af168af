"""The disk of a SQLite file gets full: nothing that was stored is lost, and all goes on when there is room again."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, Data, consumer
from tests.e2e.disks import Quota, SmallDisk, quota, small_disk
from tests.e2e.operators import count, running_operators
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.e2e.shopping import Basket, basket, place

Disk = Callable[[Path], AbstractContextManager[SmallDisk | Quota]]
FULL_S = 4.0


@contextlib.contextmanager
def gateway(tmp_path: Path, data: Path, operators: Path) -> Iterator[Program]:
    """`gateway serve` with its data on that disk."""
    port = free_port()
    command = ["gateway", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
    environment = clean_environment(**FAST)
    program = start([*command, "--data", str(data)], tmp_path / "gateway.log", environment, port)
    try:
        yield program
    finally:
        program.end()


async def ended(asker: Consumer, order: str) -> Data:
    """The order once nothing more becomes of it."""
    async with asyncio.timeout(60):
        while True:
            found = dict((await asker.run("13", id=order, first=100))["order"])
            if found["state"] in {"COMPLETED", "FAILED", "HELD"}:
                return found
            await asyncio.sleep(0.2)


async def refused(asker: Consumer, given: Data) -> tuple[int, str, str, int]:
    """How the gateway says that it can't take an order."""
    query = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }"
    body = {"query": query, "variables": {"input": given}}
    async with asker.session.post(f"{asker.url}/graphql", json=body, headers=asker.headers) as response:
        (error,) = (await response.json())["errors"]
        extensions = error["extensions"]
        return response.status, response.headers["retry-after"], extensions["code"], extensions["retryAfter"]


def whole(data: Path) -> list[tuple[str]]:
    """What SQLite finds wrong with the file."""
    with contextlib.closing(sqlite3.connect(data / "gateway.db")) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()


@pytest.mark.requirement("S5")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("disk", [small_disk, quota])
async def test_a_full_disk_refuses_what_it_cannot_store_and_orders_end_once_there_is_room(
    tmp_path: Path, disk: Disk
) -> None:
    with (
        running_operators(tmp_path, "0.5", "1.5") as operators,
        disk(tmp_path / "disk") as full,
        gateway(tmp_path, full.folder / "data", operators) as program,
    ):
        await program.ready()
        async with consumer(program.url) as nobody:
            guest = await nobody.newcomer()
            baskets: list[Basket] = [await basket(guest) for _ in range(4)]
            orders = [await place(guest, each.given()) for each in baskets[:3]]

            full.fill(program)
            answers = [await refused(guest, baskets[3].given()) for _ in range(2)]
            status, signed_up = await nobody.post(
                "/auth/accounts",
                {"username": "late", "password": "a long password", "customer": {"name": "L", "kind": "HOUSEHOLD"}},
            )
            await asyncio.sleep(FULL_S)
            seen = [(await guest.run("13", id=each, first=100))["order"]["state"] for each in orders]
            full.clear(program)
            orders.append(await place(guest, baskets[3].given()))
            found = [await ended(guest, each) for each in orders]

        counted = await count(operators)
        assert program.process.poll() is None
        assert whole(full.folder / "data") == [("ok",)]

    assert answers == [(503, "5", "INTERNAL", 5)] * 2
    assert (status, signed_up["status"]) == (503, 503)
    assert set(seen) <= {"ACKNOWLEDGED", "IN_PROGRESS", "COMPLETED"}
    assert [each["state"] for each in found] == ["COMPLETED"] * 4
    assert counted.products == Counter(active=sum(len(each["items"]) for each in found))
    assert set(counted.per_key.values()) == {1}
    for each in found:
        assert [edge["node"]["sequence"] for edge in each["events"]["edges"]] == list(
            range(1, len(each["events"]["edges"]) + 1)
        )
    assert "Traceback" not in program.written()


@pytest.mark.requirement("S5")
@pytest.mark.parametrize("was_used", [False, True], ids=["a new folder", "a folder that was used"])
async def test_a_start_on_a_full_disk_says_so_in_one_line_and_spoils_nothing(tmp_path: Path, was_used: bool) -> None:
    with running_operators(tmp_path, "0.5", "1.5") as operators, small_disk(tmp_path / "disk") as full:
        if was_used:
            with gateway(tmp_path, full.folder / "data", operators) as program:
                await program.ready()
        full.fill()
        (tmp_path / "gateway.log").unlink(missing_ok=True)
        with gateway(tmp_path, full.folder / "data", operators) as program:
            status = await asyncio.to_thread(program.process.wait, 30)
            refusal = program.written()
        full.clear()
        with gateway(tmp_path, full.folder / "data", operators) as program:
            await program.ready()
        assert whole(full.folder / "data") == [("ok",)]

    assert (status, refusal.count("\n")) == (1, 1), refusal
    assert refusal.startswith("gateway: ")
