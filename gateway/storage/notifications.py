"""The customers' inbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_, update

from gateway.domain.engagement import Notification
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import CUSTOMER, NOTIFICATION, own_id, raw, sought
from gateway.storage.rows import Rows

_column = tables.notification.c


def _read(row: Row[Any]) -> Notification:
    return Notification(
        id=own_id(NOTIFICATION, row.key),
        customer_id=own_id(CUSTOMER, row.customer),
        occurred_at=row.occurred_at,
        code=row.code,
        params=from_json(row.params, dict[str, str]),
        order_id=row.order_id,
        read_at=row.read_at,
    )


class SqlNotifications:
    """Notices by customer, newest first."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, notification: Notification) -> bool:
        return await self._rows.add_new(
            tables.notification,
            key=raw(NOTIFICATION, notification.id),
            customer=raw(CUSTOMER, notification.customer_id),
            occurred_at=notification.occurred_at,
            code=notification.code,
            params=to_json(notification.params),
            order_id=notification.order_id,
            read_at=notification.read_at,
        )

    async def page(self, customer_id: str, first: int, after: tuple[datetime, str] | None) -> Sequence[Notification]:
        statement = select(tables.notification).where(_column.customer == sought(CUSTOMER, customer_id))
        if after:
            place = tuple_(_column.occurred_at, _column.key)
            statement = statement.where(place < (after[0], sought(NOTIFICATION, after[1])))
        by_age = (_column.occurred_at.desc(), _column.key.desc())
        return [_read(row) for row in await self._rows.all(statement.order_by(*by_age).limit(first))]

    async def get(self, notification_id: str) -> Notification | None:
        key = sought(NOTIFICATION, notification_id)
        row = await self._rows.first(select(tables.notification).where(_column.key == key))
        return _read(row) if row else None

    async def mark_read(self, notification_id: str, at: datetime) -> None:
        is_unread = (_column.key == sought(NOTIFICATION, notification_id)) & _column.read_at.is_(None)
        await self._rows.run(update(tables.notification).where(is_unread).values(read_at=at))
