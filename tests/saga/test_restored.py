"""A store that was set back to an old copy goes on with its orders: what it sent since, it does not know, and finds."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import ItemPhase, OrderItemState, OrderState
from tests.saga.test_late_work import declared
from tests.saga.world import ACCESS, SERVICE, World, item_of

ONE = {ACCESS: "fibre-100"}
TWO = {ACCESS: "fibre-100", SERVICE: "tv-mellan"}


@asynccontextmanager
async def keyless(folder: Path) -> AsyncIterator[World]:
    """Providers that make another order of the same key, and say so."""
    async with declared(folder, honours_keys=False, settles_after_s=0.0) as world:
        for slug in TWO:
            await world.fault(slug, "productOrder.create", "forget_key")
        yield world


async def set_back(world: World, order: Order, items: Mapping[str, OrderItem]) -> None:
    """As a copy has it that was made then; its log is longer than the copy's would be."""
    async with world.storage.writing() as uow:
        now = await uow.orders.get(order.id, lock=True)
        assert now is not None
        former = tuple(items.get(each.id, each) for each in now.items)
        state = OrderState.IN_PROGRESS
        await uow.orders.save(replace(order, items=former, last_sequence=now.last_sequence, state=state))


@pytest.mark.parametrize("phase", [ItemPhase.QUALIFYING, ItemPhase.WAITING])
async def test_what_was_placed_since_the_copy_is_found_and_not_placed_again(tmp_path: Path, phase: ItemPhase) -> None:
    async with keyless(tmp_path) as world:
        copied = await world.place(refs=ONE)
        await world.run_to_final(copied)
        item = item_of(copied, ACCESS)

        await set_back(world, copied, {item.id: replace(item, phase=phase)})
        order = await world.run_to_final(copied)

        assert order.state is OrderState.COMPLETED
        assert (await world.products())[ACCESS] == {"active": 1}
        await world.check_nothing_is_twice()


async def test_what_was_removed_since_the_copy_is_found_and_not_removed_again(tmp_path: Path) -> None:
    async with keyless(tmp_path) as world:
        await world.fault(SERVICE, "productOrder.create", "reject")
        order = await world.run_to_final(await world.place(refs=TWO))
        item = item_of(order, ACCESS)
        assert (order.state, item.removal_ref is None) == (OrderState.FAILED, False)
        assert item.product is not None

        product = replace(item.product, status=ProductStatus.ACTIVE)
        former: dict[str, Any] = {"phase": ItemPhase.DONE, "state": OrderItemState.COMPLETED, "removal_ref": None}
        await set_back(world, order, {item.id: replace(item, **former, product=product)})
        order = await world.run_to_final(order)

        assert (order.state, item_of(order, ACCESS).removal_ref) == (OrderState.FAILED, item.removal_ref)
        await world.check_nothing_is_twice()


async def test_who_can_not_tell_what_it_made_by_a_key_is_sent_the_order_all_the_same(tmp_path: Path) -> None:
    async with keyless(tmp_path) as world:
        await world.fault(ACCESS, "productOrder.list", "nonsense")

        order = await world.run_to_final(await world.place(refs=ONE))

        assert order.state is OrderState.COMPLETED
        await world.check_nothing_is_twice()
