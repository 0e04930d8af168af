"""The log of orders: numbered from the order, which is held locked, and the customer's own row; read tolerantly."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, insert, select, update

from gateway.domain.ordering.aggregation import completion_percent
from gateway.domain.ordering.cursors import EventPosition, event_cursor, mark_of
from gateway.domain.ordering.events import EVENT_FORMAT, EVENT_KINDS, OrderEvent, OrderStateChanged
from gateway.domain.ordering.orders import Failure, Order
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.ports import NewEvent
from gateway.storage import tables
from gateway.storage.columns import closest, from_json, to_json
from gateway.storage.ids import CUSTOMER, ORDER, ORDER_EVENT, new_key, own_id, raw, sought
from gateway.storage.rows import Rows

_event = tables.order_event.c
MARKED_FORMAT = 2
_last = tables.customer.c.last_event
_TAKE = (
    update(tables.customer)
    .where(tables.customer.c.key == bindparam("sought"))
    .values(last_event=_last + bindparam("count"))
    .returning(_last)
)
_ADD = insert(tables.order_event)


def _values(order: Order, new: NewEvent) -> dict[str, Any]:
    """An event's row but for its keys and numbers: the state of this moment."""
    item = order.item(new.item_id) if new.item_id else None
    return {
        "format": EVENT_FORMAT,
        "kind": new.kind,
        "order_state": new.order_state or order.state,
        "completion_percent": completion_percent(order),
        "item_id": new.item_id,
        "item_state": item.state if item else None,
        "reason": to_json(new.reason) if new.reason else None,
        "params": to_json(new.params) if new.params else None,
    }


def _read(row: Row[Any]) -> OrderEvent:
    kind = EVENT_KINDS.get(row.kind, OrderStateChanged)
    # An event's cursor is the same for ever: those that were told before there were marks have none.
    mark = mark_of(row.key) if row.format >= MARKED_FORMAT else ""
    position = EventPosition(row.customer, row.customer_seq, row.order, row.seq, mark)
    item_state = closest(OrderItemState, row.item_state, OrderItemState.IN_PROGRESS) if row.item_state else None
    return kind(
        id=own_id(ORDER_EVENT, row.key),
        order_id=own_id(ORDER, row.order),
        customer_id=own_id(CUSTOMER, row.customer),
        sequence=row.seq,
        customer_sequence=row.customer_seq,
        cursor=event_cursor(position),
        occurred_at=row.occurred_at,
        order_state=closest(OrderState, row.order_state, OrderState.IN_PROGRESS),
        completion_percent=row.completion_percent,
        item_id=row.item_id,
        item_state=item_state,
        reason=from_json(row.reason, Failure) if row.reason else None,
        params=from_json(row.params, dict[str, str]) if row.params else {},
    )


class SqlEvents:
    """The append-only log of orders."""

    def __init__(self, rows: Rows, wake: Callable[..., None]) -> None:
        self._rows = rows
        self._wake = wake

    async def append(self, order: Order, new: Sequence[NewEvent], at: datetime) -> Order:
        """As the port says; the order must have been added before."""
        if not new:
            return order
        order_key, customer_key = raw(ORDER, order.id), raw(CUSTOMER, order.customer_id)
        last = order.last_sequence + len(new)
        customer_last = await self._take(customer_key, len(new))
        numbered = enumerate(new, start=1 - len(new))
        rows = [
            {
                "key": new_key(),
                "order": order_key,
                "seq": last + offset,
                "customer": customer_key,
                "customer_seq": customer_last + offset,
                "occurred_at": at,
                **_values(order, event),
            }
            for offset, event in numbered
        ]
        await self._rows.run(_ADD, rows)
        self._wake(f"order:{order.id}", f"customer:{order.customer_id}")
        return dataclasses.replace(order, last_sequence=last)

    async def _take(self, customer: str, count: int) -> int:
        """Takes that many numbers from the customer's row, which stays locked until the end; returns the last."""
        row = await self._rows.first(_TAKE, sought=customer, count=count)
        if row is None:
            raise RuntimeError("no customer to number events from")
        return int(row.last_event)

    async def of_order(self, order_id: str, after: int, limit: int) -> Sequence[OrderEvent]:
        return await self._some((_event.order == sought(ORDER, order_id)) & (_event.seq > after), _event.seq, limit)

    async def of_customer(self, customer_id: str, after: int, limit: int) -> Sequence[OrderEvent]:
        is_next = (_event.customer == sought(CUSTOMER, customer_id)) & (_event.customer_seq > after)
        return await self._some(is_next, _event.customer_seq, limit)

    async def _some(self, which: ColumnElement[bool], by: ColumnElement[int], limit: int) -> Sequence[OrderEvent]:
        rows = await self._rows.all(select(tables.order_event).where(which).order_by(by).limit(limit))
        return [_read(row) for row in rows]
