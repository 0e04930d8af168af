"""The port `Retention`."""

from datetime import datetime

from sqlalchemy import delete, or_, select

from gateway.storage import tables
from gateway.storage.ids import ORDER, own_id
from gateway.storage.rows import Rows


class SqlRetention:
    """Deletes what is older than it need be."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def drop_orders(self, before: datetime, limit: int) -> int:
        order = tables.order.c
        # What came on last of an ended order is its end. Of one that ended before that was kept, nobody knows it.
        is_old = or_(order.progressed_at < before, order.progressed_at.is_(None) & (order.placed_at < before))
        has_ended = order.is_open.is_(False) & is_old
        chosen = select(order.key).where(has_ended).order_by(order.progressed_at, order.key).limit(limit)
        keys = [row.key for row in await self._rows.all(chosen)]
        if not keys:
            return 0
        ids = [own_id(ORDER, key) for key in keys]
        await self._rows.run(delete(tables.order_event).where(tables.order_event.c.order.in_(keys)))
        await self._rows.run(delete(tables.order_step).where(tables.order_step.c.order.in_(keys)))
        await self._rows.run(delete(tables.order_item).where(tables.order_item.c.order.in_(keys)))
        await self._rows.run(delete(tables.idempotency).where(tables.idempotency.c.object_id.in_(ids)))
        await self._rows.run(delete(tables.notification).where(tables.notification.c.order_id.in_(ids)))
        return await self._rows.run(delete(tables.order).where(order.key.in_(keys)))

    async def drop_notifications(self, before: datetime, limit: int) -> int:
        column = tables.notification.c
        old = select(column.key).where(column.occurred_at < before).order_by(column.occurred_at).limit(limit)
        return await self._rows.run(delete(tables.notification).where(column.key.in_(old)))

    async def drop_sessions(self, before: datetime, limit: int) -> int:
        column = tables.session.c
        is_over = or_(column.ended_at < before, column.expires_at < before)
        old = select(column.key).where(is_over).order_by(column.expires_at).limit(limit)
        keys = [row.key for row in await self._rows.all(old)]
        if not keys:
            return 0
        await self._rows.run(delete(tables.refresh_token).where(tables.refresh_token.c.session.in_(keys)))
        return await self._rows.run(delete(tables.session).where(column.key.in_(keys)))
