"""Who calls may have been identified a while ago: what changes something asks again, in its own transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.errors import RequestError
from gateway.domain.ordering.orders import Hold
from gateway.domain.ordering.states import OrderItemState
from gateway.domain.parties import Caller, MemberRole
from gateway.ports.authorizations import KeptAuthorization
from gateway.ports.security import SecurityEventFilter
from gateway.usecases import authorizations, ordering
from gateway.usecases.authorization_inputs import (
    ChangeAuthorization,
    EnableFunction,
    GivenScope,
    GrantAuthorization,
)
from gateway.usecases.spending import authorization_for
from tests.callers.world import EVERYTHING, World, a_world, authorization
from tests.clock import NOON

MANAGER, AUTHORIZED, SERVICE = MemberRole


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as started:
        yield started


async def as_identified(world: World, token: str, role: MemberRole) -> Caller:
    """Joins as that, with every function where it takes an authorization; who the person was then."""
    await world.join(token, role, *([authorization(EVERYTHING)] if role is AUTHORIZED else []))
    return world.gateway.tokens.callers[token]


async def demote(world: World, token: str) -> None:
    async with world.gateway.storage.writing() as unit:
        kept = await unit.members.of_actor(world.customer, world.actors[token])
        assert kept is not None
        await unit.members.set_role(kept, SERVICE, NOON)


async def revoke(world: World, token: str) -> None:
    async with world.gateway.storage.writing() as unit:
        for each in await unit.authorizations.of_member(world.customer, world.actors[token]):
            await unit.authorizations.save(replace(each, revoked_at=NOON))


async def expire(world: World, token: str) -> None:
    async with world.gateway.storage.writing() as unit:
        for each in await unit.authorizations.of_member(world.customer, world.actors[token]):
            over = replace(each.authorization, valid_until=NOON)
            await unit.authorizations.save(replace(each, authorization=over))


async def remove(world: World, token: str) -> None:
    async with world.gateway.storage.writing() as unit:
        kept = await unit.members.of_actor(world.customer, world.actors[token])
        assert kept is not None
        await unit.members.remove(kept, NOON)


async def kept_by(world: World) -> list[Any]:
    """All that one of them might change."""
    async with world.gateway.storage.reading() as unit:
        member = await unit.members.of_actor(world.customer, world.actors["granted"])
        return [
            await unit.authorizations.of_member(world.customer, world.actors["granted"]),
            await unit.authorizations.enabled_for(world.customer, world.actors["served"]),
            await unit.orders.page(world.customer, 100, None),
            member,
            [each.kind for each in await unit.security_events.after(SecurityEventFilter(), 0, 100)],
        ]


async def given_to(world: World) -> KeptAuthorization:
    """An authorization of somebody else's, there to be changed."""
    held = authorization((SelfServiceFunction.SEE_ORDERS,))
    kept = KeptAuthorization(world.customer, world.actors["granted"], held, world.actors["manager"], NOON)
    async with world.gateway.storage.writing() as unit:
        await unit.authorizations.add(kept)
    return kept


async def held_order(world: World) -> tuple[str, str]:
    """One whose item waits for a person."""
    made = await world.anew(["order", "orderItem"])
    async with world.gateway.storage.writing() as unit:
        order = await unit.orders.get(made["order"], lock=True)
        assert order is not None
        item = replace(order.items[0], state=OrderItemState.HELD, hold=Hold("PROVIDER_TOO_SLOW", NOON))
        await unit.orders.save(replace(order, items=(item,)))
    return made["order"], made["orderItem"]


Attempt = Callable[[Caller], Awaitable[object]]


async def attempts(world: World) -> dict[str, Attempt]:
    """What somebody may try, by name; everything that it needs is there."""
    core, granted, served = world.gateway.core, world.actors["granted"], world.actors["served"]
    kept, bundle = await given_to(world), (await world.anew(["bundle"]))["bundle"]
    order, item = await held_order(world)
    see = SelfServiceFunction.SEE_ORDERS
    grant = GrantAuthorization(world.customer, granted, (see,), GivenScope(everything=True))
    change = ChangeAuthorization(kept.authorization.id, functions=(SelfServiceFunction.ORDER,))
    enable = EnableFunction(world.customer, served, SelfServiceFunction.SEE_USAGE)
    return {
        "grant": lambda caller: authorizations.grant_authorization(core, caller, grant),
        "change": lambda caller: authorizations.change_authorization(core, caller, change),
        "revoke": lambda caller: authorizations.revoke_authorization(core, caller, kept.authorization.id),
        "enable": lambda caller: authorizations.enable_function(core, caller, enable),
        "disable": lambda caller: authorizations.disable_function(core, caller, enable),
        "place": lambda caller: ordering.place_order(core, caller, ordering.PlaceOrder(bundle, 1, "key")),
        "cancel": lambda caller: ordering.cancel_order(core, caller, ordering.CancelOrder(order, "key")),
        "retry": lambda caller: ordering.retry_order_item(core, caller, ordering.RetryOrderItem(order, item, "key")),
    }


Loss = Callable[[World, str], Awaitable[None]]
MANAGEMENT, ORDERS = ("grant", "change", "revoke"), ("enable", "place", "cancel", "retry")
CASES = [
    *((MANAGER, loss, name) for loss in (demote, remove) for name in (*MANAGEMENT, *ORDERS, "disable")),
    *((AUTHORIZED, loss, name) for loss in (revoke, expire, demote, remove) for name in ORDERS),
]


@pytest.mark.requirement("S2", "R3", "R4")
@pytest.mark.parametrize(("role", "loss", "name"), CASES, ids=lambda each: getattr(each, "__name__", str(each)))
async def test_a_right_that_was_lost_since_does_not_count(
    world: World, role: MemberRole, loss: Loss, name: str
) -> None:
    caller = await as_identified(world, "caller", role)
    tried = (await attempts(world))[name]
    await loss(world, "caller")
    before = await kept_by(world)

    with pytest.raises(RequestError):
        await tried(caller)

    assert await kept_by(world) == before


@pytest.mark.requirement("R3")
@pytest.mark.parametrize("loss", [revoke, expire])
async def test_no_order_is_placed_under_what_was_taken_back_while_it_waited_for_it(world: World, loss: Loss) -> None:
    caller = await as_identified(world, "caller", AUTHORIZED)
    await loss(world, "caller")

    async with world.gateway.storage.writing() as unit:
        with pytest.raises(RequestError) as caught:
            # As if it was read in this transaction, before the other one's commit.
            await authorization_for(unit, caller, world.customer, [], [], NOON)

    assert [(each.code, each.field) for each in caught.value.problems] == [("NOT_ALLOWED", ("bundleId",))]
