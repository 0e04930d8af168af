"""Orders that come and are delivered at a steady rate, with a thousand in flight: one gateway on PostgreSQL.

They come by a clock, whether the gateway keeps up or not, each for a bundle of three items that wait for each other,
and each item is delivered after as long as makes that many orders be in flight at that rate. What is counted begins
when so many are. The operators, the database and the customers are processes of their own. Then fewer come: how long
`placeOrder` takes is measured once those that came before have ended, so that all that is done is done at that rate.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench.customers import ITEMS, Purchase, customers, place, purchases
from tests.bench.figures import Figure, milliseconds, percentile
from tests.bench.programs import cpu_s, gateway, operators
from tests.cluster.servers import postgres
from tests.e2e.consumer import consumer
from tests.e2e.processes import Program

CUSTOMERS = 20
PREPARED_AT_ONCE = 50
SLOWER = 0.7
RATE_LIMIT, CPU_LIMIT_MS, P99_LIMIT_MS = 8.0, 120, 150
LEFT_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Course:
    """How many orders come in a second, how many are to be in flight, and how long each of the two spans is counted."""

    per_s: float = 8.2
    in_flight: int = 1000
    counted_s: float = 60.0

    @property
    def slower_per_s(self) -> float:
        """The rate at which `placeOrder` is timed."""
        return self.per_s * SLOWER

    @property
    def delivery_s(self) -> float:
        """Of each of the items, one after the other."""
        return self.in_flight / self.per_s / ITEMS


async def measure(folder: Path) -> Sequence[Figure]:
    """One course. Fails where an order ends other than COMPLETED."""
    return await measured(folder, Course())


async def measured(folder: Path, course: Course) -> Sequence[Figure]:
    """The same for another course."""
    span = (course.delivery_s * 0.95, course.delivery_s * 1.05)
    with postgres() as server:
        async with (
            operators(folder / "operators", span) as providers,
            gateway(folder / "gateway", providers, DATABASE_URL=server.url) as program,
            consumer(program.url) as nobody,
            await psycopg.AsyncConnection.connect(server.url, autocommit=True) as database,
        ):
            buyers = await customers(nobody, CUSTOMERS)
            filling, emptying = round(course.in_flight), round(course.in_flight * SLOWER)
            counted, slower = round(course.per_s * course.counted_s), round(course.slower_per_s * course.counted_s)
            number = filling + counted + emptying + slower
            wanted = iter([p for each in _parts(number) for p in await purchases(buyers, each)])
            await _come(wanted, filling, course.per_s)
            found = await _counted(wanted, counted, course.per_s, program, database)
            await _come(wanted, emptying, course.slower_per_s)
            times = await _come(wanted, slower, course.slower_per_s)
            await _all_ended(database)
    return _figures(found, times)


def _parts(number: int) -> Iterator[int]:
    for begun in range(0, number, PREPARED_AT_ONCE):
        yield min(PREPARED_AT_ONCE, number - begun)


@dataclass(frozen=True, slots=True)
class _Found:
    """Of the span that is counted: its length, the orders that ended in it, in flight before and after, CPU."""

    took_s: float
    ended: int
    in_flight: tuple[int, int]
    used_s: float


async def _come(wanted: Iterator[Purchase], number: int, per_s: float) -> list[float]:
    """That many orders at that rate, by the clock; returns how long each one's `placeOrder` took."""
    begun_s = asyncio.get_running_loop().time()
    coming = []
    for each in range(number):
        await asyncio.sleep(begun_s + each / per_s - asyncio.get_running_loop().time())
        coming.append(asyncio.create_task(_timed(next(wanted))))
    return list(await asyncio.gather(*coming))


async def _timed(wanted: Purchase) -> float:
    begun_s = time.perf_counter()
    await place(wanted)
    return time.perf_counter() - begun_s


async def _counted(
    wanted: Iterator[Purchase], number: int, per_s: float, program: Program, database: psycopg.AsyncConnection
) -> _Found:
    in_flight, ended = await _count(database)
    begun_s, used_s = time.monotonic(), cpu_s(program)
    await _come(wanted, number, per_s)
    in_flight_after, ended_after = await _count(database)
    took_s = time.monotonic() - begun_s
    return _Found(took_s, ended_after - ended, (in_flight, in_flight_after), cpu_s(program) - used_s)


async def _count(database: psycopg.AsyncConnection) -> tuple[int, int]:
    """The orders in flight, and those that ended COMPLETED. Fails where another ended otherwise."""
    query = "SELECT count(*) FILTER (WHERE is_open), count(*) FILTER (WHERE state = 'COMPLETED'), count(*)"
    row = await (await database.execute(f"{query} FROM customer_order".encode())).fetchone()
    assert row is not None
    in_flight, completed, number = row
    assert in_flight + completed == number, f"{number - in_flight - completed} orders ended otherwise"
    return in_flight, completed


async def _all_ended(database: psycopg.AsyncConnection) -> None:
    async with asyncio.timeout(LEFT_LIMIT_S):
        while (await _count(database))[0]:  # noqa: ASYNC110 a table does not tell
            await asyncio.sleep(0.5)


def _figures(found: _Found, times: Sequence[float]) -> list[Figure]:
    before, after = found.in_flight
    name = "Orders of 3 items at 3 operators, PostgreSQL, ended per second"
    return [
        Figure(name, f"{found.ended / found.took_s:.1f}", limit=f"≥ {RATE_LIMIT:g}"),
        Figure("… in flight before and after", f"{before:,}, {after:,}"),
        Figure("… CPU of the gateway for each", milliseconds(found.used_s / found.ended), limit=f"{CPU_LIMIT_MS} ms"),
        Figure("… `placeOrder` at 70% of that rate, p50", milliseconds(percentile(times, 0.5))),
        Figure("… p99", milliseconds(percentile(times, 0.99)), limit=f"{P99_LIMIT_MS} ms"),
    ]
