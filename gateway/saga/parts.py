"""What the engine is put together from."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.federation.tending import failure_of

log = logging.getLogger(__name__)

AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The database, and what is done in it.

    `database_url` names the database that our own tables are in, for a synchronous engine; `open_ids` tells the orders
    that are not final; `living` the names of the executors whose hold may be sure, this one's too; `connect` opens a
    connection to the database, where its address alone will not do.
    """

    database_url: str
    drive: Callable[[str], Awaitable[None]]
    open_ids: Callable[[], Awaitable[Sequence[str]]]
    living: Callable[[], Awaitable[Collection[str]]] | None = None
    connect: Callable[[], Any] | None = None

    async def drive_to_the_end(self, order_id: str) -> None:
        """Drives, and again where that fails: a workflow that failed would not be begun again.

        It is no step of the engine's, which would fail with the engine's own connection to the database.
        """
        while True:
            failure = await failure_of(self.drive(order_id))
            if failure is None:
                return
            # A driver fails only when our own store does. The kind alone: its text may hold what belongs into no log.
            log.warning("driving is put off order=%s: %s", order_id, type(failure).__name__)
            await asyncio.sleep(AGAIN_S)
