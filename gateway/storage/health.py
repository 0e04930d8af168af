"""The log of the providers' health, numbered from each provider's own row."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from gateway.domain.health import Circuit, HealthChange, HealthState
from gateway.domain.health_events import HEALTH_CURSORS, HealthEvent
from gateway.ports.health import KEPT
from gateway.storage import tables
from gateway.storage.columns import closest
from gateway.storage.ids import HEALTH_EVENT, new_key, own_id
from gateway.storage.rows import Rows

_event, _count = tables.health_event.c, tables.health_count.c


def _read(row: Row[Any]) -> HealthEvent:
    return HealthEvent(
        id=own_id(HEALTH_EVENT, row.key),
        sequence=row.seq,
        cursor=HEALTH_CURSORS.of(row.provider, row.seq, row.key),
        gateway=row.gateway,
        provider=row.provider,
        capability=row.capability,
        state=closest(HealthState, row.state, HealthState.UNKNOWN),
        circuit=closest(Circuit, row.circuit, Circuit.CLOSED),
        occurred_at=row.occurred_at,
    )


class SqlHealthEvents:
    """See ports.HealthEvents."""

    def __init__(self, rows: Rows, wake: Callable[..., None]) -> None:
        self._rows = rows
        self._wake = wake

    async def append(self, change: HealthChange, gateway: str) -> None:
        await self._rows.add_new(tables.health_count, provider=change.provider, last_event=0)
        numbered = update(tables.health_count).where(_count.provider == change.provider)
        row = await self._rows.first(numbered.values(last_event=_count.last_event + 1).returning(_count.last_event))
        if row is None:
            raise RuntimeError("the number of a provider's events vanished while it was taken")
        statement = insert(tables.health_event).values(
            key=new_key(),
            provider=change.provider,
            seq=row.last_event,
            occurred_at=change.occurred_at,
            capability=change.capability,
            state=change.state,
            circuit=change.circuit,
            gateway=gateway,
        )
        await self._rows.run(statement)
        is_old = (_event.provider == change.provider) & (_event.seq <= row.last_event - KEPT)
        await self._rows.run(delete(tables.health_event).where(is_old))
        self._wake(f"health:{change.provider}")

    async def of_provider(self, provider: str, after: int, limit: int) -> Sequence[HealthEvent]:
        statement = select(tables.health_event).where(_event.provider == provider, _event.seq > after)
        return [_read(row) for row in await self._rows.all(statement.order_by(_event.seq).limit(limit))]

    async def last(self, provider: str) -> int:
        row = await self._rows.first(select(_count.last_event).where(_count.provider == provider))
        return int(row.last_event) if row else 0
