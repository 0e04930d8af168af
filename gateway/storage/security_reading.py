"""How the security events are read: as events, and as links of their chain."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from gateway.domain.security import SecurityEvent, SecurityEventKind, security_cursor
from gateway.domain.security_chain import START, Anchor, Head, Link
from gateway.ports.security import SecurityEventFilter
from gateway.storage import tables
from gateway.storage.columns import closest, from_json
from gateway.storage.ids import CUSTOMER, SECURITY_EVENT, own_id, sought
from gateway.storage.rows import Rows

_event, _head = tables.security_event.c, tables.security_head.c
COLUMNS = {"sequence": "seq", "actor_id": "actor", "customer_id": "customer"}
"""The columns whose names are not those of a link's parts."""
_PARTS = {column: part for part, column in COLUMNS.items()}
HEAD_ROW = {"name": "events", "seq": 0, "digest": START, "judged": 0, "anchor_seq": 0, "anchor_digest": START}
"""The head of a chain without events."""


def _read(row: Row[Any]) -> SecurityEvent:
    return SecurityEvent(
        id=own_id(SECURITY_EVENT, row.key),
        sequence=row.seq,
        cursor=security_cursor(row.key),
        kind=closest(SecurityEventKind, row.kind, SecurityEventKind.UNKNOWN),
        occurred_at=row.occurred_at,
        actor_id=row.actor,
        customer_id=row.customer,
        subject=row.subject,
        params=from_json(row.params, dict[str, str]),
        address=row.address,
        times=row.times,
        digest=row.digest,
    )


def _link(row: Row[Any]) -> Link:
    values = {_PARTS.get(name, name): value for name, value in row._mapping.items()}
    del values["network"]
    return Link(**values)


def _conditions(wanted: SecurityEventFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.customer_id is not None:
        found.append(_event.customer == wanted.customer_id)
    if wanted.kinds:
        found.append(_event.kind.in_(sorted(wanted.kinds)))
    if wanted.since is not None:
        found.append(_event.occurred_at >= wanted.since)
    if wanted.until is not None:
        found.append(_event.occurred_at < wanted.until)
    if wanted.actor_id is not None:
        # PostgreSQL takes no NUL; nobody has such an id.
        found.append(_event.actor == wanted.actor_id.replace("\0", " "))
    if wanted.address is not None:
        found.append(_event.address == wanted.address)
    return found


class SecurityRows:
    """The part of `SecurityEvents` that reads."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def sequence_of(self, key: str, customer_id: str | None) -> int | None:
        statement = select(_event.seq).where(_event.key == key, *_conditions(SecurityEventFilter(customer_id)))
        row = await self._rows.first(statement)
        return int(row.seq) if row else None

    async def before(self, wanted: SecurityEventFilter, sequence: int | None, limit: int) -> Sequence[SecurityEvent]:
        statement = select(tables.security_event).where(*_conditions(wanted))
        if sequence is not None:
            statement = statement.where(_event.seq < sequence)
        return [_read(row) for row in await self._rows.all(statement.order_by(_event.seq.desc()).limit(limit))]

    async def after(self, wanted: SecurityEventFilter, sequence: int, limit: int) -> Sequence[SecurityEvent]:
        statement = select(tables.security_event).where(*_conditions(wanted), _event.seq > sequence)
        return [_read(row) for row in await self._rows.all(statement.order_by(_event.seq).limit(limit))]

    async def count(self, wanted: SecurityEventFilter, last: int) -> int:
        statement = select(func.sum(_event.times)).where(*_conditions(wanted), _event.seq <= last)
        row = await self._rows.first(statement)
        return int(row[0] or 0) if row else 0

    async def networks(self, actor_id: str, before: int) -> frozenset[str]:
        is_sign_in = (_event.actor == actor_id) & (_event.kind == SecurityEventKind.SIGNED_IN)
        known = is_sign_in & (_event.seq < before) & _event.network.is_not(None)
        return frozenset(row.network for row in await self._rows.all(select(_event.network).where(known).distinct()))

    async def has_customer(self, customer_id: str) -> bool:
        is_it = tables.customer.c.key == sought(CUSTOMER, customer_id)
        return await self._rows.first(select(tables.customer.c.key).where(is_it)) is not None

    async def judged(self) -> int:
        row = await self._rows.first(select(_head.judged).where(_head.name == HEAD_ROW["name"]))
        return int(row.judged) if row else 0

    async def head(self) -> Head:
        row = await self._rows.first(select(_head.seq, _head.digest).where(_head.name == HEAD_ROW["name"]))
        return Head(row.seq, row.digest) if row else Head(0, START)

    async def anchor(self) -> Anchor | None:
        row = await self._rows.first(select(tables.security_head).where(_head.name == HEAD_ROW["name"]))
        if row is None or row.anchor_seq == 0:
            return None
        return Anchor(row.anchor_seq, row.anchor_digest, row.anchor_key_id or "", row.anchor_seal or "")

    async def links(self, after: int, limit: int) -> Sequence[Link]:
        statement = select(tables.security_event).where(_event.seq > after).order_by(_event.seq).limit(limit)
        return [_link(row) for row in await self._rows.all(statement)]
