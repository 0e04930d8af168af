"""Which processes drive orders: each under an id of its own, which another one takes over when it is dead."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.errors import GatewayError

Recover = Callable[[str], Awaitable[None]]
"""Hands the work of the executor of that id to those who live; again is harmless."""


class LeaseLost(GatewayError):
    """This process no longer drives orders under its id: another one may do so already."""


class ExecutorIdInUse(GatewayError):
    """A process that lives has that id."""

    def __init__(self, executor_id: str) -> None:
        super().__init__(
            f"the executor id {executor_id} is in use by a gateway that runs; give each its own GATEWAY_EXECUTOR_ID"
        )
        self.executor_id = executor_id


@dataclass(frozen=True, slots=True)
class ExecutorRecord:
    """A process that drives orders, as all see it. `epoch` counts how often its id was taken."""

    name: str
    epoch: int
    started_at: datetime
    heartbeat_at: datetime
    is_alive: bool


class Lease(Protocol):
    """A process's hold on its executor id."""

    @property
    def executor_id(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    @property
    def lost(self) -> asyncio.Event:
        """Set once it is known that the hold is gone; it never comes back."""

    async def confirm(self) -> None:
        """Returns when the hold is sure, for longer than a message takes to leave. Raises: LeaseLost."""

    async def take_over(self, recover: Recover) -> Sequence[str]:
        """Recovers the work of each executor that is dead, once among all; returns their ids. Call it every second.

        Raises: LeaseLost.
        """


class Executors(Protocol):
    """All processes on one database."""

    def claimed(self) -> AbstractAsyncContextManager[None]:
        """Keeps the database from those who may not share it, from entry to exit: enter it before anything is changed.

        Raises: StorageUnavailable where one of them has it.
        """

    def hold(self, executor_id: str) -> AbstractAsyncContextManager[Lease]:
        """Holds that id from entry to exit; waits for a dead holder's time to run out.

        Raises: ExecutorIdInUse, StorageUnavailable.
        """

    async def all(self) -> Sequence[ExecutorRecord]:
        """Those that are known, by id. Raises: StorageUnavailable."""
