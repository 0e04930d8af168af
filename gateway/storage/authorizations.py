"""Authorizations and enabled functions, and how they are read for who signs in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from gateway.domain.authorizations import (
    ALL_RIGHTS,
    UNBOUND,
    Authorization,
    AuthorizationScope,
    Conditions,
    EnabledFunction,
    EverythingScope,
    OfferingScope,
    ProductScope,
    Rights,
    SelfServiceFunction,
    rights_of,
)
from gateway.domain.money import Money
from gateway.domain.ordering.orders import OrderItem, without
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.domain.parties import MemberRole
from gateway.ports.authorizations import KeptAuthorization
from gateway.storage import tables
from gateway.storage.columns import closest, from_json, to_json
from gateway.storage.ids import ACTOR, AUTHORIZATION, CUSTOMER, ENABLED_FUNCTION, own_id, raw, sought
from gateway.storage.rows import Rows

_granted = tables.authorization.c
_enabled = tables.enabled_function.c
_SCOPES: dict[str, type[AuthorizationScope]] = {
    kind.__name__: kind for kind in (EverythingScope, ProductScope, OfferingScope)
}
_UNDONE = (OrderState.FAILED, OrderState.CANCELLED, OrderState.REJECTED)
_UNDONE_ITEMS = (OrderItemState.FAILED, OrderItemState.CANCELLED, OrderItemState.REJECTED)


def _scope_text(scope: AuthorizationScope) -> str:
    return f"{type(scope).__name__} {to_json(scope)}"


def _scope(text: str) -> AuthorizationScope:
    kind, _, body = text.partition(" ")
    # A kind of a newer version's allows nothing here.
    return from_json(body, _SCOPES[kind]) if kind in _SCOPES else ProductScope(())


def _functions(text: str) -> tuple[SelfServiceFunction, ...]:
    known = set(SelfServiceFunction)
    return tuple(SelfServiceFunction(name) for name in from_json(text, list[str]) if name in known)


def _authorization(row: Row[Any]) -> Authorization:
    return Authorization(
        own_id(AUTHORIZATION, row.key),
        _functions(row.functions),
        _scope(row.scope),
        row.valid_from,
        row.valid_until,
        from_json(row.conditions, Conditions) if row.conditions else UNBOUND,
    )


def _kept(row: Row[Any]) -> KeptAuthorization:
    whose = own_id(CUSTOMER, row.customer), own_id(ACTOR, row.actor)
    by = own_id(ACTOR, row.granted_by) if row.granted_by else ""
    return KeptAuthorization(*whose, _authorization(row), by, row.granted_at or row.valid_from, row.revoked_at)


def _values(kept: KeptAuthorization) -> dict[str, Any]:
    held = kept.authorization
    return {
        "functions": to_json(list(held.functions)),
        "scope": _scope_text(held.scope),
        "valid_from": held.valid_from,
        "valid_until": held.valid_until,
        "conditions": None if held.conditions == UNBOUND else to_json(held.conditions),
        "revoked_at": kept.revoked_at,
    }


def _enabled_function(row: Row[Any]) -> EnabledFunction:
    return EnabledFunction(
        own_id(ENABLED_FUNCTION, row.key),
        SelfServiceFunction(row.function),
        row.product_id or None,
        own_id(ACTOR, row.enabled_by),
        row.enabled_at,
    )


def manager_authorization(key: str, since: datetime) -> Authorization:
    """What a manager's role allows, as it is shown; its key is the membership's own."""
    return Authorization(own_id(AUTHORIZATION, key), tuple(SelfServiceFunction), EverythingScope(), since)


class SqlAuthorizations:
    """The port `Authorizations`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, authorization_id: str, *, lock: bool = False) -> KeptAuthorization | None:
        statement = select(tables.authorization).where(_granted.key == sought(AUTHORIZATION, authorization_id))
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        return _kept(row) if row else None

    async def of_member(self, customer_id: str, actor_id: str) -> Sequence[KeptAuthorization]:
        rows = await self._rows.all(_unrevoked(sought(ACTOR, actor_id), sought(CUSTOMER, customer_id)))
        return [_kept(row) for row in rows]

    async def of_members(self, customer_id: str, actor_ids: Sequence[str]) -> Mapping[str, Sequence[KeptAuthorization]]:
        actors, customer = [sought(ACTOR, each) for each in actor_ids], sought(CUSTOMER, customer_id)
        found: dict[str, list[KeptAuthorization]] = {}
        is_meant = _granted.actor.in_(actors) & (_granted.customer == customer) & _granted.revoked_at.is_(None)
        granted = select(tables.authorization).where(is_meant).order_by(_granted.valid_from, _granted.key)
        for row in await self._rows.all(granted):
            found.setdefault(own_id(ACTOR, row.actor), []).append(_kept(row))
        member = tables.membership.c
        is_manager = (member.role == MemberRole.SELF_SERVICE_MANAGER) & (member.customer == customer)
        for row in await self._rows.all(select(tables.membership).where(member.actor.in_(actors), is_manager)):
            actor_id, allowed = own_id(ACTOR, row.actor), manager_authorization(row.key, row.since)
            found[actor_id] = [KeptAuthorization(customer_id, actor_id, allowed, "", row.since)]
        return found

    async def add(self, kept: KeptAuthorization) -> None:
        whose = {
            "key": raw(AUTHORIZATION, kept.authorization.id),
            "actor": raw(ACTOR, kept.actor_id),
            "customer": raw(CUSTOMER, kept.customer_id),
            "granted_by": raw(ACTOR, kept.granted_by),
            "granted_at": kept.granted_at,
        }
        await self._rows.run(insert(tables.authorization).values(**whose, **_values(kept)))

    async def save(self, kept: KeptAuthorization) -> None:
        is_meant = _granted.key == raw(AUTHORIZATION, kept.authorization.id)
        await self._rows.run(update(tables.authorization).where(is_meant).values(**_values(kept)))

    async def spent(self, authorization_id: str, since: datetime, until: datetime) -> Sequence[Money]:
        order = tables.order.c
        is_under_it = order.authorization == sought(AUTHORIZATION, authorization_id)
        is_in_time = (order.placed_at >= since) & (order.placed_at < until)
        counts = is_under_it & is_in_time & order.state.not_in(_UNDONE) & order.cost.is_not(None)
        costs = {row.key: row.cost for row in await self._rows.all(select(order.key, order.cost).where(counts))}
        item = tables.order_item.c
        joined = select(item.order, item.body).join_from(tables.order_item, tables.order)
        undone: dict[str, list[OrderItem]] = {}
        for row in await self._rows.all(joined.where(counts, item.state.in_(_UNDONE_ITEMS))):
            undone.setdefault(row.order, []).append(from_json(row.body, OrderItem))
        return [without(from_json(cost, Money), undone.get(key, ())) for key, cost in costs.items()]

    async def enable(self, customer_id: str, actor_id: str, enabled: EnabledFunction) -> bool:
        return await self._rows.add_new(
            tables.enabled_function,
            key=raw(ENABLED_FUNCTION, enabled.id),
            customer=raw(CUSTOMER, customer_id),
            actor=raw(ACTOR, actor_id),
            function=enabled.function,
            product_id=enabled.product_id or "",
            enabled_by=raw(ACTOR, enabled.enabled_by),
            enabled_at=enabled.enabled_at,
        )

    async def disable(self, customer_id: str, actor_id: str, enabled_id: str) -> None:
        is_meant = _enabled.key == sought(ENABLED_FUNCTION, enabled_id)
        is_theirs = (_enabled.actor == sought(ACTOR, actor_id)) & (_enabled.customer == sought(CUSTOMER, customer_id))
        await self._rows.run(delete(tables.enabled_function).where(is_meant, is_theirs))

    async def enabled_for(self, customer_id: str, actor_id: str) -> Sequence[EnabledFunction]:
        is_theirs = (_enabled.actor == sought(ACTOR, actor_id)) & (_enabled.customer == sought(CUSTOMER, customer_id))
        statement = select(tables.enabled_function).where(is_theirs).order_by(_enabled.key)
        known = set(SelfServiceFunction)
        return [_enabled_function(row) for row in await self._rows.all(statement) if row.function in known]

    async def counting_for(
        self, customer_id: str, actor_id: str, at: datetime
    ) -> tuple[Sequence[EnabledFunction], datetime | None]:
        enabled = await self.enabled_for(customer_id, actor_id)
        found = {each: await self._rights(customer_id, each, at) for each in {one.enabled_by for one in enabled}}
        counting = [each for each in enabled if _holds(found[each.enabled_by], each)]
        changes = [rights.changes_at for rights in found.values() if rights.changes_at is not None]
        return counting, min(changes, default=None)

    async def _rights(self, customer_id: str, actor_id: str, at: datetime) -> Rights:
        actor, customer = sought(ACTOR, actor_id), sought(CUSTOMER, customer_id)
        member = tables.membership.c
        row = await self._rows.first(select(member.role).where(member.actor == actor, member.customer == customer))
        role = closest(MemberRole, row.role, MemberRole.SERVICE_USER) if row else MemberRole.SERVICE_USER
        if role is MemberRole.SELF_SERVICE_MANAGER:
            return ALL_RIGHTS
        if role is MemberRole.SERVICE_USER:
            return Rights()
        rows = await self._rows.all(_unrevoked(actor, customer))
        return rights_of(map(_authorization, rows), at)

    async def enabled_by(self, customer_id: str, actor_id: str) -> Sequence[str]:
        is_theirs = (_enabled.enabled_by == sought(ACTOR, actor_id)) & (
            _enabled.customer == sought(CUSTOMER, customer_id)
        )
        rows = await self._rows.all(select(_enabled.actor).where(is_theirs).distinct())
        return [own_id(ACTOR, row.actor) for row in rows]

    async def of_actor(self, actor: str) -> dict[str, list[Authorization]]:
        """All of an actor's that are not revoked, by customer; raw keys."""
        found: dict[str, list[Authorization]] = {}
        for row in await self._rows.all(_unrevoked(actor)):
            found.setdefault(row.customer, []).append(_authorization(row))
        return found


def _holds(rights: Rights, enabled: EnabledFunction) -> bool:
    """Whether who has these rights may have enabled it: on everything, or on that very product."""
    if enabled.function in rights.everything:
        return True
    scopes = rights.scoped.get(enabled.function, ())
    return any(isinstance(each, ProductScope) and enabled.product_id in each.product_ids for each in scopes)


def _unrevoked(actor: str, customer: str | None = None) -> Any:
    is_meant = (_granted.actor == actor) & _granted.revoked_at.is_(None)
    if customer is not None:
        is_meant &= _granted.customer == customer
    return select(tables.authorization).where(is_meant).order_by(_granted.valid_from, _granted.key)
