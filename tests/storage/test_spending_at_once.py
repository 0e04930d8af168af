"""A spending limit under many orders at once, on both databases."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.authorizations import (
    Authorization,
    Conditions,
    EverythingScope,
    SelfServiceFunction,
    Thing,
)
from gateway.domain.errors import RequestError
from gateway.domain.members import Member
from gateway.domain.money import Money
from gateway.domain.ordering.pricing import Line
from gateway.domain.parties import Caller, MemberRole
from gateway.ports.authorizations import KeptAuthorization
from gateway.storage import MemoryWakeUps, SqlStorage
from gateway.usecases.actors import as_kept
from gateway.usecases.spending import authorization_for, cost_of
from tests.clock import NOON, SettableClock
from tests.cores import a_core
from tests.federation.scripted import profile
from tests.samples import an_order, new_id
from tests.storage.test_members import managers, stranger

MANY = 20
PRICE = Line(profile("nord"), None, Money(Decimal(100), "SEK"), Money(Decimal(0), "SEK"), is_tax_included=True)
LIMIT = Conditions(spending_limit_per_month=Money(Decimal(500), "SEK"))


async def order(storage: SqlStorage, customer: str, caller: Caller) -> str | None:
    """Places one as the use case does: the code that it is refused with."""
    try:
        async with storage.writing() as unit:
            kept = await as_kept(unit, caller)
            right = await authorization_for(unit, kept, customer, [Thing("nord")], [PRICE], NOON)
            assert right is not None
            await unit.orders.add(replace(an_order(customer), authorization_id=right.id, cost=cost_of([PRICE])))
    except RequestError as error:
        return error.problems[0].code
    return None


@pytest.mark.requirement("R3")
async def test_of_many_orders_at_once_as_many_pass_as_the_month_has_room_for(
    storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    customer, (maria, *_) = await managers(a_core(storage, wakeups, clock), storage)
    anna = await stranger(storage, "anna")
    assert maria.actor is not None
    assert anna.actor is not None
    granted = Authorization(
        new_id("Authorization"), (SelfServiceFunction.ORDER,), EverythingScope(), NOON, conditions=LIMIT
    )
    async with storage.writing() as unit:
        await unit.members.add(Member(new_id("Member"), customer, anna.actor, MemberRole.AUTHORIZED_USER, NOON))
        await unit.authorizations.add(KeptAuthorization(customer, anna.actor.id, granted, maria.actor.id, NOON))

    found = await asyncio.gather(*(order(storage, customer, anna) for _ in range(MANY)))

    assert (found.count(None), found.count("SPENDING_LIMIT_EXCEEDED")) == (5, MANY - 5)
