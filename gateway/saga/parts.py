"""What the engine is put together from."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any


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
