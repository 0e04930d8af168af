"""The operators as a process of their own: started, told to stop, orphaned, killed."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from providers.simulator import operators
from tests.simulator.calls import Json, Operator, until

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts `serve` on one folder, and kills what is left at the end."""
    begun: list[asyncio.subprocess.Process] = []

    async def serve(*arguments: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "providers.simulator", "serve", "--data", str(tmp_path), *arguments]
        pipe = asyncio.subprocess.PIPE
        begun.append(await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe))
        return begun[-1]

    yield serve
    for process in begun:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _addresses(process: asyncio.subprocess.Process) -> dict[str, Json]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    return dict(json.loads(line))


async def test_all_start_in_one_process_and_tell_where_they_are(start: Start, tmp_path: Path) -> None:
    begun = time.monotonic()
    process = await start()
    told = await _addresses(process)
    took = time.monotonic() - begun

    process.terminate()

    assert list(told) == ["aurora", "tallskog", "fjordnet", "granit", "filmlyktan", "klackspark", "tornfors"]
    assert told["fjordnet"]["name"] == "Fjordnet"
    assert told["fjordnet"]["roles"] == ["NETWORK_OPERATOR"]
    assert told["tornfors"]["credentials"]["basic"]["username"] == "gateway"
    assert (tmp_path / "operators.json").stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / "operators.json").read_text("utf-8")) == told
    assert await asyncio.wait_for(process.wait(), 5) == 0
    assert took < 10


async def test_who_joins_by_a_registration_keeps_its_address_and_its_password(start: Start) -> None:
    process = await start("--only", "tornfors")
    told = (await _addresses(process))["tornfors"]
    process.terminate()
    await process.wait()

    again = (await _addresses(await start("--only", "tornfors")))["tornfors"]

    assert (again["url"], again["credentials"]) == (told["url"], told["credentials"])


async def test_it_ends_on_an_interrupt(start: Start) -> None:
    process = await start("--only", "granit")
    await _addresses(process)

    process.send_signal(signal.SIGINT)

    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import subprocess, time\nfrom pathlib import Path\nfrom providers.simulator import operators\n"
        f"child = subprocess.Popen(operators(Path({str(tmp_path)!r}))['command'], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nprint(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert os.getpgid(child) == os.getpgid(parent.pid)
    parent.kill()
    await parent.wait()

    async def is_alive() -> bool:
        return _is_alive(child)

    await until(is_alive, lambda alive: not alive, 5)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_taken_port_is_one_clear_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await start("--only", "granit", "--ports", f"granit={port}")
        _, errors = await asyncio.wait_for(process.communicate(), 20)

    assert process.returncode == 1
    assert errors.decode() == f"simulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"


async def test_an_unknown_operator_is_one_clear_line(start: Start) -> None:
    process = await start("--only", "nobody")
    _, errors = await asyncio.wait_for(process.communicate(), 20)

    assert process.returncode == 1
    assert errors.decode().startswith("simulator: no such operator: nobody; there are aurora, ")
    assert errors.count(b"\n") == 1


async def test_killed_while_delivering_it_delivers_once_after_the_restart(
    start: Start, session: aiohttp.ClientSession
) -> None:
    settings = ("--only", "fjordnet", "--delivery-min", "1", "--delivery-max", "1", "--faults-enabled")
    process = await start(*settings)
    fjordnet = Operator(session, (await _addresses(process))["fjordnet"]["url"])
    orders = [await fjordnet.order("fibre-100", f"key-{n}") for n in range(5)]
    process.kill()
    await process.wait()

    process = await start(*settings)
    fjordnet = Operator(session, (await _addresses(process))["fjordnet"]["url"])
    again = [await fjordnet.order("fibre-100", f"key-{n}") for n in range(5)]
    counts = await until(fjordnet.counts, lambda c: c["orders"] == {"completed": 5})

    assert [order["id"] for order in again] == [order["id"] for order in orders]
    assert counts["ordersByExternalId"] == {f"key-{n}": 1 for n in range(5)}
    assert counts["products"] == {"active": 5}
    assert counts["bills"] == 5


async def test_the_demos_command_starts_what_it_describes(tmp_path: Path) -> None:
    described = operators(tmp_path, delivery=(0.1, 0.2), month_seconds=60)
    process = await asyncio.create_subprocess_exec(
        *described["command"], cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    told = await _addresses(process)

    process.terminate()
    await process.communicate()

    assert list(told) == [each["slug"] for each in (*described["providers"], *described["newcomers"])]
    assert described["addresses"] == str(tmp_path / "operators.json")
    assert json.loads((tmp_path / "operators.json").read_text("utf-8")) == told
