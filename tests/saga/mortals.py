"""Processes within one: each drives the order by a clock of its own, and may die or stand still at any point."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from gateway.contract.ordering import OrderRequest, ProviderCancellation, ProviderOrder
from gateway.contract.provider import Provider
from gateway.ports import UnitOfWork
from gateway.ports.executors import LeaseLost
from gateway.storage.opening import SqlStorage
from tests.cores import NoProviders
from tests.saga.hand_time import LoopClock
from tests.saga.operator import Operator

# How many turns of the loop a task may take from one transaction to the next.
TURNS = 25
T = TypeVar("T")


class Killed(BaseException):
    """The process is no more: nothing catches it."""


class BusyStorage:
    """The storage, and whether anybody is in it: while nobody is, whoever can go on does so within some turns."""

    def __init__(self, inner: SqlStorage) -> None:
        self._inner = inner
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        with self._busy():
            async with self._inner.writing() as unit:
                yield unit

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        with self._busy():
            async with self._inner.reading() as unit:
                yield unit

    async def is_ready(self) -> bool:
        return await self._inner.is_ready()

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def settled(self) -> None:
        """Until nobody can go on before time does."""
        turns = 0
        while turns < TURNS:
            await self._empty.wait()
            await asyncio.sleep(0)
            turns = turns + 1 if self._empty.is_set() else 0


@dataclass(frozen=True)
class Guarded(NoProviders):
    """The providers of one process, each behind guards of its own."""

    all_of_them: Mapping[str, Provider]

    def provider(self, slug: str) -> Provider | None:
        return self.all_of_them.get(slug)


class Process:
    """One that drives the order, under a hold that may be lost, by a clock of its own.

    It passes a point before and after whatever lasts; at one of them it may die, or stand still.
    """

    task: "asyncio.Task[None]"

    def __init__(self, clock: LoopClock) -> None:
        self.clock = clock
        self.has_lost = False
        self.dies_at: tuple[str, str] | None = None
        self._points_left: int | None = None
        self._stops = False
        self._goes_on = asyncio.Event()
        self._goes_on.set()

    def will_end(self, points: int, *, stops: bool) -> None:
        """It dies, or stands still, at its so manieth point from now."""
        self._points_left, self._stops = points, stops

    @property
    def has_ended(self) -> bool:
        """Whether it got to that point."""
        return self._points_left is not None and self._points_left < 0

    def goes_on(self) -> None:
        """As if nothing had happened."""
        self._points_left = None
        self._goes_on.set()

    async def passes(self, *, may_stop: bool = True) -> None:
        """One of its points."""
        if self._points_left is not None and (may_stop or not self._stops):
            self._points_left -= 1
            if self._points_left < 0 and not self._stops:
                raise Killed
            if self._points_left < 0:
                self._goes_on.clear()
        if may_stop:
            await self._goes_on.wait()

    def reached(self, step: str, moment: str) -> None:
        """See saga.failpoints."""
        if self.dies_at == (step, moment):
            raise Killed

    async def confirm(self) -> None:
        """See ports.executors.Lease."""
        if self.has_lost:
            raise LeaseLost("local")


@dataclass(frozen=True)
class ProcessStorage:
    """The storage as one process has it: it ends at no point where it would keep others from theirs."""

    inner: BusyStorage
    process: Process

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        await self.process.passes()
        async with self.inner.writing() as unit:
            yield unit
            await self.process.passes(may_stop=False)
        await self.process.passes()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        await self.process.passes()
        async with self.inner.reading() as unit:
            yield unit
        await self.process.passes()

    async def is_ready(self) -> bool:
        return await self.inner.is_ready()


@dataclass(frozen=True)
class ProcessOrdering:
    """An operator's ordering as one process has it."""

    inner: Operator
    process: Process

    async def place(self, request: OrderRequest) -> ProviderOrder:
        return await self._passed(self.inner.place(request))

    async def find(self, key: str) -> ProviderOrder | None:
        return await self._passed(self.inner.find(key))

    async def track(self, ref: str) -> ProviderOrder:
        return await self._passed(self.inner.track(ref))

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        return await self._passed(self.inner.cancel(ref, key, reason))

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        return await self._passed(self.inner.cancellation(ref))

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        return await self._passed(self.inner.terminate(product_ref, key, party))

    async def _passed(self, call: Awaitable[T]) -> T:
        found = await call
        await self.process.passes()
        return found
