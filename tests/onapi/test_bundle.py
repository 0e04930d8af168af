"""A bundle of one's own over a network that speaks ON-API: ordered, cancelled, undone, and never ordered twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import ProviderRole
from gateway.domain.agreements import AgreementStatus, ProviderAgreement
from gateway.domain.errors import RequestError
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.federation.polling import Pace, polled
from gateway.saga.failpoints import Reached
from gateway.saga.work import SagaLimits
from gateway.usecases import bundles, inventory
from tests.onapi.connecting import a_place
from tests.onapi.world import ACCESS, CONTENT, SERVICE, Stopped, World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


def stopping(step: str, moment: str) -> Reached:
    """The gateway ends there, as if it were killed."""

    def reached(at_step: str, at_moment: str) -> None:
        if (at_step, at_moment) == (step, moment):
            raise Stopped

    return reached


@pytest.mark.requirement("R6")
async def test_nothing_is_ordered_by_an_agreement_that_ended_where_this_gateway_has_not_heard_of_it(
    world: World,
) -> None:
    bundle, now = await world.bundle(), world.core.clock.now()
    customer = bundle.customer_id
    (between,) = [each for each in world.core.directory.agreements() if each.parties == {SERVICE, ACCESS}]
    async with world.core.storage.writing() as unit:
        await unit.agreements.add(ProviderAgreement(between, AgreementStatus.TERMINATED, now, now))

    with pytest.raises(RequestError) as refused:
        await world.order(bundle)

    assert {(each.code, each.field) for each in refused.value.problems} == {("NOT_ORDERABLE", ("bundleId",))}
    async with world.core.storage.reading() as unit:
        assert await unit.orders.page(customer, 10, None) == []
    assert (await world.counts(ACCESS))["ordersByExternalId"] == {}


def states(order: Order) -> dict[str, OrderItemState]:
    return {item.provider: item.state for item in order.items}


async def made_once(world: World) -> dict[str, Any]:
    """What the network has; no key made two orders."""
    counts = await world.counts(ACCESS)
    assert set(counts["ordersByExternalId"].values()) <= {1}
    return counts


@pytest.mark.requirement("F6", "V6", "F11")
async def test_television_in_uhd_is_delivered_over_the_access_line(world: World) -> None:
    bundle = await world.bundle()
    review = await bundles.review_bundle(world.core, bundle)

    order = await world.run(await world.order(bundle))

    assert review.issues == ()
    assert order.state is OrderState.COMPLETED
    assert states(order) == dict.fromkeys((SERVICE, ACCESS, CONTENT), OrderItemState.COMPLETED)
    counts = await made_once(world)
    assert (counts["orders"], counts["products"]) == ({"DONE_SUCCESS": 1}, {"ACTIVATED": 1})
    page = await inventory.list_products(world.core, world.maria, order.customer_id, 100, None)
    line = next(edge.node for edge in page.edges if edge.node.provider.slug == ACCESS)
    assert (line.name, line.provider_status) == ("Törnfors 100", "ACTIVATED")
    item = next(each for each in order.items if each.provider == ACCESS)
    assert item.product is not None
    found = await inventory.find_products(world.core, world.maria, order.customer_id, [item.product.id])
    assert [each.ref for each in found.values()] == [line.ref]


async def test_a_line_that_is_too_slow_for_uhd_is_no_candidate(world: World) -> None:
    given = bundles.CreateBundle(place=a_place())
    bundle = await bundles.create_bundle(world.core, world.maria, given)
    bundle = await world.add(bundle, SERVICE, "tv-mellan", ("videoQuality", ("UHD",)))

    lines = {ref for slug, ref in await world.candidates(bundle, ProviderRole.NETWORK_OPERATOR) if slug == ACCESS}

    assert lines == {"BB-100-100", "BB-250-250", "BB-1000-1000"}


@pytest.mark.requirement("F12")
async def test_a_cancelled_order_leaves_nothing_at_the_network(tmp_path: Path) -> None:
    async with open_world(tmp_path, delivery_min_s=3600.0, delivery_max_s=3600.0) as world:
        order = await world.order(await world.bundle())
        running = asyncio.create_task(world.run(order))
        async with asyncio.timeout(10):
            while next(i for i in (await world.read(order)).items if i.provider == ACCESS).order_ref is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        await world.cancel(order)
        order = await running

        assert order.state is OrderState.CANCELLED
        assert (await made_once(world))["orders"] == {"CANCELLED": 1}
        assert (await world.counts(SERVICE))["orders"] == {}


async def test_what_was_delivered_is_deactivated_when_another_part_fails(world: World) -> None:
    await world.fault(CONTENT, operation="productOrder.create", kind="reject")

    order = await world.run(await world.order(await world.bundle()))

    assert order.state is OrderState.FAILED
    assert states(order)[ACCESS] is OrderItemState.CANCELLED
    counts = await made_once(world)
    assert counts["ordersByAction"] == {"ACTIVATE": 1, "DEACTIVATE": 1}
    assert counts["products"] == {"ENDED": 1}


async def test_what_the_network_tells_of_wakes_the_order_that_waits_for_it(world: World) -> None:
    bundle = await bundles.create_bundle(world.core, world.maria, bundles.CreateBundle(place=a_place()))
    order = await world.order(await world.add(bundle, ACCESS, "BB-100-100"))
    # By itself it would look again after an hour.
    patient = replace(world, work=replace(world.work, limits=SagaLimits(poll_first_s=3600.0, poll_most_s=3600.0)))

    async with polled(world.core.directory, world.core.wakeups, Pace(0.05, 0.1)):
        order = await patient.run(order)

    assert order.state is OrderState.COMPLETED
    assert (await world.counts(ACCESS))["calls"]["order.get"] < 10


KILLS = [
    (step, moment)
    for step in ("place", "track")
    for moment in ("before", "answered", "after")
    if (step, moment) != ("track", "answered")
]


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(("step", "moment"), KILLS)
async def test_a_gateway_that_ends_anywhere_orders_once(world: World, step: str, moment: str) -> None:
    order = await world.order(await world.bundle())

    with pytest.raises(Stopped):
        await world.run(order, stopping(step, moment))
    order = await world.run(order)

    assert order.state is OrderState.COMPLETED
    counts = await made_once(world)
    assert (counts["ordersByAction"], counts["products"]) == ({"ACTIVATE": 1}, {"ACTIVATED": 1})


@pytest.mark.parametrize(("step", "moment"), [("remove", "answered"), ("remove", "after")])
async def test_a_gateway_that_ends_while_it_undoes_undoes_once(world: World, step: str, moment: str) -> None:
    await world.fault(CONTENT, operation="productOrder.create", kind="reject")
    order = await world.order(await world.bundle())

    with pytest.raises(Stopped):
        await world.run(order, stopping(step, moment))
    order = await world.run(order)

    assert order.state is OrderState.FAILED
    assert (await made_once(world))["ordersByAction"] == {"ACTIVATE": 1, "DEACTIVATE": 1}


async def test_a_gateway_that_ends_while_it_cancels_cancels(tmp_path: Path) -> None:
    async with open_world(tmp_path, delivery_min_s=3600.0, delivery_max_s=3600.0) as world:
        order = await world.order(await world.bundle())
        with pytest.raises(Stopped):
            await world.run(order, stopping("track", "before"))
        await world.cancel(order)
        with pytest.raises(Stopped):
            await world.run(order, stopping("cancel", "answered"))

        order = await world.run(order)

        assert order.state is OrderState.CANCELLED
        assert (await made_once(world))["orders"] == {"CANCELLED": 1}


LOST: list[tuple[str, dict[str, Any]]] = [
    ("order.create", {"kind": "drop_after", "times": 1}),
    ("order.create", {"kind": "status", "status": 500, "does_work": True, "times": 1}),
    ("order.create", {"kind": "status", "status": 503, "times": 2}),
    ("order.get", {"kind": "nonsense", "times": 2}),
    ("order.list", {"kind": "status", "status": 500, "times": 4}),
    ("subscription.get", {"kind": "drop_before", "times": 2}),
]


@pytest.mark.parametrize(("operation", "rule"), LOST)
async def test_a_fault_that_passes_delays_the_order_and_nothing_more(
    world: World, operation: str, rule: dict[str, Any]
) -> None:
    bundle = await world.bundle()
    await world.fault(ACCESS, operation=operation, **rule)

    order = await world.run(await world.order(bundle))

    assert order.state is OrderState.COMPLETED
    assert (await made_once(world))["ordersByAction"] == {"ACTIVATE": 1}
