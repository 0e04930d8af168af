"""The tour, as a newcomer starts it."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.e2e.operators import addresses, tell_to_fail
from tests.e2e.processes import Program, clean_environment, demo, gone, start


@pytest.mark.requirement("V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "F12", "B1")
async def test_the_tour_plays_the_whole_scenario_and_ends_with_status_0(tmp_path: Path) -> None:
    with demo(tmp_path / "data", "--tour") as program:
        status = await asyncio.to_thread(program.wait, 90)

        assert status == 0, program.written()
        assert re.findall(r"^\[(\d+)/10\]", program.written(), re.MULTILINE) == [str(n) for n in range(1, 11)]
        assert program.written().rstrip().endswith("The tour is complete.")
        assert "\x1b[" not in program.written()


async def test_a_second_terminal_plays_the_tour_against_the_demo_that_runs(
    running: Program, demo_data: Path, tmp_path: Path
) -> None:
    tour = start(["gateway", "demo", "--tour", "--data", str(demo_data)], tmp_path / "log", clean_environment())

    status = await asyncio.to_thread(tour.wait, 90)

    assert status == 0, tour.written()
    assert not gone([running.pid], 0)


async def test_a_tour_that_fails_names_the_step_and_ends_with_status_1(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data) as program:
        await program.ready()
        slugs = tuple(addresses(data / "operators"))
        await tell_to_fail(data / "operators", slugs, operation="productOrder.create", kind="reject")

        tour = start(["gateway", "demo", "--tour", "--data", str(data)], tmp_path / "log", clean_environment())
        status = await asyncio.to_thread(tour.wait, 90)

    assert status == 1, tour.written()
    assert tour.written().rstrip().endswith("The tour failed at step 5, ordering it:\n  the order ended FAILED"), (
        tour.written()
    )
