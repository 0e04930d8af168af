"""What the operator reads over all customers' orders: by indexes over the open ones alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_

from gateway.domain.ordering.operations import Backlog, OperationsFilter
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import FINAL_ITEM_STATES
from gateway.ports.steps import StepRecord
from gateway.storage import tables
from gateway.storage.ids import ORDER, own_id, sought
from gateway.storage.orders import ROW, STEP_ROW, read_orders, step_of
from gateway.storage.rows import Rows

_order = tables.order.c
_item = tables.order_item.c
_step = tables.order_step.c
_IS_OPEN = _order.is_open.is_(True)


def _is_late(now: datetime) -> ColumnElement[bool]:
    return and_(_order.expected_at.is_not(None), _order.expected_at < now)


def _has_unfinished_at(providers: Sequence[str]) -> ColumnElement[bool]:
    return exists().where(
        _item.order == _order.key, _item.provider.in_(providers), _item.state.not_in(FINAL_ITEM_STATES)
    )


def _narrowed(
    statement: Select[tuple[object, ...]], wanted: OperationsFilter, now: datetime
) -> Select[tuple[object, ...]]:
    if wanted.needs_attention:
        statement = statement.where(or_(_order.held_since.is_not(None), _is_late(now)))
    if wanted.states:
        statement = statement.where(_order.state.in_(wanted.states))
    if wanted.providers is not None:
        statement = statement.where(_has_unfinished_at(wanted.providers))
    if wanted.is_late is not None:
        statement = statement.where(_is_late(now) if wanted.is_late else ~_is_late(now))
    if wanted.held_since is not None:
        statement = statement.where(_order.held_since <= wanted.held_since)
    return statement


class SqlOperations:
    """Reads over the open orders."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def orders(
        self, wanted: OperationsFilter, now: datetime, first: int, after: tuple[datetime, str] | None
    ) -> Sequence[Order]:
        statement = _narrowed(select(*ROW).where(_IS_OPEN), wanted, now)
        if after:
            place = tuple_(_order.placed_at, _order.key)
            statement = statement.where(place > (after[0], sought(ORDER, after[1])))
        return await read_orders(self._rows, statement.order_by(_order.placed_at, _order.key).limit(first))

    async def steps(self, order_id: str, first: int, after: tuple[datetime, str, str] | None) -> Sequence[StepRecord]:
        by = (_step.started_at, _step.idempotency_key, _step.step)
        statement = select(*STEP_ROW).where(_step.order == sought(ORDER, order_id))
        if after:
            statement = statement.where(tuple_(*by) > after)
        return [step_of(row) for row in await self._rows.all(statement.order_by(*by).limit(first))]

    async def backlog(self, now: datetime) -> Backlog:
        orders = await self._rows.first(
            select(
                func.count().label("open"),
                func.count(_order.held_since).label("held"),
                func.count().filter(_is_late(now)).label("late"),
            ).where(_IS_OPEN)
        )
        pending = await self._rows.first(
            select(func.count().label("number"), func.min(_step.started_at).label("oldest"))
            .join_from(tables.order_step, tables.order)
            .where(_step.ended_at.is_(None), _IS_OPEN)
        )
        stalled = await self._rows.first(
            select(_order.key, _order.progressed_at)
            .where(_IS_OPEN, _order.progressed_at <= now)
            .order_by(_order.progressed_at)
            .limit(1)
        )
        return Backlog(
            measured_at=now,
            open_orders=orders.open if orders else 0,
            held_orders=orders.held if orders else 0,
            late_orders=orders.late if orders else 0,
            pending_steps=pending.number if pending else 0,
            oldest_pending_step_at=pending.oldest if pending else None,
            stalled_since=stalled.progressed_at if stalled else None,
            stalled_order_id=own_id(ORDER, stalled.key) if stalled else None,
        )
