"""Starts the real programs as processes, each in a group of its own, and ends every one of them."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

START_LIMIT_S = 40.0
FAST = {"GATEWAY_DEMO_DELIVERY": "0.2-0.6", "GATEWAY_DEMO_FAULTS": "true", "GATEWAY_ORDER_POLL_FIRST_S": "0.3"}


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without settings of the gateway, and with these.

    Nothing of Python's own either: programs are started again and again, from what is compiled once.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "PYTHON"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **extra}


def free_port() -> int:
    """A port that nobody has now, and that no connection is given until it is listened at: below the kernel's own."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """The processes that it has started, and theirs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, _, rest = stat.read_text().partition(" ")
            if rest.rpartition(")")[2].split()[1] == str(pid):
                found += [int(number), *children(int(number))]
    return found


def cpu_s(pids: list[int]) -> float:
    """The CPU time that they have taken so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def gone(pids: list[int], within_s: float) -> bool:
    """Whether all of them end within that time."""
    until = time.monotonic() + within_s
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(is_alive(pid) for pid in pids)


@dataclass
class Program:
    """A running program and what it writes."""

    process: "subprocess.Popen[bytes]"
    output: Path
    port: int = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def written(self) -> str:
        """All that it has written so far, on both channels."""
        return self.output.read_text("utf-8", "replace")

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the program alone."""
        self.process.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Sends it to the whole group, as a terminal does."""
        os.killpg(self.pid, number)

    def wait(self, within_s: float = 15.0) -> int:
        """The status it ends with."""
        return self.process.wait(within_s)

    async def ready(self, within_s: float = START_LIMIT_S) -> None:
        """Waits until all is ready to be used."""
        until = time.monotonic() + within_s
        async with aiohttp.ClientSession() as session:
            while not await _is_ok(session, f"{self.url}/readyz"):
                assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.written()}"
                assert time.monotonic() < until, f"it is not ready after {within_s} s:\n{self.written()}"
                await asyncio.sleep(0.05)

    def end(self) -> None:
        """Ends it and all its children, whatever state they are in."""
        with contextlib.suppress(ProcessLookupError):
            self.send_to_group(signal.SIGKILL)
        self.process.wait(10)


async def _is_ok(session: aiohttp.ClientSession, url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
            return response.status == 200
    return False


def start(arguments: list[str], output: Path, environment: Mapping[str, str] | None = None, port: int = 0) -> Program:
    """Starts `python -m` with these arguments."""
    with output.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=dict(environment or clean_environment()),
            start_new_session=True,
        )
    return Program(process, output, port)


@contextlib.contextmanager
def demo(data: Path, *arguments: str, port: int | None = None, **environment: str) -> Iterator[Program]:
    """A demo on that folder and a free port, with quick deliveries; ended at the exit."""
    port = port or free_port()
    command = ["gateway", "demo", "--data", str(data), "--port", str(port), *arguments]
    program = start(command, data.parent / f"{data.name}.log", clean_environment(**{**FAST, **environment}), port)
    try:
        yield program
    finally:
        program.end()


def credentials(data: Path) -> dict[str, str]:
    """The passwords that the demo made, by username."""
    kept = json.loads((data / "credentials.json").read_text())
    return {str(name): value for name, value in kept.items() if isinstance(value, str)}


def partner(data: Path) -> tuple[str, str]:
    """The id and the secret of the demo's service client."""
    kept = json.loads((data / "credentials.json").read_text())["acme"]
    return str(kept["client_id"]), str(kept["client_secret"])
