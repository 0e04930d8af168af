"""Registrations of providers, their sealed connections and their events, numbered from the registration's own row."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, update

from gateway.domain.ordering.states import OrderItemState
from gateway.domain.registration_events import (
    REGISTRATION_CURSORS,
    REGISTRATION_EVENTS,
    RegistrationEvent,
    RegistrationUpdated,
)
from gateway.domain.registrations import CheckOutcome, ProviderRegistration, RegistrationStatus
from gateway.ports.registrations import PROVIDERS_TOPIC, SealedConnections, StandingProvider
from gateway.storage import tables
from gateway.storage.columns import closest, from_json, to_json
from gateway.storage.ids import REGISTRATION, REGISTRATION_EVENT, new_key, own_id, raw, sought
from gateway.storage.rows import Rows

_kept = tables.provider_registration.c
_event = tables.registration_event.c
_item = tables.order_item.c
_is_present = _kept.removed_at.is_(None)
_UNDONE = (OrderItemState.CANCELLED, OrderItemState.FAILED, OrderItemState.REJECTED)


def _values(registration: ProviderRegistration) -> dict[str, Any]:
    """Its row but for the keys, the connections, the claim, and `last_event`, which only the numbering moves."""
    return {
        "status": registration.status,
        "effective": registration.effective,
        "revision": registration.revision,
        "activated_at": func.coalesce(_kept.activated_at, registration.updated_at)
        if registration.is_serving
        else _kept.activated_at,
        "body": to_json(dataclasses.replace(registration, last_sequence=0)),
    }


def _read(row: Row[Any]) -> ProviderRegistration:
    return dataclasses.replace(from_json(row.body, ProviderRegistration), last_sequence=row.last_event)


def _read_event(row: Row[Any]) -> RegistrationEvent:
    return REGISTRATION_EVENTS.get(row.kind, RegistrationUpdated)(
        id=own_id(REGISTRATION_EVENT, row.key),
        registration_id=own_id(REGISTRATION, row.registration),
        sequence=row.seq,
        cursor=REGISTRATION_CURSORS.of(row.registration, row.seq, row.key),
        occurred_at=row.occurred_at,
        status=closest(RegistrationStatus, row.status, RegistrationStatus.CHECKING),
        check=from_json(row.check_outcome, CheckOutcome) if row.check_outcome else None,
    )


def _present(*which: ColumnElement[bool]) -> Select[Any]:
    return select(tables.provider_registration).where(_is_present, *which)


class SqlRegistrations:
    """See ports.Registrations."""

    def __init__(self, rows: Rows, wake: Callable[..., None]) -> None:
        self._rows = rows
        self._wake = wake

    async def add(self, registration: ProviderRegistration, connections: SealedConnections) -> bool:
        slug, owner = registration.slug, registration.owner
        was_anothers = _kept.activated_at.is_not(None) & _kept.owner.is_distinct_from(owner)
        if await self._rows.first(select(_kept.key).where(_kept.slug == slug, or_(_is_present, was_anothers))):
            return False
        key = raw(REGISTRATION, registration.id)
        is_new = await self._rows.add_new(
            tables.provider_registration,
            **{
                **_values(registration),
                "key": key,
                "slug": slug,
                "owner": owner,
                "last_event": 0,
                "activated_at": None,
            },
            sealed_serving=connections.serving,
            sealed_pending=connections.pending,
        )
        if is_new:
            await self._changed(registration.id)
        return is_new

    async def get(self, registration_id: str, *, lock: bool = False) -> ProviderRegistration | None:
        statement = _present(_kept.key == sought(REGISTRATION, registration_id))
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        return _read(row) if row else None

    async def by_slug(self, slug: str) -> ProviderRegistration | None:
        row = await self._rows.first(_present(_kept.slug == slug))
        return _read(row) if row else None

    async def save(self, registration: ProviderRegistration, connections: SealedConnections | None = None) -> None:
        values = _values(registration)
        if connections is not None:
            values |= {"sealed_serving": connections.serving, "sealed_pending": connections.pending}
        await self._update(registration.id, **values)
        await self._changed(registration.id)

    async def remove(self, registration: ProviderRegistration, at: datetime) -> None:
        await self._update(registration.id, removed_at=at, sealed_serving=None, sealed_pending=None)
        await self._changed(registration.id)

    async def _update(self, registration_id: str, **values: Any) -> None:
        key = raw(REGISTRATION, registration_id)
        await self._rows.run(update(tables.provider_registration).where(_kept.key == key).values(**values))

    async def _changed(self, registration_id: str) -> None:
        await self._rows.count_up(tables.change_count, PROVIDERS_TOPIC)
        self._wake(PROVIDERS_TOPIC, f"registration:{registration_id}")

    async def page(self, owner: str | None, first: int, after: str | None) -> Sequence[ProviderRegistration]:
        statement = _present(*([] if owner is None else [_kept.owner == owner]))
        if after is not None:
            statement = statement.where(_kept.key > sought(REGISTRATION, after))
        return [_read(row) for row in await self._rows.all(statement.order_by(_kept.key).limit(first))]

    async def slugs_of(self, owner: str) -> Sequence[str]:
        statement = select(_kept.slug).where(_is_present, _kept.owner == owner).order_by(_kept.slug)
        return [row.slug for row in await self._rows.all(statement)]

    async def count(self, owner: str | None) -> int:
        statement = select(func.count().label("number")).where(_is_present, _kept.owner.is_not_distinct_from(owner))
        row = await self._rows.first(statement)
        return int(row.number) if row else 0

    async def connections(self, registration_id: str) -> SealedConnections:
        row = await self._rows.first(_present(_kept.key == sought(REGISTRATION, registration_id)))
        return SealedConnections(row.sealed_serving, row.sealed_pending) if row else SealedConnections()

    async def all_connections(self) -> Mapping[str, SealedConnections]:
        return {
            own_id(REGISTRATION, row.key): SealedConnections(row.sealed_serving, row.sealed_pending)
            for row in await self._rows.all(_present())
        }

    async def serving(self) -> Sequence[tuple[ProviderRegistration, str]]:
        serving = _kept.effective.in_([RegistrationStatus.ACTIVE, RegistrationStatus.SUSPENDED])
        rows = await self._rows.all(_present(serving, _kept.sealed_serving.is_not(None)))
        return sorted(((_read(row), row.sealed_serving) for row in rows), key=lambda each: each[0].slug)

    async def revisions(self) -> Mapping[str, int]:
        rows = await self._rows.all(select(_kept.key, _kept.revision).where(_is_present))
        return {own_id(REGISTRATION, row.key): row.revision for row in rows}

    async def number(self) -> int:
        count = tables.change_count.c
        row = await self._rows.first(select(count.number).where(count.name == PROVIDERS_TOPIC))
        return int(row.number) if row else 0

    async def standing(self, slugs: Collection[str]) -> Sequence[StandingProvider]:
        statement = select(_kept.slug, _kept.effective, _kept.removed_at).where(_kept.slug.in_(slugs))
        found: dict[str, RegistrationStatus | None] = {}
        for row in await self._rows.all(statement.with_for_update(read=True)):
            status = RegistrationStatus(row.effective) if row.removed_at is None else found.get(row.slug)
            found[row.slug] = status
        return [StandingProvider(slug, status) for slug, status in found.items()]

    async def is_in_use(self, slug: str) -> tuple[bool, bool]:
        of_provider = (
            select(_item.key).join_from(tables.order_item, tables.order).where(_item.provider == slug).limit(1)
        )
        is_held = _item.product_id.is_not(None) & _item.state.not_in(_UNDONE)
        is_ordered = await self._rows.first(of_provider.where(tables.order.c.is_open.is_(True)))
        return is_ordered is not None, await self._rows.first(of_provider.where(is_held)) is not None

    async def claim(self, registration_id: str, by: str, at: datetime, until: datetime) -> bool:
        is_free = or_(_kept.claimed_by.is_(None), _kept.claimed_by == by, _kept.claimed_until <= at)
        is_checking = _is_present & (_kept.status == RegistrationStatus.CHECKING)
        statement = update(tables.provider_registration).where(
            _kept.key == sought(REGISTRATION, registration_id), is_checking, is_free
        )
        return await self._rows.run(statement.values(claimed_by=by, claimed_until=until)) == 1

    async def release(self, registration_id: str, by: str) -> None:
        statement = update(tables.provider_registration).where(
            _kept.key == sought(REGISTRATION, registration_id), _kept.claimed_by == by
        )
        await self._rows.run(statement.values(claimed_by=None, claimed_until=None))

    async def unclaimed(self, at: datetime, by: str) -> Mapping[str, str | None]:
        is_free = or_(_kept.claimed_by.is_(None), _kept.claimed_by == by, _kept.claimed_until <= at)
        is_checking = _is_present & (_kept.status == RegistrationStatus.CHECKING)
        rows = await self._rows.all(select(_kept.key, _kept.owner).where(is_checking, is_free).order_by(_kept.key))
        return {own_id(REGISTRATION, row.key): row.owner for row in rows}

    async def append(
        self, registration: ProviderRegistration, kind: str, at: datetime, check: CheckOutcome | None = None
    ) -> ProviderRegistration:
        key, last = raw(REGISTRATION, registration.id), _kept.last_event
        numbered = (
            update(tables.provider_registration).where(_kept.key == key).values(last_event=last + 1).returning(last)
        )
        row = await self._rows.first(numbered)
        if row is None:
            raise RuntimeError("no registration to number events from: add it first")
        values = {"key": new_key(), "registration": key, "seq": row.last_event, "kind": kind, "occurred_at": at}
        outcome = to_json(check) if check else None
        statement = insert(tables.registration_event)
        await self._rows.run(statement.values(**values, status=registration.status, check_outcome=outcome))
        return dataclasses.replace(registration, last_sequence=row.last_event)

    async def events(self, registration_id: str, after: int, limit: int) -> Sequence[RegistrationEvent]:
        key = sought(REGISTRATION, registration_id)
        statement = select(tables.registration_event).where(_event.registration == key, _event.seq > after)
        return [_read_event(row) for row in await self._rows.all(statement.order_by(_event.seq).limit(limit))]
