"""Gateways as several machines run them, each a process: one PostgreSQL with a disk that is synchronised, one Redis."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.programs import gateway
from tests.cluster.servers import postgres, redis
from tests.e2e.processes import Program
from tests.storage.conftest import new_database


@dataclass(frozen=True, slots=True)
class Several:
    """The gateways, and the database that they share."""

    programs: list[Program]
    database: str


@contextlib.asynccontextmanager
async def several(folder: Path, number: int, providers: Path, **settings: str) -> AsyncIterator[Several]:
    """That many, once all are ready; `settings` are their variables without their prefix."""
    folder.mkdir()  # noqa: ASYNC240
    async with contextlib.AsyncExitStack() as running:
        server = running.enter_context(postgres())
        wakeups = running.enter_context(redis(folder))
        database = new_database(server.url)
        shared = {"DATABASE_URL": database, "REDIS_URL": wakeups.url, "KEYS": str(folder / "keys"), **settings}
        opening = (gateway(folder / f"gateway-{each}", providers, **shared) for each in range(1, number + 1))
        yield Several([await running.enter_async_context(each) for each in opening], database)
