"""Work on the data folder without a gateway around it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gateway.cli.failures import as_refusals
from gateway.cli.refusal import Refusal
from gateway.domain.errors import RequestError
from gateway.ports import Clock, Storage
from gateway.settings import read_settings
from gateway.storage import SystemClock, open_storage, open_wakeups
from gateway.storage.audit_trail import open_trail

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeper:
    """The folder's storage."""

    storage: Storage
    clock: Clock


def run_with_keeper(data: Path | None, work: Callable[[Keeper], Awaitable[T]], told: Callable[[str], str]) -> T:
    """Does it; what it returns. `told` is what to say of the code of what the work refuses. Raises: Refusal."""

    async def run() -> T:
        async with _opened(data) as keeper:
            return await work(keeper)

    with as_refusals():
        try:
            return asyncio.run(run())
        except RequestError as error:
            raise Refusal(told(error.problems[0].code), status=2) from None


@asynccontextmanager
async def _opened(data: Path | None) -> AsyncIterator[Keeper]:
    clock, settings = SystemClock(), read_settings(data=data)
    audit = open_trail(settings.audit_key, settings.data, settings.keys_folder)
    async with (
        open_wakeups(settings.database, settings.redis_url) as wakeups,
        open_storage(settings.database, wakeups, clock, None, audit) as storage,
    ):
        yield Keeper(storage, clock)
