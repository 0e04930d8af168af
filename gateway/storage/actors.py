"""Actors with their customers, memberships and authorizations."""

from sqlalchemy import Row, Select, insert, select, update

from gateway.domain.parties import (
    Actor,
    Authorization,
    AuthorizationScope,
    Customer,
    CustomerKind,
    EverythingScope,
    MemberRole,
    Membership,
    OfferingScope,
    ProductScope,
    SelfServiceFunction,
)
from gateway.ports import Credentials, NewAccount
from gateway.storage import tables
from gateway.storage.columns import closest, from_json, to_json
from gateway.storage.ids import ACTOR, AUTHORIZATION, CUSTOMER, new_key, own_id, raw, sought
from gateway.storage.members import add_manager
from gateway.storage.rows import Rows

_SCOPES: dict[str, type[AuthorizationScope]] = {
    kind.__name__: kind for kind in (EverythingScope, ProductScope, OfferingScope)
}


def _scope_text(scope: AuthorizationScope) -> str:
    return f"{type(scope).__name__} {to_json(scope)}"


def _scope(text: str) -> AuthorizationScope:
    kind, _, body = text.partition(" ")
    # A kind of a newer version's allows nothing here.
    return from_json(body, _SCOPES[kind]) if kind in _SCOPES else ProductScope(())


def _functions(text: str) -> tuple[SelfServiceFunction, ...]:
    known = set(SelfServiceFunction)
    return tuple(SelfServiceFunction(name) for name in from_json(text, list[str]) if name in known)


def _authorization(row: Row[tuple[object, ...]]) -> Authorization:
    return Authorization(
        own_id(AUTHORIZATION, row.key), _functions(row.functions), _scope(row.scope), row.valid_from, row.valid_until
    )


def _of_actor(key: str) -> Select[tuple[object, ...]]:
    member, customer = tables.membership.c, tables.customer.c
    return (
        select(member.role, customer.key, customer.name, customer.kind)
        .join_from(tables.membership, tables.customer)
        .where(member.actor == key, customer.closed_at.is_(None))
        .order_by(customer.created_at, customer.key)
    )


class ActorRows:
    """The part of `Accounts` about who there is."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

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
        await self._rows.run(
            insert(tables.authorization).values(
                key=new_key(),
                actor=actor,
                customer=customer,
                functions=to_json(list(SelfServiceFunction)),
                scope=_scope_text(EverythingScope()),
                valid_from=at,
            )
        )

    async def credentials(self, username: str) -> Credentials | None:
        column = tables.actor.c
        found = select(column.key, column.password_hash).where(column.username_folded == username.casefold())
        row = await self._rows.first(found)
        return Credentials(own_id(ACTOR, row.key), row.password_hash) if row else None

    async def set_password(self, actor_id: str, password_hash: str) -> None:
        of_actor = tables.actor.c.key == sought(ACTOR, actor_id)
        await self._rows.run(update(tables.actor).where(of_actor).values(password_hash=password_hash))

    async def actor(self, actor_id: str) -> Actor | None:
        key = sought(ACTOR, actor_id)
        row = await self._rows.first(select(tables.actor).where(tables.actor.c.key == key))
        return Actor(actor_id, row.username, await self._memberships(key), row.is_operator) if row else None

    async def _memberships(self, actor: str) -> tuple[Membership, ...]:
        rows = await self._rows.all(_of_actor(actor))
        if not rows:
            return ()
        authorizations = await self._authorizations(actor)
        return tuple(
            Membership(
                closest(MemberRole, row.role, MemberRole.SERVICE_USER),
                Customer(own_id(CUSTOMER, row.key), row.name, closest(CustomerKind, row.kind, CustomerKind.HOUSEHOLD)),
                tuple(authorizations.get(row.key, ())),
            )
            for row in rows
        )

    async def _authorizations(self, actor: str) -> dict[str, list[Authorization]]:
        column = tables.authorization.c
        statement = select(tables.authorization).where(column.actor == actor).order_by(column.valid_from, column.key)
        found: dict[str, list[Authorization]] = {}
        for row in await self._rows.all(statement):
            found.setdefault(row.customer, []).append(_authorization(row))
        return found
