"""What an order tells the trail of security events while it runs: what is active now, and what is no more."""

from pathlib import Path

import pytest

from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import OrderState
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports.security import SecurityEventFilter
from tests.saga.world import ACCESS, CONTENT, SERVICE, World, item_of, open_world

Told = list[tuple[Kind, str | None, str | None, dict[str, str]]]


async def told(world: World) -> Told:
    """Kind, customer, subject and parameters of each, oldest first."""
    async with world.storage.reading() as unit:
        events = await unit.security_events.after(SecurityEventFilter(), 0, 100)
    assert {(each.actor_id, each.address) for each in events} == {(None, None)}
    return [(each.kind, each.customer_id, each.subject, dict(each.params)) for each in events]


def expected(kind: Kind, order: Order, slug: str) -> tuple[Kind, str, str, dict[str, str]]:
    """What is told of the item at that provider."""
    item = item_of(order, slug)
    assert item.product is not None
    return kind, order.customer_id, item.product.id, {"order": order.id, "item": item.id}


@pytest.mark.requirement("S4")
async def test_each_product_that_becomes_active_is_told_once(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        order = await world.run_to_final(await world.place())
        found = await told(world)

    assert order.state is OrderState.COMPLETED
    assert found == [expected(Kind.PRODUCT_ACTIVATED, order, slug) for slug in (ACCESS, SERVICE, CONTENT)]


@pytest.mark.requirement("S4")
async def test_what_was_active_and_is_taken_back_is_told_too(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        await world.fault(CONTENT, "productOrder.create", "reject")
        order = await world.run_to_final(await world.place())
        found = await told(world)

    assert order.state is OrderState.FAILED
    assert found == [
        expected(Kind.PRODUCT_ACTIVATED, order, ACCESS),
        expected(Kind.PRODUCT_ACTIVATED, order, SERVICE),
        expected(Kind.PRODUCT_TAKEN_BACK, order, SERVICE),
        expected(Kind.PRODUCT_TAKEN_BACK, order, ACCESS),
    ]
