"""Actors with their customers, memberships and authorizations."""

from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from gateway.domain.parties import Actor, Authorization, Customer, CustomerKind, MemberRole, Membership
from gateway.ports import Clock, Credentials, NewAccount
from gateway.ports.sign_in import Profile
from gateway.storage import tables
from gateway.storage.authorizations import SqlAuthorizations, manager_authorization
from gateway.storage.columns import closest
from gateway.storage.ids import ACTOR, CUSTOMER, new_key, own_id, raw, sought
from gateway.storage.members import add_manager
from gateway.storage.rows import Rows


def _of_actor(key: str) -> Select[tuple[object, ...]]:
    member, customer = tables.membership.c, tables.customer.c
    return (
        select(member.role, member.since, member.key.label("member"), customer.key, customer.name, customer.kind)
        .join_from(tables.membership, tables.customer)
        .where(member.actor == key, customer.closed_at.is_(None))
        .order_by(customer.created_at, customer.key)
    )


class ActorRows:
    """The part of `Accounts` about who there is."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def add(self, account: NewAccount) -> bool:
        key = raw(ACTOR, account.actor_id)
        is_new = await self._rows.add_new(
            tables.actor,
            key=key,
            username=account.username,
            username_folded=account.username.casefold(),
            password_hash=account.password_hash,
            is_operator=account.is_operator,
            created_at=account.created_at,
        )
        if is_new and account.email:
            folded = account.email.casefold()
            await self._rows.add_new(tables.actor_email, email_folded=folded, actor=key, email=account.email)
        if is_new and account.customer_id:
            await self._add_customer(account, key, raw(CUSTOMER, account.customer_id))
        return is_new

    async def _add_customer(self, account: NewAccount, actor: str, customer: str) -> None:
        at = account.created_at
        await self._rows.run(
            insert(tables.customer).values(
                key=customer, name=account.customer_name, kind=account.customer_kind, last_event=0, created_at=at
            )
        )
        await add_manager(self._rows, actor, customer, new_key(), at)

    async def credentials(self, username: str) -> Credentials | None:
        column = tables.actor.c
        found = select(column.key, column.password_hash).where(column.username_folded == username.casefold())
        row = await self._rows.first(found)
        return Credentials(own_id(ACTOR, row.key), row.password_hash) if row else None

    async def profile(self, actor_id: str, *, lock: bool = False) -> Profile | None:
        actor, email = tables.actor, tables.actor_email.c
        statement = select(actor).where(actor.c.key == sought(ACTOR, actor_id))
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        if row is None:
            return None
        mail = await self._rows.first(select(email.email).where(email.actor == row.key))
        return Profile(actor_id, row.username, row.password_hash, mail.email if mail else None)

    async def id_by_email(self, email: str) -> str | None:
        column = tables.actor_email.c
        row = await self._rows.first(select(column.actor).where(column.email_folded == email.casefold()))
        return own_id(ACTOR, row.actor) if row else None

    async def set_password(self, actor_id: str, password_hash: str) -> None:
        of_actor = tables.actor.c.key == sought(ACTOR, actor_id)
        await self._rows.run(update(tables.actor).where(of_actor).values(password_hash=password_hash))

    async def actor(self, actor_id: str) -> Actor | None:
        key = sought(ACTOR, actor_id)
        row = await self._rows.first(select(tables.actor).where(tables.actor.c.key == key))
        if row is None:
            return None
        has_one_time_password = await self._has_one_time_password(key)
        return Actor(actor_id, row.username, await self._memberships(key), row.is_operator, has_one_time_password)

    async def _has_one_time_password(self, actor: str) -> bool:
        column = tables.one_time_password.c
        is_confirmed = (column.actor == actor) & column.confirmed_at.is_not(None)
        return await self._rows.first(select(column.actor).where(is_confirmed)) is not None

    async def _memberships(self, actor: str) -> tuple[Membership, ...]:
        rows = await self._rows.all(_of_actor(actor))
        if not rows:
            return ()
        granted = await SqlAuthorizations(self._rows).of_actor(actor)
        return tuple([await self._membership(row, actor, tuple(granted.get(row.key, ()))) for row in rows])

    async def _membership(self, row: Row[Any], actor: str, granted: tuple[Authorization, ...]) -> Membership:
        role = closest(MemberRole, row.role, MemberRole.SERVICE_USER)
        kind = closest(CustomerKind, row.kind, CustomerKind.HOUSEHOLD)
        customer, at = Customer(own_id(CUSTOMER, row.key), row.name, kind), self._clock.now()
        if role is MemberRole.SELF_SERVICE_MANAGER:
            return Membership(role, customer, (manager_authorization(row.member, row.since),), at=at)
        if role is MemberRole.AUTHORIZED_USER:
            return Membership(role, customer, granted, at=at)
        kept = SqlAuthorizations(self._rows)
        enabled, change_at = await kept.counting_for(customer.id, own_id(ACTOR, actor), at)
        return Membership(role, customer, (), tuple(enabled), at, change_at)
