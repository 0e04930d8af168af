"""Many followers of many orders at one gateway, in a process of their own, each with its place in its order's events.

`python -m tests.bench.audience` reads one line of JSON: where the gateway is, and the orders with how many follow each.
It writes a line once all have joined. Told "report" it writes what each order's followers were sent.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import uvloop

from tests.bench.crowd import JOINING_AT_ONCE
from tests.bench.followers import TRANSPORTS, Wanted


@dataclass(slots=True)
class Story:
    """One order's events as they were first met: by their bytes, their numbers and their moments."""

    known: dict[bytes, tuple[int, float]] = field(default_factory=dict)
    waits: "Counter[int]" = field(default_factory=Counter)
    """How many deliveries took so many milliseconds from the event's moment."""
    wrong: int = 0
    """Deliveries that were not the follower's next event: repeated, out of order, or after a gap."""
    last: int = 0

    def meet(self, payload: bytes) -> tuple[int, float]:
        """Reads an event that nobody was sent before."""
        answer = orjson.loads(payload)
        assert "errors" not in answer, answer
        event = answer["data"]["orderEvents"]
        found = int(event["sequence"]), datetime.fromisoformat(event["occurredAt"]).timestamp()
        self.known[payload] = found
        self.last = max(self.last, found[0])
        return found


@dataclass(slots=True)
class Listener:
    """One follower's place."""

    story: Story
    sequence: int
    """Of the last event that it was sent."""
    joined: asyncio.Event | None

    def hear(self, payload: bytes) -> None:
        """Checks one delivery; the first one shows that it has joined, and counts in no time."""
        now = time.time()
        sequence, moment = self.story.known.get(payload) or self.story.meet(payload)
        self.story.wrong += sequence != self.sequence + 1
        self.sequence = sequence
        if self.joined is None:
            self.story.waits[int((now - moment) * 1000)] += 1
        else:
            self.joined.set()
            self.joined = None


@dataclass(frozen=True, slots=True)
class Audience:
    """All of one order's."""

    story: Story
    listeners: list[Listener]
    wanted: Wanted

    def report(self) -> dict[str, Any]:
        """What they were sent; `heard` counts the followers by the last event that each was sent."""
        heard = Counter(each.sequence for each in self.listeners)
        return {"wrong": self.story.wrong, "heard": list(heard.items()), "waits": list(self.story.waits.items())}


def _audiences(host: str, port: int, orders: list[dict[str, Any]]) -> Iterator[Audience]:
    for order in orders:
        story = Story()
        listeners = [Listener(story, order["after"], None) for _ in range(order["number"])]
        wanted = Wanted(host, port, order["token"], order["query"], order["variables"])
        yield Audience(story, listeners, wanted)


async def attend(host: str, port: int, orders: list[dict[str, Any]]) -> None:
    """Opens all, half of them by each transport, and keeps them open for ever."""
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(JOINING_AT_ONCE)
    loop.set_exception_handler(_end)
    audiences = list(_audiences(host, port, orders))
    transports = list(TRANSPORTS.values())

    async def join(number: int, listener: Listener, wanted: Wanted) -> asyncio.BaseTransport:
        joined = listener.joined = asyncio.Event()
        follower = transports[number % len(transports)]
        async with room:
            opened, _ = await loop.create_connection(lambda: follower(wanted, listener.hear), host, port)
            await joined.wait()
        return opened

    joining = [
        join(number, listener, each.wanted) for each in audiences for number, listener in enumerate(each.listeners)
    ]
    open_ones = await asyncio.gather(*joining)
    _say({"joined": len(open_ones)})
    while await loop.run_in_executor(None, sys.stdin.readline):
        _say({"orders": [each.report() for each in audiences]})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps({**line, "cpu_s": time.process_time()}) + b"\n")
    sys.stdout.buffer.flush()


def _end(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A fault in one ends all: what they measure would be less than they say."""
    sys.stderr.write(f"{context}\n")
    os._exit(1)


if __name__ == "__main__":
    uvloop.run(attend(**orjson.loads(sys.stdin.readline())))
