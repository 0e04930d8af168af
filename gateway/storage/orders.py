"""Orders and their items; the steps that were taken; the start of an order's workflow."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, String, bindparam, func, insert, literal_column, null, select, tuple_, update
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.domain.ordering.operations import held_since, progressed_at
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import FINAL_ORDER_STATES, OrderState
from gateway.ports.steps import StepRecord
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import ACTOR, AUTHORIZATION, CUSTOMER, ORDER, ORDER_ITEM, own_id, raw, sought
from gateway.storage.rows import Rows, Starter

_order = tables.order.c
_item = tables.order_item.c
_step = tables.order_step.c
ROW = (_order.key, _order.body, _order.last_event)
# PostgreSQL's own number of the transaction that wrote the row: whoever changes it, an older version of the gateway or
# a person at the database too, changes that. SQLite has none; there one process alone writes.
_MARK = {"postgresql": literal_column("customer_order.xmin::text", String), "sqlite": null()}
_GET = {name: select(*ROW, mark.label("mark")).where(_order.key == bindparam("sought")) for name, mark in _MARK.items()}
_GET_LOCKED = {name: statement.with_for_update() for name, statement in _GET.items()}
_ITEMS = select(_item.order, _item.body).where(_item.order == bindparam("sought")).order_by(_item.position)
_UPDATE = update(tables.order).where(_order.key == bindparam("sought"))
_SAVE: Mapping[str, ReturningUpdate[Any]] = {
    name: _UPDATE.returning(mark.label("mark")) for name, mark in _MARK.items()
}
_SAVE_OVER = _SAVE["postgresql"].where(_MARK["postgresql"] == bindparam("known"))
STEP_ROW = tuple(column for column in _step if column.name != "order")


def _order_values(order: Order) -> dict[str, Any]:
    """Its row, as far as it changes."""
    body = to_json(dataclasses.replace(order, items=(), mark=None))
    return {
        "state": order.state,
        "is_open": order.state not in FINAL_ORDER_STATES,
        "held_since": held_since(order),
        "expected_at": order.expected_completion_at,
        "progressed_at": progressed_at(order),
        "last_event": order.last_sequence,
        "body": body,
    }


def _by_whom(order: Order) -> dict[str, Any]:
    """Who placed it, by which right, and what it takes of that right's limits."""
    return {
        "placed_by": raw(ACTOR, order.placed_by) if order.placed_by else None,
        "authorization": raw(AUTHORIZATION, order.authorization_id) if order.authorization_id else None,
        "cost": to_json(order.cost) if order.cost else None,
    }


def _item_values(order: str, item: OrderItem) -> dict[str, Any]:
    return {
        "key": raw(ORDER_ITEM, item.id),
        "order": order,
        "position": item.position,
        "state": item.state,
        "provider": item.provider,
        "order_ref": item.order_ref,
        "product_id": item.product.id if item.product else None,
        "body": to_json(item),
    }


def _put_together(row: Row[Any], items: Sequence[Row[Any]], mark: str | None = None) -> Order:
    order = from_json(row.body, Order)
    read = tuple(from_json(item.body, OrderItem) for item in items)
    return dataclasses.replace(order, items=read, last_sequence=row.last_event, mark=mark)


async def items_of(rows: Rows, orders: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """The item rows of each of these orders, by position."""
    statement = select(_item.order, _item.body).where(_item.order.in_(orders)).order_by(_item.order, _item.position)
    found: dict[str, list[Row[Any]]] = {key: [] for key in orders}
    for row in await rows.all(statement):
        found[row.order].append(row)
    return found


async def read_orders(rows: Rows, statement: Select[Any]) -> list[Order]:
    """The orders of a statement that selects `ROW`, with their items."""
    found = await rows.all(statement)
    items = await items_of(rows, [row.key for row in found])
    return [_put_together(row, items[row.key]) for row in found]


def step_of(row: Row[Any]) -> StepRecord:
    """The step of a row that has all of `STEP_ROW`."""
    values = dict(row._mapping)
    inputs = from_json(values.pop("inputs"), dict[str, str])
    return StepRecord(key=values.pop("idempotency_key"), inputs=inputs, **values)


class SqlOrders:
    """Orders with their items, cancellations and steps."""

    def __init__(self, rows: Rows, starter: Starter | None) -> None:
        self._rows = rows
        self._starter = starter
        self._held: dict[str, set[str]] = {}
        """The item bodies of each order that this transaction holds locked, as they stand in the table."""

    async def add(self, order: Order) -> None:
        key = raw(ORDER, order.id)
        row = {"key": key, "customer": raw(CUSTOMER, order.customer_id), "placed_at": order.placed_at}
        await self._rows.run(insert(tables.order).values(**row, **_by_whom(order), **_order_values(order)))
        self._held[key] = set()
        await self._save_items(key, order)

    async def get(self, order_id: str, *, lock: bool = False) -> Order | None:
        key = sought(ORDER, order_id)
        row = await self._rows.first((_GET_LOCKED if lock else _GET)[self._rows.dialect], sought=key)
        if row is None:
            return None
        items = await self._rows.all(_ITEMS, sought=key)
        if lock:
            self._held[key] = {item.body for item in items}
        return _put_together(row, items, row.mark)

    async def save(self, order: Order) -> Order:
        key = raw(ORDER, order.id)
        if key not in self._held:
            raise RuntimeError("save of an order that this transaction does not hold locked")
        row = await self._rows.first(_SAVE[self._rows.dialect], sought=key, **_order_values(order))
        await self._save_items(key, order)
        return dataclasses.replace(order, mark=row.mark if row else None)

    async def save_over(self, before: Order, after: Order) -> Order | None:
        if before.mark is None:
            return None
        key = raw(ORDER, after.id)
        row = await self._rows.first(_SAVE_OVER, sought=key, known=before.mark, **_order_values(after))
        if row is None:
            return None
        changed = [_item_values(key, new) for old, new in zip(before.items, after.items, strict=True) if new != old]
        if changed:
            await self._rows.put(tables.order_item, changed)
        # What stands in the table was not read: another save writes all.
        self._held[key] = set()
        return dataclasses.replace(after, mark=row.mark)

    async def _save_items(self, key: str, order: Order) -> None:
        rows = [_item_values(key, item) for item in order.items]
        changed = [row for row in rows if row["body"] not in self._held[key]]
        if changed:
            await self._rows.put(tables.order_item, changed)
        self._held[key] = {row["body"] for row in rows}

    async def page(self, customer_id: str, first: int, after: tuple[datetime, str] | None) -> Sequence[Order]:
        statement = select(*ROW).where(_order.customer == sought(CUSTOMER, customer_id))
        if after:
            place = tuple_(_order.placed_at, _order.key)
            statement = statement.where(place < (after[0], sought(ORDER, after[1])))
        ordered = statement.order_by(_order.placed_at.desc(), _order.key.desc())
        return await read_orders(self._rows, ordered.limit(first))

    async def open_ids(self) -> Sequence[str]:
        statement = select(_order.key).where(_order.is_open.is_(True)).order_by(_order.placed_at, _order.key)
        return [own_id(ORDER, row.key) for row in await self._rows.all(statement)]

    async def open_of(self, customer_id: str, limit: int) -> Sequence[str]:
        is_open = (_order.customer == sought(CUSTOMER, customer_id)) & _order.is_open.is_(True)
        statement = select(_order.key).where(is_open).order_by(_order.placed_at, _order.key).limit(limit)
        return [own_id(ORDER, row.key) for row in await self._rows.all(statement)]

    async def open_by_state(self) -> Mapping[OrderState, int]:
        statement = (
            select(_order.state, func.count().label("number")).where(_order.is_open.is_(True)).group_by(_order.state)
        )
        return {OrderState(row.state): row.number for row in await self._rows.all(statement)}

    async def by_products(self, customer_id: str, products: Sequence[str]) -> Mapping[str, str]:
        possible = [each for each in products if "\0" not in each]  # PostgreSQL takes no NUL
        statement = (
            select(_item.product_id, _item.order, _order.customer)
            .join_from(tables.order_item, tables.order)
            .where(_item.product_id.in_(possible))
            .order_by(_order.placed_at)
        )
        # Whose they are is asked here: a database that does not know better goes through all of a customer's orders.
        customer = sought(CUSTOMER, customer_id)
        rows = [row for row in await self._rows.all(statement) if row.customer == customer]
        # Of several orders about one product, the first made it: the newer ones are overwritten by it.
        return {row.product_id: own_id(ORDER, row.order) for row in reversed(rows)}

    async def record_step(self, order_id: str, record: StepRecord) -> None:
        values = dataclasses.asdict(record)
        values["idempotency_key"] = values.pop("key")
        values["inputs"] = to_json(record.inputs)
        await self._rows.put(tables.order_step, [{"order": raw(ORDER, order_id), **values}])

    async def steps(self, order_id: str) -> Sequence[StepRecord]:
        statement = (
            select(*STEP_ROW)
            .where(_step.order == sought(ORDER, order_id))
            .order_by(_step.started_at, _step.idempotency_key, _step.step)
        )
        return [step_of(row) for row in await self._rows.all(statement)]

    async def start(self, order_id: str) -> None:
        if self._starter is None:
            raise RuntimeError("the storage was opened without a starter: no order can be started")
        await self._rows.connection.run_sync(self._starter, order_id)
