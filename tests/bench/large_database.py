"""What a page costs with very many orders in the database, beside the same page with few: on SQLite and on PostgreSQL.

Two databases of each kind, a gateway on each, asked in turn, from the request to the whole answer. A tenth of all
orders are one customer's, whose pages are asked for: any order with its events, the order history's first page and one
from its middle, and the inbox.
"""

import asyncio
import contextlib
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.domain.identity import own_id
from gateway.domain.ordering.orders import Order
from gateway.domain.paging import moment_cursor
from gateway.storage.columns import from_json
from gateway.storage.ids import CUSTOMER, ORDER, raw
from tests.bench.bulk import Store, fill
from tests.bench.customers import place, purchases
from tests.bench.figures import Figure, milliseconds
from tests.bench.programs import gateway, operators
from tests.cluster.servers import postgres
from tests.e2e.consumer import Consumer, consumer
from tests.storage.conftest import new_database

FEW, MANY = 1_000, 100_000
ASKS = 300
LIMIT = 1.2
QUIET_S = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """A database that has been filled, and the customer whose pages are asked for."""

    url: str
    folder: Path
    token: str | None
    customer: str
    orders: Sequence[tuple[str, datetime]]
    """The customer's: ids, and when each was placed."""
    events: int
    """Of each order."""

    def any(self) -> tuple[str, datetime]:
        """One of the customer's orders; not the first one nor the last one."""
        return random.choice(self.orders[len(self.orders) // 4 : -len(self.orders) // 4])


Ask = Callable[[Consumer, Kept], Awaitable[object]]

ORDER_PAGE = """
query OrderPage($id: ID!, $after: String) {
  order(id: $id) {
    id state completionPercent placedAt completedAt allowedActions
    items { id state offeringName productName provider { id name } hold { code } failure { code } }
    cancellations { id state }
    events(first: 20, after: $after) {
      edges { cursor node { __typename id sequence occurredAt message orderState itemState } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
"""All of it is the gateway's own: no provider is asked."""


async def _order(asker: Consumer, kept: Kept) -> None:
    events = (await asker.ask(ORDER_PAGE, {"id": kept.any()[0]}))["order"]["events"]
    assert len(events["edges"]) == kept.events


async def _first_orders(asker: Consumer, _: Kept) -> None:
    await _orders(asker, None)


async def _middle_orders(asker: Consumer, kept: Kept) -> None:
    order, placed_at = kept.any()
    await _orders(asker, moment_cursor(f"orders:{kept.customer}", placed_at, order))


async def _orders(asker: Consumer, after: str | None) -> None:
    page = (await asker.run("15", first=20, after=after))["customer"]["orders"]
    assert len(page["edges"]) == 20
    assert page["pageInfo"]["hasNextPage"]


async def _notices(asker: Consumer, _: Kept) -> None:
    page = (await asker.run("19", first=20))["customer"]["notifications"]
    assert len(page["edges"]) == 20


PAGES: Mapping[str, Ask] = {
    "the page of an order": _order,
    "the order history": _first_orders,
    "… a page from its middle": _middle_orders,
    "… the inbox": _notices,
}


async def measure(folder: Path) -> Sequence[Figure]:
    """Medians, and what they are of those with few."""
    return [figure for engine in ENGINES for figure in await measured(folder, engine, FEW, MANY, ASKS)]


async def measured(folder: Path, engine: str, few: int, many: int, asks: int) -> Sequence[Figure]:
    """The same for one kind of database and other numbers. Fails where a page is not what was meant."""
    own = folder / engine
    own.mkdir()
    async with operators(own / "operators", (0.1, 0.2)) as providers:
        with ENGINES[engine](own) as address:
            return await _compared(own, providers, engine, {number: address(number) for number in (few, many)}, asks)


@contextlib.contextmanager
def _postgres(_: Path) -> Iterator[Callable[[int], str]]:
    with postgres() as server:
        yield lambda _: new_database(server.url)


@contextlib.contextmanager
def _sqlite(folder: Path) -> Iterator[Callable[[int], str]]:
    yield lambda number: f"sqlite:///{folder / f'{number}.db'}"


ENGINES: Mapping[str, Callable[[Path], AbstractContextManager[Callable[[int], str]]]] = {
    "PostgreSQL": _postgres,
    "SQLite": _sqlite,
}
"""By name, what gives an address for each number of orders."""


async def _compared(folder: Path, providers: Path, engine: str, urls: Mapping[int, str], asks: int) -> list[Figure]:
    kept = [await _filled(folder / str(number), url, providers, number) for number, url in urls.items()]
    async with contextlib.AsyncExitStack() as running:
        askers = [await running.enter_async_context(_asker(each, providers)) for each in kept]
        waits = {name: await _asked(page, askers, kept, asks) for name, page in PAGES.items()}
    few, many = urls
    first = f"{many:,} orders, {many * kept[0].events:,} events, {engine}: "
    return [
        Figure(
            f"{'' if name.startswith('…') else first}{name}",
            milliseconds(large),
            f"{large / small:.2f} × {few:,} orders",
            f"{LIMIT:g} ×",
        )
        for name, (small, large) in waits.items()
    ]


async def _filled(folder: Path, url: str, providers: Path, orders: int) -> Kept:
    """One order the whole way, and its copies."""
    async with (
        gateway(folder, providers, DATABASE_URL=url, KEYS=str(folder / "keys")) as program,
        consumer(program.url) as nobody,
    ):
        buyer = await nobody.newcomer()
        order, *_ = await place((await purchases([buyer], 1))[0])
        events, is_over = await buyer.events("12", {"orderId": order})
        assert is_over
        await asyncio.sleep(QUIET_S)
    await asyncio.to_thread(fill, url, order, orders)
    with contextlib.closing(Store(url)) as store:
        (customer,) = store.run("SELECT customer FROM customer_order WHERE key = ?", raw(ORDER, order)).fetchone()
        rows = store.run("SELECT key, body FROM customer_order WHERE customer = ? ORDER BY placed_at", customer)
        placed = [(own_id(ORDER, key), from_json(body, Order).placed_at) for key, body in rows.fetchall()]
    return Kept(url, folder, buyer.token, own_id(CUSTOMER, customer), placed, len(events))


@contextlib.asynccontextmanager
async def _asker(kept: Kept, providers: Path) -> AsyncIterator[Consumer]:
    """The customer, at a gateway on that database."""
    async with (
        gateway(kept.folder, providers, DATABASE_URL=kept.url, KEYS=str(kept.folder / "keys")) as program,
        consumer(program.url) as nobody,
    ):
        yield Consumer(nobody.session, nobody.url, kept.token)


async def _asked(page: Ask, askers: Sequence[Consumer], kept: Sequence[Kept], asks: int) -> list[float]:
    """The median of each, in turn, after some that warm up."""
    taken: list[list[float]] = [[] for _ in askers]
    for _ in range(asks + asks // 10 + 1):
        for asker, each, waits in zip(askers, kept, taken, strict=True):
            begun = time.perf_counter()
            await page(asker, each)
            waits.append(time.perf_counter() - begun)
    return [statistics.median(waits[-asks:]) for waits in taken]
