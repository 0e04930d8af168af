"""Live events: what was missed first, then what comes, without a gap or a repeat.

A subscriber registers, then reads the table after its cursor, then follows. All subscribers of one topic share one
reader, which at each
wake-up reads the table and hands the new events on. A subscriber that is too slow for its bounded buffer loses the
buffer, not an event: it reads
the table again from where it is. A slow sweep covers wake-ups that were lost.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from gateway.domain.errors import AccessError, Problem, StorageUnavailable
from gateway.ports import WakeUps
from gateway.usecases.actors import Standing

E = TypeVar("E")
Read = Callable[[int, int], Awaitable[Sequence[E]]]
"""Reads up to `limit` events after a position, in order."""
Position = Callable[[E], int]
"""Where an event stands in the topic's order."""

Prepare = Callable[[E], Awaitable[object]]
"""Makes ready what a follower is to be sent of an event; equal ones make the same."""

BATCH = 200
BUFFER = 256
SWEEP_S = 15.0
# While the storage is away.
AGAIN_S = 1.0
# How many things are made ready before an event is handed on, and how long it may wait for them.
PREPARED = 32
HEAD_START_S = 0.05


class _Subscriber(Generic[E]):
    """One follower's place: the last position it was given, and what waits for it."""

    def __init__(self, position: int, prepare: Prepare[E] | None, standing: Standing | None) -> None:
        self.standing = standing
        self.position = position
        self.prepare = prepare
        self.buffer: list[E] = []
        self.is_behind = False
        self.fresh = asyncio.Event()

    def check(self) -> None:
        """Raises: AccessError FORBIDDEN once the follower's right is lost."""
        if self.standing is not None and self.standing.is_lost:
            raise AccessError(Problem("FORBIDDEN"))

    def offer(self, events: Sequence[E]) -> None:
        if len(self.buffer) + len(events) > BUFFER:
            self.buffer = []
            self.is_behind = True
        else:
            self.buffer.extend(events)
        self.fresh.set()


class _Channel(Generic[E]):
    """One topic's reader and its subscribers."""

    def __init__(self, wakeups: WakeUps, topic: str, read: Read[E], position: Position[E]) -> None:
        self.subscribers: set[_Subscriber[E]] = set()
        self._head: int | None = None
        self._is_reading = False
        self._is_over = False
        self._is_put_off = False
        self._read = read
        self._position = position
        self._listening = wakeups.listen(topic)
        self._waiter = self._listening.__enter__()
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._tell_of_the_end)

    def _tell_of_the_end(self, _: object) -> None:
        self.failure()  # has been seen, also where nobody follows any more
        for subscriber in self.subscribers:
            subscriber.fresh.set()

    async def _run(self) -> None:
        while True:
            await self._waiter.wait(AGAIN_S if self._is_put_off else SWEEP_S)
            self._is_put_off = False
            # The first read starts where the last of the subscribers is; each drops what it has.
            head = min(each.position for each in self.subscribers) if self._head is None else self._head
            while events := await self._after(head):
                head = self._position(events[-1])
                await self._prepared(events)
                for subscriber in self.subscribers:
                    subscriber.offer(events)
            if self._is_over:
                return
            self._head = head

    async def _after(self, head: int) -> Sequence[E]:
        """The next batch; nothing once nobody follows."""
        self._is_reading = True
        try:
            events = await self._read(head, BATCH)
        except StorageUnavailable:
            # Those who follow stay: they are sent what they missed when the storage is back.
            events = ()
            self._is_put_off = True
        finally:
            self._is_reading = False
        return () if self._is_over else events

    async def _prepared(self, events: Sequence[E]) -> None:
        """What the events need has a head start: who waits for it when all have been woken is woken twice."""
        wanted = dict.fromkeys(each.prepare for each in self.subscribers if each.prepare)
        if len(wanted) * len(events) > PREPARED:
            return
        making = [prepare(event) for event in events for prepare in wanted]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEAD_START_S):
                # What fails, fails for each follower by itself.
                await asyncio.gather(*making, return_exceptions=True)

    def failure(self) -> BaseException | None:
        """Why the reader ended, None while it runs."""
        return self._task.exception() if self._task.done() and not self._task.cancelled() else None

    async def close(self) -> None:
        """Returns once the reader has ended: it holds nothing of the storage any more."""
        self._listening.__exit__(None, None, None)
        self._is_over = True
        # A read that is cut off costs its connection: the one under way comes to its end.
        if not self._is_reading:
            self._task.cancel()
        await asyncio.wait([self._task])


class EventFeed:
    """The channels that somebody follows."""

    def __init__(self, wakeups: WakeUps) -> None:
        self._wakeups = wakeups
        self._channels: dict[str, _Channel[Any]] = {}

    async def follow(
        self,
        topic: str,
        read: Read[E],
        position: Position[E],
        after: int,
        is_over: Callable[[int], bool],
        prepare: Prepare[E] | None = None,
        held: AbstractAsyncContextManager[Standing] | None = None,
    ) -> AsyncGenerator[E, None]:
        """Every event after that position, in order.

        Ends at once when `is_over(position)` says so at the end of the history, and with an AccessError FORBIDDEN once
        the right that is `held` is lost.
        """
        async with self._joined(topic, read, position, after, prepare, held) as (channel, subscriber):
            while True:
                subscriber.is_behind = False
                events = await read(subscriber.position, BATCH)
                for event in events:
                    subscriber.check()
                    subscriber.position = position(event)
                    yield event
                # What comes after a batch that is not full, the reader hands on: it knows this subscriber already.
                if len(events) == BATCH:
                    continue
                if is_over(subscriber.position):
                    return
                while not subscriber.is_behind:
                    for event in await _next(channel, subscriber):
                        subscriber.check()
                        if position(event) > subscriber.position:
                            subscriber.position = position(event)
                            yield event

    @contextlib.asynccontextmanager
    async def _joined(
        self,
        topic: str,
        read: Read[E],
        position: Position[E],
        after: int,
        prepare: Prepare[E] | None,
        held: AbstractAsyncContextManager[Standing] | None,
    ) -> AsyncIterator[tuple[_Channel[E], _Subscriber[E]]]:
        async with held or contextlib.nullcontext() as standing:
            subscriber = _Subscriber(after, prepare, standing)
            if standing is not None:
                standing.tell = subscriber.fresh.set
            async with self._channel(topic, read, position, subscriber) as channel:
                yield channel, subscriber

    @contextlib.asynccontextmanager
    async def _channel(
        self, topic: str, read: Read[E], position: Position[E], subscriber: _Subscriber[E]
    ) -> AsyncIterator[_Channel[E]]:
        channel = self._channels.get(topic)
        if channel is None or channel.failure() is not None:
            channel = self._channels[topic] = _Channel(self._wakeups, topic, read, position)
        channel.subscribers.add(subscriber)
        try:
            yield channel
        finally:
            channel.subscribers.discard(subscriber)
            if not channel.subscribers:
                if self._channels.get(topic) is channel:
                    del self._channels[topic]
                await channel.close()


async def _next(channel: _Channel[E], subscriber: _Subscriber[E]) -> Sequence[E]:
    """What the reader handed on since, once there is something; nothing where the buffer was lost."""
    await subscriber.fresh.wait()
    subscriber.fresh.clear()
    subscriber.check()
    failure = channel.failure()
    if failure is not None:
        raise failure
    events, subscriber.buffer = subscriber.buffer, []
    return events
