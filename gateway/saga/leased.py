"""The engine under a hold: its drivers send nothing to a provider once the hold is not sure."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.federation.fence import fence
from gateway.ports.executors import Executors, Lease
from gateway.saga.driver import drive
from gateway.saga.parts import Parts
from gateway.saga.work import Work
from gateway.saga.workflow import Engine, name_of


@dataclass(frozen=True, slots=True)
class LeasedEngine:
    """Drives by `work`; `database_url` is the database of our own tables, `connect` opens a connection to it."""

    engine: Engine
    executors: Executors
    work: Work
    database_url: str
    connect: Callable[[], Any] | None = None

    @asynccontextmanager
    async def running(self, lease: Lease) -> AsyncIterator[None]:
        """Runs under that hold; what this executor left under an earlier one goes on."""

        async def drive_fenced(order_id: str) -> None:
            fence.set(lease.confirm)
            await drive(self.work, order_id)

        parts = Parts(self.database_url, drive_fenced, self._open_ids, self._living, self.connect)
        async with self.engine.running(parts, name_of(lease.executor_id, lease.epoch)):
            yield

    async def recover(self, executor_id: str) -> None:
        """See ports.executors.Recover."""
        await self.engine.recover(executor_id)

    async def _open_ids(self) -> Sequence[str]:
        async with self.work.storage.reading() as uow:
            return await uow.orders.open_ids()

    async def _living(self) -> Sequence[str]:
        return [name_of(each.name, each.epoch) for each in await self.executors.all()]
