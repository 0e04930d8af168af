"""Many subscribers of one order: what each costs in memory while nothing happens, and in processor time when it does.

They follow the order from a process of their own. The clock of an event runs from the moment that it bears, which is
before its commit, to the moment when the last subscriber has read it: later than the operator's post, and earlier than
any subscriber could know of the event. Processor time is all threads', beyond what the process takes while it is idle;
what the order itself costs is in it.
"""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, milliseconds
from tests.bench.programs import Told, cpu_s, crowd, gateway, memory, open_files, operators
from tests.e2e.consumer import Consumer, consumer, document
from tests.e2e.processes import Program
from tests.e2e.shopping import basket, place

# How many, and in how many seconds the order begins: once all have joined, and been idle for a while.
SUBSCRIBERS = {"websocket": (2000, 110.0), "event-stream": (2000, 110.0)}
FEW = 20
DELIVERY_S = (0.8, 1.2)
SETTLING_S = 3.0
LIMIT_S = 110.0
MEMORY_LIMIT, CPU_LIMIT_S, LAST_LIMIT_S = 60_000, 80e-6, 0.2
TRANSPORTS = {"websocket": "WebSocket", "event-stream": "event stream"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as all subscribers have received it: times since the epoch, the crowd's processor time so far."""

    payload: dict[str, Any]
    first: float
    last: float
    cpu_s: float

    @property
    def event(self) -> dict[str, Any]:
        """The event."""
        assert "errors" not in self.payload, self.payload
        return dict(self.payload["data"]["orderEvents"])

    @property
    def taken_s(self) -> float:
        """From the moment that it bears to the last subscriber."""
        return self.last - datetime.fromisoformat(self.event["occurredAt"]).timestamp()


async def measure(folder: Path) -> Sequence[Figure]:
    """Both transports, one after the other."""
    rows = [await measured(folder / transport, transport, *many) for transport, many in SUBSCRIBERS.items()]
    return [figure for found in rows for figure in found]


class TooLate(Exception):
    """The order is to begin later than it was told."""


async def measured(folder: Path, transport: str, number: int, ahead_s: float) -> list[Figure]:
    """One transport, with that many subscribers of an order that is to begin in so many seconds.

    Raises: TooLate.
    """
    folder.mkdir()  # noqa: ASYNC240
    open_files()
    async with (
        operators(folder / "operators", DELIVERY_S) as providers,
        gateway(folder / "gateway", providers) as program,
        consumer(program.url) as nobody,
    ):
        buyer = await nobody.newcomer()
        start = datetime.now(UTC) + timedelta(seconds=ahead_s)
        given = (await basket(buyer)).given(requestedStartAt=start.isoformat())
        wanted = await _wanted(program, buyer, transport, await place(buyer, given))
        async with crowd(folder / "crowd.log", {**wanted, "number": FEW}) as told:
            await _quiet(told)
        found = await _followed(program, wanted, folder / "crowd.log", number, start)
    return _figures(transport, number, found)


async def _wanted(program: Program, buyer: Consumer, transport: str, order: str) -> dict[str, Any]:
    """What a crowd is told: each follower is sent the last event that was, as one who comes again, and then the new."""
    edges = (await buyer.run("13", id=order, first=100))["order"]["events"]["edges"]
    after = edges[-2]["cursor"] if len(edges) > 1 else None
    asked = {"query": document("12"), "variables": {"orderId": order, "after": after}}
    return {
        "transport": transport,
        "wanted": {"host": "127.0.0.1", "port": program.port, "token": buyer.token, **asked},
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """What all subscribers together cost the gateway: bytes, and seconds of processor time."""

    memory: int
    joining_s: float
    idle_s: float
    """In one second without an event."""
    sending_s: float
    crowd_s: float
    deliveries: Sequence[Delivery]


async def _followed(
    program: Program, wanted: Mapping[str, Any], log: Path, number: int, start: datetime
) -> _Found:  # fmt: skip
    before, begun = memory(program), cpu_s(program)
    async with crowd(log, {**wanted, "number": number}) as told:
        history = await _quiet(told)
        added, joined = memory(program) - before, cpu_s(program)
        idle_s = (start - datetime.now(UTC)).total_seconds() - 1
        if idle_s <= 1:
            raise TooLate(f"{number} subscribers have not joined before the order began")
        await asyncio.sleep(idle_s)
        rested, resting_s = cpu_s(program), (cpu_s(program) - joined) / idle_s
        began = time.monotonic()
        deliveries = await _to_the_end(told)
        sent_s = cpu_s(program) - rested - resting_s * (time.monotonic() - began)
    crowd_s = deliveries[-1].cpu_s - history[-1].cpu_s
    return _Found(added, joined - begun, resting_s, sent_s, crowd_s, deliveries)


async def _quiet(told: Told) -> list[Delivery]:
    """What all were sent of the past, once nothing more comes for a while."""
    found = [await _next(told, LIMIT_S)]
    with contextlib.suppress(TimeoutError):
        while True:
            found.append(await _next(told, SETTLING_S))
    return found


async def _next(told: Told, limit_s: float) -> Delivery:
    async with asyncio.timeout(limit_s):
        line = await told.get()
    assert line, "the crowd has ended: its log says why"
    return Delivery(**line)


async def _to_the_end(told: Told) -> list[Delivery]:
    """What all are sent from now on, until the order is complete."""
    found = [await _next(told, LIMIT_S)]
    while found[-1].event["__typename"] != "OrderCompleted":
        found.append(await _next(told, LIMIT_S))
    return found


def _figures(transport: str, number: int, found: _Found) -> list[Figure]:
    what = f"{number:,} subscribers of one order, {TRANSPORTS[transport]}"
    sent = len(found.deliveries) * number
    last = statistics.median(each.taken_s for each in found.deliveries)
    spread = statistics.median(each.last - each.first for each in found.deliveries)
    cpu = f"{found.sending_s / sent * 1e6:.0f} µs"
    kilobytes = f"{found.memory / number / 1000:.0f} kB"
    return [
        Figure(f"{what}: memory each", kilobytes, limit=f"{MEMORY_LIMIT / 1000:.0f} kB"),
        Figure("… CPU to join, after the last event but one", milliseconds(found.joining_s / number)),
        Figure("… CPU of all while nothing happens", f"{found.idle_s:.1%} of a core"),
        Figure(
            f"… CPU per delivery beyond that, over {len(found.deliveries)} events",
            cpu,
            limit=f"{CPU_LIMIT_S * 1e6:.0f} µs",
        ),
        Figure("… their own CPU per delivery, in a process beside it", f"{found.crowd_s / sent * 1e6:.0f} µs"),
        Figure(
            "… from an event's moment to the last subscriber, p50",
            milliseconds(last),
            limit=f"{LAST_LIMIT_S * 1e3:.0f} ms",
        ),
        Figure("… from the first subscriber to the last, p50", milliseconds(spread)),
    ]
