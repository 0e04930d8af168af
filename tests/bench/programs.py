"""The programs that are measured, each a process of its own, and the processor time that they have used."""

import asyncio
import contextlib
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.operators import write_providers_file
from tests.e2e.processes import Program, clean_environment, free_port, start

START_LIMIT_S = 30.0
# Wide enough for a benchmark's customers, who all come from one address, and for a caller who follows a thousand times.
NO_LIMITS = {
    "GATEWAY_ACCOUNTS_PER_ADDRESS": "100000/hour",
    "GATEWAY_COST_PER_ACTOR": "1000000000/minute",
    "GATEWAY_COST_PER_ADDRESS": "1000000000/minute",
}


def cpu_s(program: Program) -> float:
    """What the process has used since its start, all its threads, in the kernel too, to the nanosecond.

    Source: clock_getcpuclockid(3); on Linux the clock of a process is made of its id.
    """
    return time.clock_gettime((~program.pid << 3) | 2)


@contextlib.asynccontextmanager
async def operators(folder: Path, delivery: tuple[float, float]) -> AsyncIterator[Path]:
    """The demo's operators, with that span of deliveries in seconds; yields the file of providers."""
    command = ["providers.simulator", "serve", "--data", str(folder), "--month-seconds", "86400", "--faults-enabled"]
    command += ["--delivery-min", str(delivery[0]), "--delivery-max", str(delivery[1])]
    with _ended(start(command, folder.with_suffix(".log"))) as program:
        async with asyncio.timeout(START_LIMIT_S):
            while "\n" not in program.written():  # noqa: ASYNC110 a file does not tell
                await asyncio.sleep(0.05)
        yield write_providers_file(folder)


@contextlib.asynccontextmanager
async def gateway(folder: Path, providers: Path, **settings: str) -> AsyncIterator[Program]:
    """`gateway serve` over these providers, once it is ready; `settings` are its variables without their prefix."""
    port = free_port()
    command = ["gateway", "serve", "--providers", str(providers), "--data", str(folder), "--port", str(port)]
    environment = clean_environment(**NO_LIMITS, **{f"GATEWAY_{name}": value for name, value in settings.items()})
    with _ended(start(command, folder.with_suffix(".log"), environment, port)) as program:
        await program.ready()
        yield program


@contextlib.asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[Program]:
    """The same server over handlers that answer the files of the folder, whatever is asked."""
    port = free_port()
    log = folder.with_suffix(".log")
    with _ended(start(["tests.bench.bare", str(folder), str(port)], log, clean_environment(), port)) as program:
        await program.ready()
        yield program


Told = asyncio.Queue[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Beside:
    """A program that is told lines of JSON, and answers with such: after its last one with an empty object."""

    process: asyncio.subprocess.Process
    told: Told

    def tell(self, line: Mapping[str, Any]) -> None:
        """Tells it one thing more."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(line).encode() + b"\n")

    async def answer(self, limit_s: float) -> dict[str, Any]:
        """Its next line. Raises: TimeoutError."""
        async with asyncio.timeout(limit_s):
            line = await self.told.get()
        assert line, "it has ended: its log says why"
        return line


@contextlib.asynccontextmanager
async def beside(module: str, log: Path, first: Mapping[str, Any]) -> AsyncIterator[Beside]:
    """That module as a program, which is told the first line."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    assert process.stdout
    told: Told = asyncio.Queue()
    program = Beside(process, told)
    program.tell(first)
    reading = asyncio.create_task(_read(process.stdout, told))
    try:
        yield program
    finally:
        reading.cancel()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def crowd(log: Path, wanted: Mapping[str, Any]) -> AsyncIterator[Told]:
    """The crowd that follows what it is told to; yields what it says."""
    async with beside("tests.bench.crowd", log, wanted) as program:
        yield program.told


async def _read(lines: asyncio.StreamReader, told: Told) -> None:
    async for line in lines:
        told.put_nowait(json.loads(line))
    told.put_nowait({})


def open_files() -> None:
    """As many as may be: a connection is a file, in the gateway's process too."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def memory(program: Program) -> int:
    """What it takes of the machine's memory, in bytes; pages shared with other processes count in part."""
    lines = Path(f"/proc/{program.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _ended(program: Program) -> AbstractContextManager[Program]:
    @contextlib.contextmanager
    def running() -> Iterator[Program]:
        try:
            yield program
        finally:
            program.end()

    return running()


def catalogue_only(path: Path, url: str) -> Path:
    """A file of one provider that has a catalogue and nothing else."""
    roles = ["SERVICE_PROVIDER", "NETWORK_OPERATOR", "CONTENT_PROVIDER"]
    lacks = dict.fromkeys(("qualification", "ordering", "inventory", "billing"))
    settings: dict[str, Any] = {"url": url, "paths": lacks}
    entry = {"slug": "large", "name": "Large", "adapter": "tmforum", "roles": roles, "settings": settings}
    path.write_text(json.dumps({"providers": [entry]}), "utf-8")
    return path
