"""Bundles: one row each, with the items in its body."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from gateway.domain.ordering.bundles import Bundle, BundleState
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import BUNDLE, CUSTOMER, raw, sought
from gateway.storage.rows import Rows


def _values(bundle: Bundle) -> dict[str, Any]:
    return {
        "revision": bundle.revision,
        "state": bundle.state,
        "updated_at": bundle.updated_at,
        "body": to_json(bundle),
    }


class SqlBundles:
    """Bundles with their items."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._held: set[str] = set()

    async def add(self, bundle: Bundle) -> None:
        key, customer = raw(BUNDLE, bundle.id), raw(CUSTOMER, bundle.customer_id)
        await self._rows.run(insert(tables.bundle).values(key=key, customer=customer, **_values(bundle)))
        self._held.add(key)

    async def get(self, bundle_id: str, *, lock: bool = False) -> Bundle | None:
        key = sought(BUNDLE, bundle_id)
        statement = select(tables.bundle.c.body).where(tables.bundle.c.key == key)
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        if row is None:
            return None
        if lock:
            self._held.add(key)
        return from_json(row.body, Bundle)

    async def save(self, bundle: Bundle) -> None:
        key = raw(BUNDLE, bundle.id)
        if key not in self._held:
            raise RuntimeError("save of a bundle that this transaction does not hold locked")
        await self._rows.run(update(tables.bundle).where(tables.bundle.c.key == key).values(**_values(bundle)))

    async def open_of(self, customer_id: str) -> Sequence[Bundle]:
        column = tables.bundle.c
        is_open = (column.customer == sought(CUSTOMER, customer_id)) & (column.state == BundleState.OPEN)
        rows = await self._rows.all(select(column.key, column.body).where(is_open).with_for_update())
        self._held.update(row.key for row in rows)
        return [from_json(row.body, Bundle) for row in rows]
