"""Who drives which order, as the engine's own tables in PostgreSQL tell."""

import asyncio
import time
from collections.abc import Mapping

import psycopg

from tests.cluster.cluster import Cluster

WITHIN_S = 30.0
# Each order, who drives it, and that executor's id without the time of its hold.
_DRIVEN = b"SELECT workflow_uuid, split_part(executor_id, '#', 1) FROM dbos.workflow_status WHERE status = 'PENDING'"
_WAITING = b"SELECT workflow_uuid FROM dbos.workflow_status WHERE status = 'ENQUEUED'"


async def taken_over_after_s(gateways: Cluster, dead: str) -> float:
    """How long, from now, until others drive every order that this executor drove, or have ended it."""
    killed_at = time.monotonic()
    async with await psycopg.AsyncConnection.connect(
        gateways.environment["GATEWAY_DATABASE_URL"], autocommit=True
    ) as connection:
        left = {order for order, driver in (await _driven(connection)).items() if driver == dead}
        while left:
            assert time.monotonic() - killed_at < WITHIN_S, f"{len(left)} orders of {dead} are left"
            await asyncio.sleep(0.05)
            driven, waiting = await _driven(connection), await _waiting(connection)
            left = {order for order in left if order in waiting or driven.get(order) == dead}
    return time.monotonic() - killed_at


async def _driven(connection: psycopg.AsyncConnection[tuple[str, str]]) -> Mapping[str, str]:
    return dict(await (await connection.execute(_DRIVEN)).fetchall())


async def _waiting(connection: psycopg.AsyncConnection[tuple[str, str]]) -> set[str]:
    return {row[0] for row in await (await connection.execute(_WAITING)).fetchall()}
