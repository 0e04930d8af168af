"""A steady mixed load, and whether a gateway takes more and more memory under it.

Customers look at the catalogue, at their orders and at what they hold, order bundles of three items and follow them to
their end, come back for a while to see what is new, and sign in. One half of them use two gateways on PostgreSQL and
Redis, the other half one on SQLite.
"""

import asyncio
import contextlib
import secrets
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

import aiohttp
import orjson

from tests.bench.customers import place, purchases
from tests.bench.figures import Figure
from tests.bench.followers import TRANSPORTS, Wanted
from tests.bench.programs import gateway, memory, operators
from tests.bench.several import several
from tests.e2e.consumer import Consumer, consumer, document
from tests.e2e.processes import Program

FROM_S, TO_S = 120.0, 600.0
"""The moments that are compared: the caches are full, and the end."""
AROUND_S = 15.0
"""What is taken of a moment is the median of the samples that close to it."""
SAMPLE_S = 1.0
CUSTOMERS = 10
STAY_S = 8.0
PER_S = {"order": 0.2, "query": 5.0, "follow": 0.5, "sign in": 0.05}
"""How often a second at each of the two sites."""
FAILED = "failed"
LIMIT = 0.05
# On a machine that is busy: they are counted, and should be none.
_FAILURES = (AssertionError, aiohttp.ClientError, TimeoutError)
_QUERIES = ("01", "02", "15", "16", "19", "13")


@dataclass(slots=True)
class Customer:
    """Somebody who comes again and again, each time to the next gateway."""

    at: list[Consumer]
    username: str
    password: str
    orders: list[str] = field(default_factory=list)
    cursor: str | None = None
    """Of the last event that was seen."""


@dataclass(slots=True)
class Site:
    """Gateways that share a database, their customers, and how often these have done what."""

    name: str
    programs: list[Program]
    customers: list[Customer]
    done: dict[str, int]
    turns: "count[int]" = field(default_factory=count)

    def next(self) -> tuple[Customer, Consumer]:
        """The next customer, and where."""
        turn = next(self.turns)
        customer = self.customers[turn % len(self.customers)]
        return customer, customer.at[turn // len(self.customers) % len(customer.at)]


async def measure(folder: Path) -> Sequence[Figure]:
    """The growth of each gateway from minute 2 to minute 10."""
    return await measured(folder, FROM_S, TO_S, AROUND_S)


async def measured(folder: Path, from_s: float, to_s: float, around_s: float) -> Sequence[Figure]:
    """The same between two other moments."""
    async with (
        operators(folder / "operators", (0.3, 1.0)) as providers,
        several(folder / "several", 2, providers) as cluster,
        gateway(folder / "alone", providers) as alone,
        _site("on PostgreSQL and Redis", cluster.programs) as shared,
        _site("on SQLite", [alone]) as single,
    ):
        sites = [shared, single]
        programs = [*cluster.programs, alone]
        samples: dict[int, list[tuple[float, int]]] = {program.pid: [] for program in programs}
        async with asyncio.TaskGroup() as group:
            loads = [group.create_task(_load(site)) for site in sites]
            await _sample(programs, samples, to_s + around_s)
            for load in loads:
                load.cancel()
        moments = {pid: [_around(each, at, around_s) for at in (from_s, to_s)] for pid, each in samples.items()}
    return [each for site in sites for each in _figures(site, moments, from_s, to_s)]


@contextlib.asynccontextmanager
async def _site(name: str, programs: list[Program]) -> AsyncIterator[Site]:
    async with contextlib.AsyncExitStack() as open_ones:
        nobodies = [await open_ones.enter_async_context(consumer(program.url)) for program in programs]
        customers = [await _customer(nobodies) for _ in range(CUSTOMERS)]
        yield Site(name, programs, customers, dict.fromkeys((*PER_S, FAILED), 0))


async def _customer(nobodies: list[Consumer]) -> Customer:
    username, password = f"guest-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
    await nobodies[0].sign_up(username, password)
    token = (await nobodies[0].signed_in(username, password)).token
    return Customer([Consumer(each.session, each.url, token) for each in nobodies], username, password)


async def _load(site: Site) -> None:
    """Goes on until it is cancelled."""
    queries = cycle(_QUERIES)

    async def query(site: Site) -> None:
        await _query(site, next(queries))

    does = {"order": _order, "query": query, "follow": _follow, "sign in": _sign_in}
    async with asyncio.TaskGroup() as group:
        for name, do in does.items():
            group.create_task(_paced(group, site, name, do))


async def _paced(group: asyncio.TaskGroup, site: Site, name: str, do: Callable[[Site], Awaitable[None]]) -> None:
    """Begins one after the other at its pace, however long each takes."""

    async def once() -> None:
        try:
            await do(site)
        except _FAILURES as failure:
            site.done[FAILED] += 1
            sys.stderr.write(f"bench: {name}: {type(failure).__name__} {failure}\n")
        else:
            site.done[name] += 1

    begun = time.monotonic()
    for number in count(1):
        group.create_task(once())
        await asyncio.sleep(begun + number / PER_S[name] - time.monotonic())


async def _order(site: Site) -> None:
    """From the offering to the order's last event."""
    customer, at = site.next()
    (wanted,) = await purchases([at], 1)
    order, *_ = await place(wanted)
    events, is_over = await at.events("12", {"orderId": order})
    assert is_over
    assert events[-1]["__typename"] == "OrderCompleted", events[-1]
    customer.orders = [order, *customer.orders[:2]]


async def _query(site: Site, number: str) -> None:
    customer, at = site.next()
    if number == "13":
        for order in customer.orders:
            assert (await at.run(number, id=order, first=100))["order"]["state"] == "COMPLETED"
    else:
        await at.run(number, first=20)


async def _follow(site: Site) -> None:
    """Stays for a while, after what was seen the last time; by both transports in turn."""
    customer, at = site.next()
    transport = list(TRANSPORTS)[site.done["follow"] % len(TRANSPORTS)]

    def heard(payload: bytes) -> None:
        customer.cursor = orjson.loads(payload)["data"]["customerEvents"]["cursor"]

    host, port = at.url.removeprefix("http://").split(":")
    variables = {"customerId": None, "after": customer.cursor}
    wanted = Wanted(host, int(port), at.token or "", document("18"), variables)
    opened, _ = await asyncio.get_running_loop().create_connection(
        lambda: TRANSPORTS[transport](wanted, heard), host, int(port)
    )
    try:
        await asyncio.sleep(STAY_S)
    finally:
        opened.abort()


async def _sign_in(site: Site) -> None:
    customer, at = site.next()
    fresh = (await at.as_nobody().signed_in(customer.username, customer.password)).token
    for each in customer.at:
        each.token = fresh


async def _sample(programs: list[Program], samples: dict[int, list[tuple[float, int]]], until_s: float) -> None:
    begun, minute = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < until_s:
        for program in programs:
            samples[program.pid].append((passed, memory(program)))
        if passed >= minute * 60:
            sizes = " ".join(f"{each[-1][1] / 1e6:.1f}" for each in samples.values())
            sys.stderr.write(f"bench: minute {minute}, {sizes} MB\n")
            minute += 1
        await asyncio.sleep(SAMPLE_S)


def _around(samples: list[tuple[float, int]], at: float, around_s: float) -> float:
    return statistics.median(size for moment, size in samples if abs(moment - at) <= around_s)


def _figures(site: Site, moments: dict[int, list[float]], from_s: float, to_s: float) -> list[Figure]:
    first = max((moments[program.pid] for program in site.programs), key=lambda each: each[1] / each[0])
    done = site.done
    load = f"{done['order']:,} orders, {done['query']:,} queries, {done['follow']:,} followers, {done[FAILED]} failed"
    gateways = "a gateway" if len(site.programs) == 1 else f"{len(site.programs)} gateways"
    name = f"Memory of {gateways} {site.name} from minute {from_s / 60:g} to {to_s / 60:g}: {load}"
    growth = f"{first[1] / first[0] - 1:+.1%}"
    return [Figure(name, f"{first[1] / 1e6:.0f} MB", growth, f"+{LIMIT:.0%}")]
