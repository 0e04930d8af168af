"""The discount of a predefined bundle is billed as it was shown."""

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import OrderState
from tests.saga.world import SERVICE, World, open_world


async def monthly_charge(world: World, order: Order) -> Decimal:
    """What the service is charged for the running month, without tax, brought to a whole month's price."""
    product = order.items[0].product
    assert product is not None
    async with world.client.get(f"{world.urls[SERVICE]}/productInventory/v4/product/{product.ref}") as answer:
        prices = (await answer.json())["productPrice"]
    monthly = [price for price in prices if price.get("recurringChargePeriod") == "month"]
    return sum((Decimal(str(price["price"]["dutyFreeAmount"]["value"])) for price in monthly), Decimal(0))


async def with_bundle(world: World, order: Order, bundle_ref: str) -> None:
    async with world.storage.writing() as uow:
        current = await uow.orders.get(order.id, lock=True)
        assert current is not None
        items = tuple(dataclasses.replace(item, bundle_ref=bundle_ref) for item in current.items)
        await uow.orders.save(dataclasses.replace(current, items=items))


@pytest.mark.requirement("F2")
async def test_a_part_of_a_bundle_costs_15_percent_less_each_month_at_its_provider(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        alone = await world.place(refs={SERVICE: "tv-mellan"})
        bundled = await world.place(refs={SERVICE: "tv-mellan"})
        await with_bundle(world, bundled, "komplett")

        alone, bundled = await world.run(alone), await world.run(bundled)

        assert (alone.state, bundled.state) == (OrderState.COMPLETED, OrderState.COMPLETED)
        full = await monthly_charge(world, alone)
        assert await monthly_charge(world, bundled) == (full * Decimal("0.85")).quantize(Decimal("0.01"))
