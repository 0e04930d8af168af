"""Memberships: one row each, in the order of joining by their keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, insert, or_, select, update

from gateway.domain.members import Member
from gateway.domain.parties import Actor, Customer, CustomerKind, MemberRole
from gateway.ports.members import HeldCustomer
from gateway.storage import tables
from gateway.storage.columns import closest
from gateway.storage.ids import ACTOR, CUSTOMER, MEMBER, own_id, raw, sought
from gateway.storage.rows import Rows

_column = tables.membership.c
_customer = tables.customer.c
_MANAGER = MemberRole.SELF_SERVICE_MANAGER


def _read(row: Row[Any]) -> Member:
    return Member(
        own_id(MEMBER, row.key),
        own_id(CUSTOMER, row.customer),
        Actor(own_id(ACTOR, row.actor), row.username),
        closest(MemberRole, row.role, MemberRole.SERVICE_USER),
        row.since,
    )


def _members() -> Select[Any]:
    columns = (_column.key, _column.customer, _column.actor, _column.role, _column.since, tables.actor.c.username)
    return select(*columns).join_from(tables.membership, tables.actor)


class SqlMembers:
    """The port `Members`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def hold(self, customer_id: str) -> HeldCustomer | None:
        statement = select(tables.customer).where(_customer.key == sought(CUSTOMER, customer_id)).with_for_update()
        row = await self._rows.first(statement)
        if row is None:
            return None
        kind = closest(CustomerKind, row.kind, CustomerKind.HOUSEHOLD)
        return HeldCustomer(Customer(customer_id, row.name, kind), row.last_event, row.closed_at)

    async def get(self, member_id: str) -> Member | None:
        is_meant = (_column.key == sought(MEMBER, member_id)) & _customer.closed_at.is_(None)
        row = await self._rows.first(_members().join(tables.customer).where(is_meant))
        return _read(row) if row else None

    async def of_actor(self, customer_id: str, actor_id: str) -> Member | None:
        row = await self._rows.first(_members().where(_is_of(sought(CUSTOMER, customer_id), sought(ACTOR, actor_id))))
        return _read(row) if row else None

    async def page(
        self, customer_id: str, first: int, after: str | None, managers_and: str | None = None
    ) -> Sequence[Member]:
        statement = _members().where(_column.customer == sought(CUSTOMER, customer_id))
        if after is not None:
            statement = statement.where(_column.key > sought(MEMBER, after))
        if managers_and is not None:
            is_shown = or_(_column.role == _MANAGER, _column.actor == sought(ACTOR, managers_and))
            statement = statement.where(is_shown)
        return [_read(row) for row in await self._rows.all(statement.order_by(_column.key).limit(first))]

    async def all_actor_ids(self, customer_id: str) -> Sequence[str]:
        statement = select(_column.actor).where(_column.customer == sought(CUSTOMER, customer_id))
        return [own_id(ACTOR, row.actor) for row in await self._rows.all(statement)]

    async def manager_count(self, customer_id: str) -> int:
        is_manager = (_column.customer == sought(CUSTOMER, customer_id)) & (_column.role == _MANAGER)
        return await self._count(select(func.count()).select_from(tables.membership).where(is_manager))

    async def count_of_actor(self, actor_id: str) -> int:
        is_open = (_column.actor == sought(ACTOR, actor_id)) & _customer.closed_at.is_(None)
        return await self._count(
            select(func.count()).select_from(tables.membership).join(tables.customer).where(is_open)
        )

    async def _count(self, statement: Select[Any]) -> int:
        row = await self._rows.first(statement)
        return int(row[0]) if row else 0

    async def add(self, member: Member) -> bool:
        return await self._rows.add_new(
            tables.membership,
            actor=raw(ACTOR, member.actor.id),
            customer=raw(CUSTOMER, member.customer_id),
            role=member.role,
            key=raw(MEMBER, member.id),
            since=member.since,
        )

    async def set_role(self, member: Member, role: MemberRole, at: datetime) -> None:
        await self._end_rights(member, at)
        is_meant = _column.key == raw(MEMBER, member.id)
        await self._rows.run(update(tables.membership).where(is_meant).values(role=role))

    async def remove(self, member: Member, at: datetime) -> None:
        await self._end_rights(member, at)
        await self._rows.run(delete(tables.membership).where(_column.key == raw(MEMBER, member.id)))

    async def _end_rights(self, member: Member, at: datetime) -> None:
        actor, customer = raw(ACTOR, member.actor.id), raw(CUSTOMER, member.customer_id)
        granted, enabled = tables.authorization.c, tables.enabled_function.c
        in_force = and_(granted.actor == actor, granted.customer == customer, granted.revoked_at.is_(None))
        await self._rows.run(update(tables.authorization).where(in_force).values(revoked_at=at))
        is_for = and_(enabled.actor == actor, enabled.customer == customer)
        await self._rows.run(delete(tables.enabled_function).where(is_for))

    async def rename(self, customer_id: str, name: str) -> None:
        is_meant = _customer.key == raw(CUSTOMER, customer_id)
        await self._rows.run(update(tables.customer).where(is_meant).values(name=name))

    async def close(self, customer_id: str, at: datetime) -> None:
        is_open = (_customer.key == raw(CUSTOMER, customer_id)) & _customer.closed_at.is_(None)
        await self._rows.run(update(tables.customer).where(is_open).values(closed_at=at))

    async def emails(self, actor_id: str) -> Sequence[str]:
        column = tables.actor_email.c
        statement = select(column.email_folded).where(column.actor == sought(ACTOR, actor_id))
        return [row.email_folded for row in await self._rows.all(statement)]


def _is_of(customer: str, actor: str) -> Any:
    return and_(_column.customer == customer, _column.actor == actor)


async def add_manager(rows: Rows, actor: str, customer: str, key: str, at: datetime) -> None:
    """The first member of a new customer; all are raw keys."""
    values = {"actor": actor, "customer": customer, "role": _MANAGER, "key": key, "since": at}
    await rows.run(insert(tables.membership).values(**values))
