"""The wake-up bus of several processes: what one is told, the others are told over a line they share.

Wake-ups are hints. They are sent after the commit that they tell of, many at once, and are not kept: whoever loses one
reads its table at its next sweep. When the line was cut, everyone is woken as soon as it is back.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice
from typing import Protocol

from uuid_utils import uuid4

from gateway.storage.wakeups import MemoryWakeUps

log = logging.getLogger(__name__)

AGAIN_S = 0.5
# What is told within that time goes as one message: under load there are fewer of them, each for all who receive.
GATHER_S = 0.02
# That many different topics at once are told as "everything".
MOST = 5_000
# Bytes of a topic. What we wait for is far shorter: a longer one has a reference that some provider made up.
LONGEST = 2_000


class Line(Protocol):
    """A connection that all processes share."""

    async def send(self, sender: str, topics: Sequence[str]) -> None:
        """Tells all who receive, the sender too; no topic stands for every one."""

    def receive(self) -> AsyncIterator[tuple[str, Sequence[str]]]:
        """What is sent, with its sender, from now on; first nobody with no topic: from here nothing is lost."""

    async def close(self) -> None:
        """Gives its connections back."""


def _can_be_told(topic: str) -> bool:
    """What no line takes would stand in the way of all that comes after it, for ever."""
    try:
        return len(topic.encode()) <= LONGEST and not {"\0", "\n"} & set(topic)
    except UnicodeEncodeError:
        return False


Failures = tuple[type[BaseException], ...]


class SharedWakeUps(MemoryWakeUps):
    """Wakes the listeners of this process at once, and those of the others over the line."""

    def __init__(self, line: Line, failures: Failures) -> None:
        super().__init__()
        self._line = line
        self._failures = failures
        self._name = str(uuid4())
        self._waiting: dict[str, None] = {}
        self._fresh = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def notify(self, *topics: str) -> None:
        super().notify(*topics)
        if topics and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, topics)

    def _put(self, topics: Sequence[str]) -> None:
        told = filter(_can_be_told, topics)
        self._waiting.update(dict.fromkeys(islice(told, max(MOST - len(self._waiting), 0))))
        self._fresh.set()

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Sends and receives from entry to exit; what is left to send at the exit is sent then."""
        receiving = asyncio.create_task(self._again(self._receive))
        sending = asyncio.create_task(self._again(self._send))
        try:
            yield
        finally:
            receiving.cancel()
            sending.cancel()
            await asyncio.gather(receiving, sending, return_exceptions=True)
            with contextlib.suppress(*self._failures):
                await self._send_waiting()

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """A line that is cut costs no more than time."""
        is_up = True
        while True:
            try:
                await work()
            except self._failures as error:
                if is_up:
                    log.warning("the wake-up bus is away: %s", type(error).__name__)
                is_up = False
                await asyncio.sleep(AGAIN_S)

    async def _receive(self) -> None:
        async for sender, topics in self._line.receive():
            if not topics:
                self.notify_all()
            elif sender != self._name:
                super().notify(*topics)

    async def _send(self) -> None:
        while True:
            await self._fresh.wait()
            await asyncio.sleep(GATHER_S)
            await self._send_waiting()

    async def _send_waiting(self) -> None:
        """What could not be sent is sent at the next try."""
        self._fresh.clear()
        topics = list(self._waiting)
        if not topics:
            return
        try:
            await self._line.send(self._name, topics if len(topics) < MOST else ())
        except BaseException:
            self._fresh.set()
            raise
        for topic in topics:
            self._waiting.pop(topic, None)
