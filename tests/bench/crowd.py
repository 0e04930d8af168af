"""Many followers of one subscription, in a process of their own, which says what they were sent and when.

`python -m tests.bench.crowd` reads one line of JSON: a transport, how many, and what they follow. It writes a line for
each event that the last of them has received.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import orjson
import uvloop

from tests.bench.followers import TRANSPORTS, Wanted

# More would wait in the gateway, and be ended there as operations that take too long.
JOINING_AT_ONCE = 20


@dataclass(slots=True)
class Received:
    """How many have an event by now, and when the first and the last of them had it, in seconds since the epoch."""

    count: int
    first: float
    last: float


class Crowd:
    """The followers, and what they have received."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._received: dict[bytes, Received] = {}

    def hear(self, payload: bytes) -> None:
        """Counts one delivery."""
        now = time.time()
        found = self._received.get(payload)
        if found is None:
            found = self._received[payload] = Received(0, now, now)
        found.count += 1
        if found.count == self._number:
            found.last = now
            _say(payload, found)


def _say(payload: bytes, received: Received) -> None:
    told = {"payload": orjson.loads(payload), "first": received.first, "last": received.last}
    sys.stdout.buffer.write(orjson.dumps({**told, "cpu_s": time.process_time()}) + b"\n")
    sys.stdout.buffer.flush()


def _end(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One follower that fails ends the crowd: what it measures would be less than it says."""
    sys.stderr.write(f"{context}\n")
    os._exit(1)


async def follow(transport: str, number: int, wanted: dict[str, Any]) -> None:
    """Opens them all and keeps them open for ever."""
    crowd, loop = Crowd(number), asyncio.get_running_loop()
    loop.set_exception_handler(_end)
    what, room = Wanted(**wanted), asyncio.Semaphore(JOINING_AT_ONCE)

    async def join() -> asyncio.BaseTransport:
        """Opens one, and waits for its first event."""
        joined = asyncio.Event()

        def heard(payload: bytes) -> None:
            joined.set()
            crowd.hear(payload)

        async with room:
            follower = TRANSPORTS[transport]
            opened, _ = await loop.create_connection(lambda: follower(what, heard), what.host, what.port)
            await joined.wait()
            return opened

    open_ones = await asyncio.gather(*(join() for _ in range(number)))
    await asyncio.Event().wait()
    assert open_ones


if __name__ == "__main__":
    uvloop.run(follow(**orjson.loads(sys.stdin.readline())))
