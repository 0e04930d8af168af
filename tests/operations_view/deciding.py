"""A small world with somebody who decides about its held orders."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import CompletionPolicy, OrderState
from gateway.domain.parties import Caller, ServiceClient
from gateway.domain.security import SecurityEvent
from gateway.ports.security import SecurityEventFilter
from gateway.ports.steps import StepRecord
from gateway.usecases.core import Core
from gateway.usecases.interventions import (
    ItemIntervention,
    OrderIntervention,
    fail_order,
    retry_item,
    skip_item,
)
from tests.saga.world import SETTLES_S, World, item_of, open_world

CLIENT_ID = own_id("ServiceClient", "01932f00-0000-7000-8000-00000000000a")
OPERATIONS = Caller(client=ServiceClient(CLIENT_ID, "tool", frozenset({"operations"})))
_keys = count(1)


@dataclass(frozen=True)
class Desk:
    """Decides as operations does, each time under a new key where none is given."""

    world: World
    core: Core

    async def retry(self, order: Order, slug: str, **given: Any) -> Order:
        """Lets the item of that provider go on."""
        return (await retry_item(self.core, OPERATIONS, _of_item(order, slug, given)))[1]

    async def skip(self, order: Order, slug: str, **given: Any) -> Order:
        """Gives the item of that provider up."""
        return (await skip_item(self.core, OPERATIONS, _of_item(order, slug, given)))[1]

    async def fail(self, order: Order, **given: Any) -> Order:
        """Gives the order up."""
        asked = OrderIntervention(order.id, given.get("reason", "It can't be done"), given.get("key", _key()))
        return await fail_order(self.core, OPERATIONS, asked)

    async def steps(self, order: Order) -> Sequence[StepRecord]:
        """What was done for it."""
        async with self.world.storage.reading() as uow:
            return await uow.orders.steps(order.id)

    async def manager(self) -> Caller:
        """Who manages the customer that orders."""
        async with self.world.storage.reading() as unit:
            (actor_id,) = await unit.members.all_actor_ids(self.world.customer_id)
            return Caller(await unit.accounts.actor(actor_id))

    async def told(self) -> Sequence[SecurityEvent]:
        """The audit of what somebody did, oldest first."""
        async with self.world.storage.reading() as uow:
            events = await uow.security_events.after(SecurityEventFilter(), 0, 100)
        return [each for each in events if each.actor_id is not None]

    async def held(self, policy: CompletionPolicy = CompletionPolicy.ALL_OR_NOTHING) -> Order:
        """A new order, driven until it is HELD."""
        order = await self.world.run(await self.world.place(policy))
        assert order.state is OrderState.HELD, order
        # So long a look that finds nothing is not believed.
        await asyncio.sleep(SETTLES_S)
        return order


def _key() -> str:
    return f"key {next(_keys)}"


def _of_item(order: Order, slug: str, given: dict[str, Any]) -> ItemIntervention:
    item_id = item_of(order, slug).id
    return ItemIntervention(order.id, item_id, given.get("reason", "It can't be done"), given.get("key") or _key())


@asynccontextmanager
async def open_desk(folder: Path, **operators: Any) -> AsyncIterator[Desk]:
    """The world and the desk, from entry to exit."""
    async with open_world(folder, **operators) as world:
        work = world.work
        nothing_for_sale = cast(Any, {})
        core = Core(world.storage, work.directory, nothing_for_sale, work.wakeups, work.clock)
        yield Desk(world, core)


@asynccontextmanager
async def refused(desk: Desk, order: Order, code: str, *path: str) -> AsyncIterator[None]:
    """What is done inside is refused with that code, and changes nothing of the order, its steps and the audit."""
    before = await desk.world.read(order), await desk.steps(order), await desk.told()
    with pytest.raises(RequestError) as caught:
        yield
    assert [(each.code, each.field) for each in caught.value.problems] == [(code, path)]
    assert (await desk.world.read(order), await desk.steps(order), await desk.told()) == before
