"""Service clients: one row each, with the digests of their secrets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, tuple_, update

from gateway.domain.clients import ClientRecord, ClientScope
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import SERVICE_CLIENT, own_id, raw, sought
from gateway.storage.rows import Rows

_column = tables.service_client.c


def _read(row: Row[Any]) -> ClientRecord:
    values = dict(row._mapping)
    known = set(ClientScope)
    # A scope of a newer version's allows nothing here.
    scopes = frozenset(ClientScope(name) for name in from_json(values.pop("scopes"), list[str]) if name in known)
    return ClientRecord(id=own_id(SERVICE_CLIENT, values.pop("key")), scopes=scopes, **values)


def _changing(record: ClientRecord) -> dict[str, Any]:
    return {
        "generation": record.generation,
        "secret_digest": record.secret_digest,
        "previous_digest": record.previous_digest,
        "previous_secret_until": record.previous_secret_until,
        "ended_at": record.ended_at,
    }


class SqlClients:
    """Clients by id, and in the order of their making."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, record: ClientRecord) -> None:
        values = {
            "key": raw(SERVICE_CLIENT, record.id),
            "name": record.name,
            "scopes": to_json(sorted(record.scopes)),
            "created_at": record.created_at,
            "last_used_at": record.last_used_at,
            "issuer": record.issuer,
            "issuer_client": record.issuer_client,
            **_changing(record),
        }
        await self._rows.run(insert(tables.service_client).values(values))

    async def get(self, client_id: str, *, lock: bool = False) -> ClientRecord | None:
        statement = select(tables.service_client).where(_column.key == sought(SERVICE_CLIENT, client_id))
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        return _read(row) if row else None

    async def of_issuer(self, issuer: str, issuer_client: str) -> ClientRecord | None:
        is_meant = (_column.issuer == issuer) & (_column.issuer_client == issuer_client) & _column.ended_at.is_(None)
        row = await self._rows.first(select(tables.service_client).where(is_meant))
        return _read(row) if row else None

    async def page(self, first: int, after: tuple[datetime, str] | None) -> Sequence[ClientRecord]:
        statement = select(tables.service_client)
        if after:
            place = tuple_(_column.created_at, _column.key)
            statement = statement.where(place < (after[0], sought(SERVICE_CLIENT, after[1])))
        by_age = (_column.created_at.desc(), _column.key.desc())
        return [_read(row) for row in await self._rows.all(statement.order_by(*by_age).limit(first))]

    async def save(self, record: ClientRecord) -> None:
        is_meant = _column.key == raw(SERVICE_CLIENT, record.id)
        await self._rows.run(update(tables.service_client).where(is_meant).values(_changing(record)))

    async def mark_used(self, client_id: str, at: datetime) -> None:
        is_meant = _column.key == raw(SERVICE_CLIENT, client_id)
        await self._rows.run(update(tables.service_client).where(is_meant).values(last_used_at=at))
