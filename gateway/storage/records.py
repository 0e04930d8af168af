"""What a customer keeps of people: contacts and subscribers, one row each."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Table, delete, func, insert, select, update

from gateway.domain.members import Contact, Record, Subscriber
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import CONTACT, CUSTOMER, SUBSCRIBER, raw, sought
from gateway.storage.rows import Rows

R = TypeVar("R", Contact, Subscriber)

_KINDS: Mapping[type[Record], tuple[Table, str]] = {
    Contact: (tables.contact, CONTACT),
    Subscriber: (tables.subscriber, SUBSCRIBER),
}


class SqlRecords:
    """The port `Records`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, record: Record) -> None:
        table, type_name = _KINDS[type(record)]
        key, customer = raw(type_name, record.id), raw(CUSTOMER, record.customer_id)
        await self._rows.run(insert(table).values(key=key, customer=customer, body=to_json(record)))

    async def get(self, kind: type[R], record_id: str) -> R | None:
        table, type_name = _KINDS[kind]
        row = await self._rows.first(select(table.c.body).where(table.c.key == sought(type_name, record_id)))
        return from_json(row.body, kind) if row else None

    async def save(self, record: Record) -> bool:
        table, type_name = _KINDS[type(record)]
        is_meant = table.c.key == raw(type_name, record.id)
        return await self._rows.run(update(table).where(is_meant).values(body=to_json(record))) > 0

    async def remove(self, record: Record) -> None:
        table, type_name = _KINDS[type(record)]
        await self._rows.run(delete(table).where(table.c.key == raw(type_name, record.id)))

    async def page(self, kind: type[R], customer_id: str, first: int, after: str | None) -> Sequence[R]:
        table, type_name = _KINDS[kind]
        statement = select(table.c.body).where(table.c.customer == sought(CUSTOMER, customer_id))
        if after is not None:
            statement = statement.where(table.c.key > sought(type_name, after))
        rows = await self._rows.all(statement.order_by(table.c.key).limit(first))
        return [from_json(row.body, kind) for row in rows]

    async def count(self, kind: type[Record], customer_id: str) -> int:
        table, _ = _KINDS[kind]
        is_of = table.c.customer == sought(CUSTOMER, customer_id)
        row = await self._rows.first(select(func.count()).select_from(table).where(is_of))
        return int(row[0]) if row else 0
