"""The port `PersonalData`."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select

from gateway.domain.members import Member
from gateway.ports.personal import Rows as Shown
from gateway.storage import tables
from gateway.storage.erasing import erase_actor, erase_customer
from gateway.storage.ids import ACTOR, CUSTOMER, own_id, raw, sought
from gateway.storage.members import SqlMembers
from gateway.storage.personal_rows import shown
from gateway.storage.personal_sections import ACTOR_KINDS, CUSTOMER_PARTS, Part, actor_parts
from gateway.storage.rows import Rows


class SqlPersonalData:
    """Reads by the tables of `personal_sections`, erases by those of `erasing`."""

    def __init__(self, rows: Rows, note: Callable[[str, datetime], None]) -> None:
        self._rows = rows
        self._note = note

    async def memberships(self, actor_id: str) -> Sequence[Member]:
        column = tables.membership.c
        statement = select(column.customer).where(column.actor == sought(ACTOR, actor_id)).order_by(column.customer)
        members, found = SqlMembers(self._rows), await self._rows.all(statement)
        each = [await members.of_actor(own_id(CUSTOMER, row.customer), actor_id) for row in found]
        return [member for member in each if member is not None]

    actor_kinds = ACTOR_KINDS
    customer_kinds = tuple(CUSTOMER_PARTS)

    async def of_actor(self, actor_id: str, emails: Sequence[str], kind: str, skip: int, limit: int) -> Shown:
        parts = actor_parts(sought(ACTOR, actor_id), actor_id, emails)
        return await self._page(parts[kind], skip, limit)

    async def of_customer(self, customer_id: str, kind: str, skip: int, limit: int) -> Shown:
        return await self._page(CUSTOMER_PARTS[kind](sought(CUSTOMER, customer_id)), skip, limit)

    async def _page(self, part: Part, skip: int, limit: int) -> Shown:
        return [
            shown(row, part.type_name, part.hidden)
            for row in await self._rows.all(part.statement.limit(limit).offset(skip))
        ]

    async def keeps_customer(self, customer_id: str) -> bool:
        customer = tables.customer.c
        is_kept = (customer.key == sought(CUSTOMER, customer_id)) & customer.erased_at.is_(None)
        return await self._rows.first(select(customer.key).where(is_kept)) is not None

    async def is_erased(self, actor_id: str) -> bool:
        actor = tables.actor.c
        statement = select(actor.key).where(actor.key == sought(ACTOR, actor_id), actor.erased_at.is_not(None))
        return await self._rows.first(statement) is not None

    async def erase_actor(self, actor_id: str, customer_ids: Sequence[str], at: datetime) -> None:
        await erase_actor(self._rows, raw(ACTOR, actor_id), [raw(CUSTOMER, each) for each in customer_ids], at)
        self._note(actor_id, at)

    async def erase_customer(self, customer_id: str, at: datetime) -> bool:
        if not await erase_customer(self._rows, sought(CUSTOMER, customer_id), at):
            return False
        self._note(customer_id, at)
        return True
