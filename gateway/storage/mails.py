"""The mails that wait to be sent."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from gateway.ports.mails import QueuedMail
from gateway.storage import tables
from gateway.storage.rows import Rows

TOPIC = "mails"
_column = tables.mail.c


class SqlMails:
    """One row a mail."""

    def __init__(self, rows: Rows, wake: Callable[[str], None]) -> None:
        self._rows = rows
        self._wake = wake

    async def add(self, mail: QueuedMail) -> None:
        await self._rows.run(insert(tables.mail).values(dataclasses.asdict(mail)))
        self._wake(TOPIC)

    async def due(self, at: datetime, limit: int) -> Sequence[QueuedMail]:
        statement = select(tables.mail).where(_column.due_at <= at).order_by(_column.due_at, _column.key).limit(limit)
        return [QueuedMail(**row._mapping) for row in await self._rows.all(statement)]

    async def claim(self, mail: QueuedMail, until: datetime) -> bool:
        is_free = (_column.key == mail.key) & (_column.tries == mail.tries)
        values = {"tries": mail.tries + 1, "due_at": until}
        return await self._rows.run(update(tables.mail).where(is_free).values(values)) == 1

    async def remove(self, key: str) -> None:
        await self._rows.run(delete(tables.mail).where(_column.key == key))

    async def next_due(self) -> datetime | None:
        row = await self._rows.first(select(func.min(_column.due_at)))
        found: datetime | None = row[0] if row else None
        return found
