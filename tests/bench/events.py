"""From a provider's event to the subscriber: how long a customer waits to see what has just been delivered.

The clock runs from the moment when the operator's POST to the hub address comes in, to the moment when the subscriber
has read the item's event from its WebSocket. In between the gateway reads the order and its product at the operator,
stores what it learnt and reads the event back. Polling is off, so that it is never what found out.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.customers import Purchase, customers, place, purchases
from tests.bench.figures import Figure, milliseconds, percentile
from tests.bench.programs import gateway, operators
from tests.bench.relay import Relay, relay
from tests.e2e.consumer import Consumer, consumer

ORDERS = 40
PAUSE_S = 0.7
LIMIT_S = 60.0
FOLLOW = """
subscription {
  customerEvents { __typename ... on OrderEvent { item { id } } }
}
"""
NO_POLLING = {"ORDER_POLL_FIRST_S": "60", "ORDER_POLL_MOST_S": "60"}


async def measure(folder: Path) -> Sequence[Figure]:
    """Over every delivered item of the orders, which are placed one after the other."""
    async with (
        relay() as between,
        operators(folder / "operators", (0.3, 0.6)) as providers,
        gateway(folder / "gateway", providers, PUBLIC_URL=between.url, **NO_POLLING) as program,
        consumer(program.url) as nobody,
    ):
        between.target = program.url
        (buyer,) = await customers(nobody, 1)
        waits = await _waits(between, buyer, await purchases([buyer], ORDERS))
    what = "From the operator's event to the subscriber"
    load = f"{len(waits)} events, {1 / PAUSE_S:.1f} orders per second"
    return [
        Figure(f"{what}, p50 ({load})", milliseconds(percentile(waits, 0.5))),
        Figure(f"{what}, p99", milliseconds(percentile(waits, 0.99))),
    ]


async def _waits(between: Relay, buyer: Consumer, wanted: Sequence[Purchase]) -> list[float]:
    seen: dict[str, float] = {}
    following = asyncio.create_task(_follow(buyer, seen, len(wanted)))
    placed = []
    for each in wanted:
        placed.append(await place(each))
        await asyncio.sleep(PAUSE_S)
    async with asyncio.timeout(LIMIT_S):
        await following
    return [
        seen[item] - between.completed[f"{order}/{position}/place/1"]
        for order, *items in placed
        for position, item in enumerate(items, 1)
    ]


async def _follow(buyer: Consumer, seen: dict[str, float], orders: int) -> None:
    """Notes when each item is seen to be active, until that many orders are complete."""
    async for message in buyer.follow(FOLLOW, {}):
        event = message["payload"]["data"]["customerEvents"]
        if event["__typename"] == "OrderItemActivated":
            seen[event["item"]["id"]] = time.monotonic()
        orders -= event["__typename"] == "OrderCompleted"
        if not orders:
            return
