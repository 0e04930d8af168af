"""Ten thousand subscribers over two gateways: whether each is sent every event of its order once, and how soon.

The orders are made of parts that do not wait for each other, and the operator delivers each when it is told to: every
delivery is one event, which comes the whole way: the operator's post to one gateway, the store, the wake-up over Redis,
the other gateway, the subscriber. The clock of an event runs from the moment that it bears, which is before its commit,
to the moment when a subscriber has read it. Polling is off, so that it is never what found out.

One half of the subscribers follow by WebSocket, the other half by event streams, from a process beside each gateway.
"""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from gateway.storage.ids import ORDER, raw
from tests.bench.figures import Figure, milliseconds
from tests.bench.programs import Beside, beside, cpu_s, memory, open_files, operators
from tests.bench.several import Several, several
from tests.e2e.consumer import Consumer, consumer, document
from tests.e2e.operators import addresses, deliver
from tests.e2e.shopping import Basket, filled_in, first_offering, new_bundle, place

GATEWAYS = 2
EVENTS = 60
PAUSE_S = 1.0
NO_POLLING = {"ORDER_POLL_FIRST_S": "3600", "ORDER_POLL_MOST_S": "3600"}
NEVER_S = 86400.0
"""When the operators deliver what they are not told to."""
CUSTOMERS = 10
JOIN_LIMIT_S, SETTLING_S = 900.0, 60.0
LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Gathering:
    """How many follow how many orders, and how many events these have together."""

    orders: int
    each: int
    events: int = EVENTS

    @property
    def number(self) -> int:
        """All subscribers."""
        return self.orders * self.each

    @property
    def items(self) -> int:
        """How many an order needs, so that none of the events is its last."""
        return -(-self.events // self.orders) + 1


# One order has 50 items at most.
GATHERINGS = (Gathering(100, 100), Gathering(1, 10_000, events=48))


@dataclass(frozen=True, slots=True)
class Placed:
    """An order whose parts the operator has taken and has not delivered."""

    buyer: Consumer
    id: str
    cursor: str
    """Of the last event but one: a follower is sent the last one, as one who comes again."""
    sequence: int
    """Of that event."""
    refs: list[tuple[str, str]]
    """The operator's slug and its own reference, for each item."""


async def measure(folder: Path) -> Sequence[Figure]:
    """Each gathering, one after the other, at the same gateways."""
    return await measured(folder, GATHERINGS)


async def measured(folder: Path, gatherings: Sequence[Gathering]) -> Sequence[Figure]:
    """The same for other gatherings. Fails where the operators' deliveries made other events than were meant."""
    open_files()
    async with (
        operators(folder / "operators", (NEVER_S, NEVER_S)) as providers,
        several(folder / "several", GATEWAYS, providers, **NO_POLLING) as cluster,
    ):
        urls = addresses(folder / "operators")
        found = [await _gathered(folder, cluster, urls, gathering) for gathering in gatherings]
    return [figure for figures in found for figure in figures]


async def _gathered(folder: Path, cluster: Several, urls: dict[str, str], gathering: Gathering) -> list[Figure]:
    async with contextlib.AsyncExitStack() as open_ones:
        nobodies = [await open_ones.enter_async_context(consumer(program.url)) for program in cluster.programs]
        orders = await _orders(cluster, nobodies, gathering)
        begun = _used_s(cluster)
        audiences = [
            await open_ones.enter_async_context(_audience(folder, program.port, orders, gathering.each // GATEWAYS))
            for program in cluster.programs
        ]
        for each in audiences:
            await each.answer(JOIN_LIMIT_S)
        joined, size = _used_s(cluster), max(memory(program) for program in cluster.programs)
        await _deliver(urls, orders, gathering.events)
        sent = _used_s(cluster)
        found = await _found(audiences, orders, await _events_of(cluster.database, orders, gathering.events))
    cost = _Cost(size, (joined - begun) / gathering.number, (sent - joined) / (gathering.events * PAUSE_S))
    return _figures(gathering, found, cost)


def _used_s(cluster: Several) -> float:
    return sum(cpu_s(program) for program in cluster.programs)


async def _found(audiences: Sequence[Beside], orders: Sequence[Placed], events: Sequence[int]) -> "_Found":
    """Once nothing is missed any more, or it won't come: what comes late is late, and not missed."""
    until = time.monotonic() + SETTLING_S
    while True:
        found = _Found(orders, events, [await _report(each) for each in audiences])
        if not found.missed or time.monotonic() > until:
            return found
        await asyncio.sleep(1)


async def _orders(cluster: Several, nobodies: Sequence[Consumer], gathering: Gathering) -> list[Placed]:
    """Placed at each gateway in turn, and quiet again."""
    buyers = [await nobody.newcomer() for _, nobody in zip(range(CUSTOMERS), cycle(nobodies), strict=False)]
    offering = await first_offering(buyers[0], categories=["mobile"])
    placed: list[tuple[Consumer, str]] = []
    for _, buyer in zip(range(gathering.orders), cycle(buyers), strict=False):
        placed.append((buyer, await _order(buyer, offering, gathering.items)))
    return [await _when_quiet(cluster.database, buyer, order) for buyer, order in placed]


async def _order(buyer: Consumer, offering: str, items: int) -> str:
    bundle = await new_bundle(buyer, None)
    for _ in range(items):
        added = await buyer.run("07", input={"bundleId": bundle, "offeringId": offering})
        assert added["addBundleItem"]["userErrors"] == []
    shown = await filled_in(buyer, bundle)
    assert shown["isOrderable"], shown["issues"]
    terms = [term["id"] for term in shown["terms"]]
    return await place(buyer, Basket(bundle, shown["revision"], terms, secrets.token_hex(16)).given())


async def _when_quiet(database: str, buyer: Consumer, order: str) -> Placed:
    """Once the operator has all of its items: nothing more happens then until it is told to deliver."""
    key = raw(ORDER, order)
    async with asyncio.timeout(JOIN_LIMIT_S), await psycopg.AsyncConnection.connect(database, autocommit=True) as store:
        while True:
            found = await store.execute(
                'SELECT provider, order_ref, state FROM order_item WHERE "order" = %s ORDER BY position', (key,)
            )
            rows = await found.fetchall()
            if all(ref and state == "IN_PROGRESS" for _, ref, state in rows):
                break
            await asyncio.sleep(0.2)
    return Placed(buyer, order, *await _last_but_one(buyer, order), [(provider, ref) for provider, ref, _ in rows])


async def _last_but_one(buyer: Consumer, order: str) -> tuple[str, int]:
    """Cursor and number of that event."""
    edges: list[dict[str, Any]] = []
    after, is_more = None, True
    while is_more:
        page = (await buyer.run("13", id=order, first=100, after=after))["order"]["events"]
        edges += page["edges"]
        after, is_more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return edges[-2]["cursor"], edges[-2]["node"]["sequence"]


@contextlib.asynccontextmanager
async def _audience(folder: Path, port: int, orders: Sequence[Placed], each: int) -> AsyncIterator[Beside]:
    """The followers at one gateway."""
    told = [
        {
            "token": order.buyer.token,
            "query": document("12"),
            "variables": {"orderId": order.id, "after": order.cursor},
            "after": order.sequence,
            "number": each,
        }
        for order in orders
    ]
    where = {"host": "127.0.0.1", "port": port, "orders": told}
    async with beside("tests.bench.audience", folder / f"audience-{port}.log", where) as program:
        yield program


async def _deliver(urls: dict[str, str], orders: Sequence[Placed], events: int) -> None:
    """One item each second: the first of each order, then the second."""
    refs = chain.from_iterable(zip(*(order.refs for order in orders), strict=True))
    begun = time.monotonic()
    async with aiohttp.ClientSession() as session:
        for number, (slug, ref) in zip(range(1, events + 1), refs, strict=False):
            await deliver(session, urls[slug], ref)
            await asyncio.sleep(begun + number * PAUSE_S - time.monotonic())


async def _report(audience: Beside) -> list[dict[str, Any]]:
    audience.tell({})
    return list((await audience.answer(JOIN_LIMIT_S))["orders"])


async def _events_of(database: str, orders: Sequence[Placed], wanted: int) -> list[int]:
    """How many events the store has of each order, beyond those that were there when the followers joined."""
    query = 'SELECT count(*) FROM order_event WHERE "order" = %s AND seq > %s'
    until = time.monotonic() + SETTLING_S
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as store:
        while True:
            rows = [await (await store.execute(query, (raw(ORDER, o.id), o.sequence + 1))).fetchone() for o in orders]
            events = [int(row[0]) for row in rows if row]
            if sum(events) == wanted:
                return events
            assert time.monotonic() < until, f"{sum(events)} events of {wanted} deliveries"
            await asyncio.sleep(0.5)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store has and what the followers of each order were sent, gateway by gateway."""

    orders: Sequence[Placed]
    events: Sequence[int]
    reports: Sequence[Sequence[dict[str, Any]]]

    @property
    def wanted(self) -> int:
        """How many deliveries there should be."""
        followers = (sum(number for _, number in order["heard"]) for order in chain.from_iterable(self.reports))
        return sum(each * events for each, events in zip(followers, cycle(self.events), strict=False))

    @property
    def missed(self) -> int:
        """Events that a follower was not sent, or not as its next one."""
        return sum(
            self._missed(each) for report in self.reports for each in zip(self.orders, self.events, report, strict=True)
        )

    def _missed(self, one: tuple[Placed, int, dict[str, Any]]) -> int:
        order, events, report = one
        last = order.sequence + 1 + events
        return int(report["wrong"]) + sum(abs(last - int(heard)) * int(number) for heard, number in report["heard"])

    @property
    def waits(self) -> "Counter[int]":
        """How many deliveries took so many milliseconds."""
        waits: Counter[int] = Counter()
        for order in chain.from_iterable(self.reports):
            waits.update(dict(order["waits"]))
        return waits


def _percentile(waits: "Counter[int]", part: float) -> float:
    """The seconds that this part of all deliveries does not exceed."""
    left = int(waits.total() * part)
    for wait, number in sorted(waits.items()):
        left -= number
        if left < 0:
            return (wait + 1) / 1000
    return (max(waits) + 1) / 1000


@dataclass(frozen=True, slots=True)
class _Cost:
    """Bytes of the larger gateway; seconds of both gateways' processor time for one to join; their cores meanwhile."""

    size: int
    joining_s: float
    cores: float


def _figures(gathering: Gathering, found: _Found, cost: _Cost) -> list[Figure]:
    waits, what = found.waits, f"{gathering.orders} orders" if gathering.orders > 1 else "one order"
    load = f"{gathering.events} events in {gathering.events * PAUSE_S:g} s"
    name = f"{gathering.number:,} subscribers of {what} over {GATEWAYS} gateways, {load}: deliveries missed"
    p99 = milliseconds(_percentile(waits, 0.99))
    return [
        Figure(name, f"{found.missed} of {found.wanted:,}", limit="0"),
        Figure("… from an event's moment to each subscriber, p99", p99, limit=f"{LIMIT_S:g} s"),
        Figure("… p50", milliseconds(_percentile(waits, 0.5))),
        Figure("… the slowest", milliseconds((max(waits) + 1) / 1000)),
        Figure("… memory of the larger gateway, all joined", f"{cost.size / 1e6:.0f} MB"),
        Figure("… CPU to join", milliseconds(cost.joining_s)),
        Figure("… CPU of both gateways meanwhile", f"{cost.cores:.0%} of a core"),
    ]
