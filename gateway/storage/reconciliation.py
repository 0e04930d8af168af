"""The port `Reconciliation`."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select, tuple_

from gateway.domain.ordering.orders import OrderItem
from gateway.domain.parties import ProviderAccount
from gateway.ports.reconciliation import KeptItem
from gateway.ports.steps import StepRecord
from gateway.storage import tables
from gateway.storage.columns import from_json
from gateway.storage.ids import CUSTOMER, ORDER_ITEM, raw, sought
from gateway.storage.places import read_account
from gateway.storage.rows import Rows

_account = tables.provider_account.c
_item = tables.order_item.c
_step = tables.order_step.c


class SqlReconciliation:
    """Reads by provider, in pages."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def providers(self) -> Sequence[str]:
        statement = select(_account.provider).distinct().order_by(_account.provider)
        return [row.provider for row in await self._rows.all(statement)]

    async def accounts(self, provider: str, first: int, after: ProviderAccount | None) -> Sequence[ProviderAccount]:
        statement = select(tables.provider_account).where(_account.provider == provider)
        if after is not None:
            place = tuple_(_account.customer, _account.ref)
            statement = statement.where(place > (raw(CUSTOMER, after.customer_id), after.ref))
        rows = await self._rows.all(statement.order_by(_account.customer, _account.ref).limit(first))
        return [read_account(row) for row in rows]

    async def items(self, customer_id: str, provider: str, first: int, after: str | None) -> Sequence[KeptItem]:
        statement = (
            select(_item.body)
            .join_from(tables.order_item, tables.order)
            .where(tables.order.c.customer == sought(CUSTOMER, customer_id), _item.provider == provider)
        )
        if after is not None:
            statement = statement.where(_item.key > raw(ORDER_ITEM, after))
        rows = await self._rows.all(statement.order_by(_item.key).limit(first))
        items = [from_json(row.body, OrderItem) for row in rows]
        steps = await self._steps([item.id for item in items])
        return [KeptItem(item, steps[item.id]) for item in items]

    async def _steps(self, item_ids: Sequence[str]) -> dict[str, list[StepRecord]]:
        found: defaultdict[str, list[StepRecord]] = defaultdict(list)
        keys = [raw(ORDER_ITEM, each) for each in item_ids]
        orders = select(_item.order).where(_item.key.in_(keys))
        columns = (column for column in _step if column.name != "order")
        statement = select(*columns).where(_step.order.in_(orders), _step.item_id.in_(item_ids))
        for row in await self._rows.all(statement.order_by(_step.started_at, _step.idempotency_key, _step.step)):
            values = dict(row._mapping)
            found[row.item_id].append(StepRecord(key=values.pop("idempotency_key"), **values))
        return found
