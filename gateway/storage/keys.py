"""What each idempotency key was used for."""

from datetime import datetime

from sqlalchemy import select

from gateway.ports import IdempotencyRecord
from gateway.storage import tables
from gateway.storage.ids import CUSTOMER, raw, sought
from gateway.storage.rows import Rows

_column = tables.idempotency.c


class SqlIdempotency:
    """Keys by customer and mutation."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def find(self, customer_id: str, mutation: str, key: str) -> IdempotencyRecord | None:
        statement = select(_column.input_digest, _column.object_id).where(
            _column.customer == sought(CUSTOMER, customer_id),
            _column.mutation == mutation,
            _column.idempotency_key == key,
        )
        row = await self._rows.first(statement)
        return IdempotencyRecord(customer_id, mutation, key, row.input_digest, row.object_id) if row else None

    async def add(self, record: IdempotencyRecord, at: datetime) -> bool:
        """On PostgreSQL a call with the same key waits for the other's transaction, so exactly one keeps it."""
        return await self._rows.add_new(
            tables.idempotency,
            customer=raw(CUSTOMER, record.customer_id),
            mutation=record.mutation,
            idempotency_key=record.key,
            input_digest=record.input_digest,
            object_id=record.object_id,
            created_at=at,
        )
