"""Orders through the saga: how many in a second, and what each costs the gateway's process.

The operators are a process of their own, so that their work is not counted. What is: `placeOrder` over HTTP, the engine
and every step, the operators' events that come in, with a disk that is synchronised at each commit.
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.bench.customers import customers, place_all, purchases
from tests.bench.figures import Figure, milliseconds
from tests.bench.programs import cpu_s, gateway, operators
from tests.e2e.consumer import consumer

AT_ONCE = 40
ROUNDS = 3
LIMIT_S = 60.0


async def measure(folder: Path) -> Sequence[Figure]:
    """Medians of the rounds, each of which places its orders at once and waits for the last one's end."""
    rates, costs = [], []
    async with (
        operators(folder / "operators", (0.05, 0.1)) as providers,
        gateway(folder / "gateway", providers) as program,
        consumer(program.url) as nobody,
    ):
        buyers = await customers(nobody, 5)
        for _ in range(ROUNDS):
            wanted = await purchases(buyers, AT_ONCE)
            begun, used = time.monotonic(), cpu_s(program)
            await place_all(wanted)
            await _all_completed(folder / "gateway" / "gateway.db")
            rates.append(AT_ONCE / (time.monotonic() - begun))
            costs.append((cpu_s(program) - used) / AT_ONCE)
    return [
        Figure(
            f"Orders per second, {AT_ONCE} placed at once, 3 items at 3 operators", f"{statistics.median(rates):.1f}"
        ),
        Figure("CPU per order, from `placeOrder` to COMPLETED", milliseconds(statistics.median(costs))),
    ]


async def _all_completed(database: Path) -> None:
    """Looks into the gateway's file itself, so that the question costs the gateway nothing."""
    query = "SELECT count(*) FILTER (WHERE is_open), count(*) FILTER (WHERE state <> ?) FROM customer_order"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        async with asyncio.timeout(LIMIT_S):
            while True:
                still_open, others = connection.execute(query, ("COMPLETED",)).fetchone()
                if not still_open:
                    break
                await asyncio.sleep(0.05)
    assert not others, f"{others} orders ended otherwise"
