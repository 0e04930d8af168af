"""A customer's name, and the end of its account."""

import dataclasses

from gateway.domain import credentials
from gateway.domain.errors import Problem, RequestError
from gateway.domain.inventory import GONE_STATUSES, Product
from gateway.domain.ordering.bundles import BundleState
from gateway.domain.parties import Caller, Customer
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import UnitOfWork
from gateway.usecases import policy
from gateway.usecases.actors import actor_topic
from gateway.usecases.core import Core
from gateway.usecases.holdings import ask_each, flat, parties_of
from gateway.usecases.inventory import INVENTORY, held_products, inventory_of
from gateway.usecases.invitations import withdrawn
from gateway.usecases.membership import (
    MANAGER,
    actor_id_of,
    hold_as_manager,
    managed_customer,
    note,
    wake_members,
)

SHOWN = 20
"""How many products and orders are named that stand in the way."""
_TRIES = 3


async def update_customer(core: Core, caller: Caller, customer_id: str | None, name: str) -> Customer:
    """Changes the customer's name; of two managers the last one wins.

    Raises: RequestError NOT_FOUND, CUSTOMER_REQUIRED at `customerId`, TOO_SHORT, TOO_LONG, INVALID_FORMAT at `name`;
    AccessError.
    """
    managed = managed_customer(caller, customer_id)
    if problem := credentials.customer_name_problem(name):
        raise RequestError(dataclasses.replace(problem, field=("name",)))
    async with core.storage.writing() as unit:
        held, own = await hold_as_manager(unit, caller, managed, "customerId")
        renamed = dataclasses.replace(held.customer, name=name.strip())
        if renamed != held.customer:
            await unit.members.rename(managed, renamed.name)
            await note(core, unit, caller, Kind.CUSTOMER_CHANGED, managed, managed, change="NAME")
            # The others read it anew within seconds.
            unit.wake(actor_topic(own.actor.id))
    return renamed


async def close_customer(core: Core, caller: Caller, customer_id: str) -> str:
    """Ends the account: its members have no access from now on, its open bundles expire, its invitations are withdrawn.
    Orders, events and the record stay. Again by who was its manager is harmless. Returns the customer's id.

    Raises: RequestError NOT_FOUND at `customerId`; PRODUCT_ACTIVE with `product`, ORDER_OPEN with
    `order` for each that stands in the way; HOLDINGS_UNKNOWN with `provider` where nobody knows what is held there;
    CHANGED_MEANWHILE; AccessError.
    """
    if await _has_closed(core, caller, customer_id):
        return customer_id
    closed = managed_customer(caller, customer_id)
    for _ in range(_TRIES):
        seen = await _seen(core, caller, closed)
        await _check_nothing_held(core, closed)
        if await _close(core, caller, closed, seen):
            return closed
    raise RequestError.at("CHANGED_MEANWHILE", "customerId")


async def _has_closed(core: Core, caller: Caller, customer_id: str) -> bool:
    actor_id = actor_id_of(caller)
    if policy.is_member(caller, customer_id):
        return False
    async with core.storage.writing() as unit:
        held = await unit.members.hold(customer_id)
        own = await unit.members.of_actor(customer_id, actor_id)
    return held is not None and held.closed_at is not None and own is not None and own.role is MANAGER


async def _seen(core: Core, caller: Caller, customer_id: str) -> int:
    """The customer's last event, before the providers are asked. Raises: RequestError ORDER_OPEN."""
    async with core.storage.writing() as unit:
        held, _ = await hold_as_manager(unit, caller, customer_id, "customerId")
        await _check_no_order(unit, customer_id)
    return held.last_event


async def _check_no_order(unit: UnitOfWork, customer_id: str) -> None:
    found = await unit.orders.open_of(customer_id, SHOWN)
    if found:
        raise RequestError(*(Problem("ORDER_OPEN", ("customerId",), {"order": each}) for each in found))


async def _check_nothing_held(core: Core, customer_id: str) -> None:
    parties = await parties_of(core, customer_id)
    gathered = await ask_each(core, parties, inventory_of, INVENTORY, held_products)
    problems = [
        Problem("HOLDINGS_UNKNOWN", ("customerId",), {"provider": each.provider.slug}) for each in gathered.unavailable
    ]
    active: list[Product] = [each for each in flat(gathered) if each.status not in GONE_STATUSES]
    problems += [Problem("PRODUCT_ACTIVE", ("customerId",), {"product": each.id}) for each in active[:SHOWN]]
    if problems:
        raise RequestError(*problems)


async def _close(core: Core, caller: Caller, customer_id: str, seen: int) -> bool:
    """False where something happened to an order since then, which may have left a product."""
    now = core.clock.now()
    async with core.storage.writing() as unit:
        # Bundles first, as an order in the making does: it holds its bundle, then the customer for its events.
        bundles = await unit.bundles.open_of(customer_id)
        held, _ = await hold_as_manager(unit, caller, customer_id, "customerId")
        await _check_no_order(unit, customer_id)
        if held.last_event != seen:
            return False
        for bundle in bundles:
            expired = dataclasses.replace(
                bundle, state=BundleState.EXPIRED, revision=bundle.revision + 1, updated_at=now
            )
            await unit.bundles.save(expired)
        for invitation in await unit.invitations.pending(customer_id):
            await withdrawn(core, unit, caller, invitation)
        await unit.members.close(customer_id, now)
        await note(core, unit, caller, Kind.CUSTOMER_CLOSED, customer_id, customer_id)
        await wake_members(unit, customer_id)
    return True
