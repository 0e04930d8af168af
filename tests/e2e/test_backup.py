"""A copy that was made while the gateway ran goes on with the orders that were in flight."""

import asyncio
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, consumer
from tests.e2e.operators import count, running_operators
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start
from tests.e2e.shopping import basket, place


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """Operators that take their time, so that the copy is made in the middle of the order."""
    with running_operators(tmp_path, "3", "4") as folder:
        yield folder


def _gateway(tmp_path: Path, operators: Path, data: Path) -> Program:
    port = free_port()
    command = ["gateway", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
    return start([*command, "--data", str(data)], tmp_path / "gateway.log", clean_environment(**FAST), port)


def _backup(folder: Path, data: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gateway", "db", "backup", str(folder), "--data", str(data)]
    return subprocess.run(command, capture_output=True, check=False, text=True, env=clean_environment())


@pytest.mark.requirement("S5", "R7")
async def test_a_restored_copy_goes_on_with_the_orders_in_flight_and_orders_nothing_twice(
    tmp_path: Path, operators: Path
) -> None:
    copy, program = tmp_path / "copy", _gateway(tmp_path, operators, tmp_path / "data")
    try:
        await program.ready()
        async with consumer(program.url) as nobody:
            guest = await nobody.newcomer()
            order = await place(guest, (await basket(guest)).given())
            while not (await count(operators)).orders:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.05)
            made = await asyncio.to_thread(_backup, copy, tmp_path / "data")
            # What happens from here on, the copy does not know.
            await asyncio.sleep(2)
    finally:
        program.end()

    restored = _gateway(tmp_path, operators, copy)
    try:
        await restored.ready()
        async with consumer(restored.url) as nobody:
            asker = Consumer(nobody.session, restored.url, guest.token)
            _, is_complete = await asker.events("12", {"orderId": order})
            shown = (await asker.run("13", id=order, first=100))["order"]
        counted = await count(operators)
    finally:
        restored.end()

    assert (made.returncode, made.stdout) == (0, f"copied to {copy}: start from it by --data\n")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in copy.glob("*.db")} == {0o600}
    assert is_complete
    assert shown["state"] == "COMPLETED"
    history = [edge["node"]["sequence"] for edge in shown["events"]["edges"]]
    assert history == list(range(1, len(history) + 1))
    assert counted.products == Counter(active=len(shown["items"]))
    assert set(counted.per_key.values()) == {1}


def test_a_copy_is_never_made_over_something_and_only_of_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    over, of_nothing = _backup(tmp_path / "there", tmp_path), _backup(tmp_path / "new", tmp_path / "none")

    assert (over.returncode, of_nothing.returncode) == (1, 1)
    assert of_nothing.stderr == f"gateway: there is no database {tmp_path / 'none' / 'gateway.db'}\n"
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "there").iterdir()) == []
