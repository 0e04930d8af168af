"""Each fault of a provider, under both policies: how the order ends, what is left at the providers, what was undone."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ordering.reasons import FailureCode, HoldCode
from gateway.domain.ordering.states import CancellationState, CompletionPolicy, OrderItemState, OrderState
from gateway.saga.driver import drive
from tests.saga.world import ACCESS, CONTENT, PLACE, SERVICE, World, item_of, open_world, states

ALL, BEST = CompletionPolicy.ALL_OR_NOTHING, CompletionPolicy.BEST_EFFORT
ACTIVE = {"active": 1}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.mark.requirement("F6", "V4", "R7")
@pytest.mark.parametrize("policy", [ALL, BEST])
async def test_three_items_at_three_providers_are_delivered_in_the_order_of_their_dependencies(
    world: World, policy: CompletionPolicy
) -> None:
    order = await world.run(await world.place(policy))

    assert order.state is OrderState.COMPLETED
    assert await world.products() == {ACCESS: ACTIVE, SERVICE: ACTIVE, CONTENT: ACTIVE}
    activated = [e.item_id for e in await world.events(order) if type(e).__name__ == "OrderItemActivated"]
    assert activated == [item_of(order, slug).id for slug in (ACCESS, SERVICE, CONTENT)]
    await world.check_nothing_is_twice()
    await world.check_history(order)


PASSING: dict[str, tuple[str, dict[str, Any]]] = {
    "slow": ("productOrder.create", {"kind": "slow", "seconds": 0.5}),
    "unavailable": ("productOrder.create", {"kind": "status", "status": 503, "times": 2}),
    "broken": ("productOrder.create", {"kind": "status", "status": 500, "times": 2}),
    "broken after the work": ("productOrder.create", {"kind": "status", "status": 500, "does_work": True, "times": 1}),
    "dropped before the work": ("productOrder.create", {"kind": "drop_before", "times": 2}),
    "dropped after the work": ("productOrder.create", {"kind": "drop_after", "times": 1}),
    "nonsense after the work": ("productOrder.create", {"kind": "nonsense", "does_work": True, "times": 1}),
    "another object after the work": (
        "productOrder.create",
        {"kind": "nonsense", "shape": "wrong", "does_work": True, "times": 1},
    ),
    "nonsense instead": ("productOrder.create", {"kind": "nonsense", "times": 1}),
    "nonsense while tracking": ("productOrder.get", {"kind": "nonsense", "times": 2}),
    "dropped while tracking": ("productOrder.get", {"kind": "drop_before", "times": 2}),
    "product not readable": ("product.get", {"kind": "status", "status": 500, "times": 3}),
    "qualification away": ("productOfferingQualification.create", {"kind": "status", "status": 503, "times": 2}),
    "event lost": ("hub.event", {"kind": "lose"}),
    "event late": ("hub.event", {"kind": "delay", "seconds": 1.0}),
    "event repeated": ("hub.event", {"kind": "repeat", "copies": 3}),
}


@pytest.mark.parametrize("policy", [ALL, BEST])
@pytest.mark.parametrize("name", PASSING)
async def test_a_fault_that_passes_delays_the_order_and_nothing_more(
    world: World, name: str, policy: CompletionPolicy
) -> None:
    operation, rule = PASSING[name]
    await world.fault(SERVICE, operation, **rule)

    order = await world.run(await world.place(policy))

    assert order.state is OrderState.COMPLETED
    assert await world.products() == {ACCESS: ACTIVE, SERVICE: ACTIVE, CONTENT: ACTIVE}
    await world.check_nothing_is_twice()
    await world.check_history(order)


@pytest.mark.parametrize(
    ("kind", "code", "item_state"),
    [
        ("reject", FailureCode.PROVIDER_REJECTED, OrderItemState.REJECTED),
        ("fail_late", FailureCode.PROVIDER_FAILED, OrderItemState.FAILED),
    ],
)
async def test_all_or_nothing_undoes_what_was_delivered_when_a_part_fails(
    world: World, kind: str, code: FailureCode, item_state: OrderItemState
) -> None:
    await world.fault(CONTENT, "productOrder.create", kind, reason="No more licences")

    order = await world.run(await world.place(ALL))

    assert order.state is OrderState.FAILED
    assert states(order) == {
        SERVICE: OrderItemState.CANCELLED,
        ACCESS: OrderItemState.CANCELLED,
        CONTENT: item_state,
    }
    failure = item_of(order, CONTENT).failure
    assert failure is not None
    assert failure.code == code
    assert "No more licences" in failure.provider_text
    for slug in (ACCESS, SERVICE):
        counts = await world.counts(slug)
        assert counts["products"] == {"terminated": 1}
        assert counts["ordersByAction"] == {"add": 1, "delete": 1}
    assert (await world.counts(CONTENT))["ordersByAction"] == {"add": 1}
    await world.check_history(order)


@pytest.mark.parametrize("kind", ["reject", "fail_late"])
async def test_best_effort_keeps_what_was_delivered_when_a_part_fails(world: World, kind: str) -> None:
    await world.fault(SERVICE, "productOrder.create", kind)

    order = await world.run(await world.place(BEST))

    assert order.state is OrderState.PARTIAL
    content = item_of(order, CONTENT).failure
    assert content is not None
    assert content.code == FailureCode.DEPENDENCY_FAILED
    assert states(order)[ACCESS] is OrderItemState.COMPLETED
    assert (await world.counts(ACCESS))["ordersByAction"] == {"add": 1}
    assert (await world.counts(CONTENT))["ordersByAction"] == {}
    await world.check_history(order)


@pytest.mark.parametrize("policy", [ALL, BEST])
async def test_a_delivery_that_never_ends_is_held_and_goes_on_when_a_person_cancels(
    world: World, policy: CompletionPolicy
) -> None:
    await world.fault(SERVICE, "productOrder.create", "never_finish")

    order = await world.run(await world.place(policy))

    assert order.state is OrderState.HELD
    hold = item_of(order, SERVICE).hold
    assert hold is not None
    assert hold.code == HoldCode.PROVIDER_TOO_SLOW

    await world.cancel(order)
    order = await world.run_to_final(order)
    assert order.state is OrderState.CANCELLED
    assert await world.products() == {ACCESS: {"terminated": 1}, SERVICE: {}, CONTENT: {}}
    await world.check_history(order)


@pytest.mark.requirement("R7")
async def test_a_provider_that_stays_away_holds_the_item_until_a_person_retries(world: World) -> None:
    await world.fault(CONTENT, "productOrder.create", "status", status=503, retry_after=1)
    order = await world.run(await world.place(ALL))
    assert order.state is OrderState.HELD
    hold = item_of(order, CONTENT).hold
    assert hold is not None
    assert hold.code == HoldCode.PROVIDER_UNAVAILABLE

    await world.mend(CONTENT)
    await world.retry(order, CONTENT)
    order = await world.run_to_final(order)

    assert order.state is OrderState.COMPLETED
    await world.check_nothing_is_twice()


async def test_what_comes_late_is_taken_though_the_item_is_held(tmp_path: Path) -> None:
    async with open_world(tmp_path, delivery_min_s=3.0, delivery_max_s=3.0) as world:
        order = await world.run(await world.place(ALL, {ACCESS: "fibre-100"}))
        assert order.state is OrderState.HELD

        order = await world.run_to_final(order)

        assert order.state is OrderState.COMPLETED
        kinds = [type(event).__name__ for event in await world.events(order)]
        assert kinds.count("OrderItemHeld") == 1


@pytest.mark.requirement("F12")
async def test_cancelling_in_the_middle_leaves_nothing_at_any_provider(world: World) -> None:
    await world.fault(SERVICE, "productOrder.create", "never_finish")
    order = await world.place()
    task = asyncio.create_task(drive(world.work, order.id))
    order = await world.until(order, lambda now: item_of(now, SERVICE).order_ref is not None)

    await world.cancel(order)
    order = await world.until(order, lambda now: now.state is OrderState.CANCELLED)
    await task

    assert order.cancellations[0].state is CancellationState.DONE
    assert (await world.counts(SERVICE))["orders"] == {"cancelled": 1}
    assert (await world.counts(ACCESS))["products"] == {"terminated": 1}
    assert (await world.counts(CONTENT))["orders"] == {}
    await world.check_history(order)


@pytest.mark.requirement("F12")
async def test_a_provider_past_its_point_of_no_return_refuses_and_the_order_goes_on(tmp_path: Path) -> None:
    async with open_world(tmp_path, delivery_min_s=1.5, delivery_max_s=1.5, point_of_no_return=0.0) as world:
        order = await world.place()
        task = asyncio.create_task(drive(world.work, order.id))
        order = await world.until(order, lambda now: item_of(now, ACCESS).order_ref is not None)

        await world.cancel(order)
        order = await world.until(order, lambda now: now.state is OrderState.COMPLETED)
        await task

        assert order.cancellations[0].state is CancellationState.REFUSED
        assert [each.item_id for each in order.cancellations[0].refusals] == [item_of(order, ACCESS).id]
        kinds = [type(event).__name__ for event in await world.events(order)]
        assert kinds.count("OrderCancellationRefused") == 1


async def test_an_undo_that_is_refused_is_held_for_a_person_and_retried(world: World) -> None:
    await world.fault(CONTENT, "productOrder.create", "reject")
    await world.fault(SERVICE, "productOrder.create", "reject", match='"delete"')
    order = await world.run(await world.place(ALL))
    assert order.state is OrderState.HELD
    hold = item_of(order, SERVICE).hold
    assert hold is not None
    assert hold.code == HoldCode.UNDO_REFUSED

    await world.mend(SERVICE)
    await world.retry(order, SERVICE)
    order = await world.run_to_final(order)

    assert order.state is OrderState.FAILED
    assert await world.products() == {ACCESS: {"terminated": 1}, SERVICE: {"terminated": 1}, CONTENT: {}}


async def test_a_place_that_is_not_served_fails_the_order_before_anything_is_placed(world: World) -> None:
    order = await world.place(ALL)
    elsewhere = dataclasses.replace(PLACE, address=dataclasses.replace(PLACE.address, postcode="98101"))
    async with world.storage.writing() as uow:
        current = await uow.orders.get(order.id, lock=True)
        assert current is not None
        await uow.orders.save(dataclasses.replace(current, place=elsewhere))

    order = await world.run(order)

    assert order.state is OrderState.FAILED
    failure = item_of(order, ACCESS).failure
    assert failure is not None
    assert failure.code == FailureCode.NOT_DELIVERABLE
    for slug in (ACCESS, SERVICE, CONTENT):
        assert (await world.counts(slug))["orders"] == {}
