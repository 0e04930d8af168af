"""One operator at work: what its parts share."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from sqlite3 import Connection
from typing import Self, TypeVar

from starlette.responses import Response

from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.faults import Faults
from providers.simulator.market import OperatorEntry
from providers.simulator.settings import Settings
from providers.simulator.storage.store import Store
from providers.simulator.web.errors import TmfError, error_answer

T = TypeVar("T")


@dataclass
class Office:
    """What every endpoint and every timer of one operator works with, whatever API it speaks."""

    entry: OperatorEntry
    settings: Settings
    store: Store
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    timers_changed: asyncio.Event = field(default_factory=asyncio.Event)
    letters_changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def change(self, work: Callable[[Self, Connection], T]) -> T:
        """Does the work in one transaction, and wakes those who wait for timers and letters."""
        result = await self.store.transact(partial(work, self))
        self.timers_changed.set()
        self.letters_changed.set()
        return result

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Reads in one transaction."""
        return await self.store.transact(work)

    def refusal(self, error: TmfError) -> Response:
        """A request that is refused, as it goes over the wire."""
        return error_answer(error)


@dataclass(kw_only=True)
class Desk(Office):
    """An operator that speaks TM Forum Open APIs."""

    catalogue: Catalogue


async def wait_until(event: asyncio.Event, due: float | None, now: float) -> None:
    """Waits for the event, at most until `due`, and clears it."""
    timeout = None if due is None else max(0.0, due - now)
    try:
        # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the event.
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return
    finally:
        event.clear()
