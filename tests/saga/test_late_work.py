"""A provider does what it was sent when nobody waits for it any more: no order is made twice, and none forgotten."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.contract.provider import Provider
from gateway.domain.ordering.reasons import HoldCode
from gateway.domain.ordering.states import OrderState
from gateway.federation.directory import Directory
from gateway.saga.driver import drive
from tests.cores import NoProviders
from tests.saga.world import ACCESS, World, item_of, open_world

ONE = {ACCESS: "fibre-100"}
LATE_S = 1.0
LATE: dict[str, Any] = {"kind": "late", "seconds": LATE_S, "times": 1}


class Declared(NoProviders):
    """The same providers, each as its adapter declares it."""

    def __init__(self, inner: Directory, declared: Mapping[str, Any]) -> None:
        self._inner = inner
        self._declared = declared

    def provider(self, slug: str) -> Provider | None:
        found = self._inner.provider(slug)
        return found and replace(found, **self._declared)


@asynccontextmanager
async def declared(folder: Path, delivery_s: float = 0.2, **how: Any) -> AsyncIterator[World]:
    async with open_world(folder, delivery_min_s=delivery_s, delivery_max_s=delivery_s) as world:
        yield replace(world, work=replace(world.work, directory=Declared(world.work.directory, how)))


async def sends(world: World) -> int:
    return int((await world.counts(ACCESS))["calls"].get("productOrder.create", 0))


async def test_what_a_provider_without_keys_does_late_is_awaited_and_taken_and_not_ordered_again(
    tmp_path: Path,
) -> None:
    async with declared(tmp_path, honours_keys=False, settles_after_s=2 * LATE_S) as world:
        await world.fault(ACCESS, "productOrder.create", "forget_key")
        await world.fault(ACCESS, "productOrder.create", **LATE)

        order = await world.run(await world.place(refs=ONE))

        assert order.state is OrderState.COMPLETED
        assert (await world.products())[ACCESS] == {"active": 1}
        assert await sends(world) == 1
        await world.check_nothing_is_twice()


async def test_what_a_provider_without_keys_never_did_is_ordered_again_once_nothing_can_come_any_more(
    tmp_path: Path,
) -> None:
    async with declared(tmp_path, honours_keys=False, settles_after_s=LATE_S) as world:
        await world.fault(ACCESS, "productOrder.create", "forget_key")
        await world.fault(ACCESS, "productOrder.create", "drop_before", times=1)
        begun_s = world.work.clock.steady_s()

        order = await world.run(await world.place(refs=ONE))

        assert order.state is OrderState.COMPLETED
        assert world.work.clock.steady_s() - begun_s > LATE_S
        assert await sends(world) == 2
        await world.check_nothing_is_twice()


async def test_what_did_not_arrive_at_a_provider_without_keys_is_sent_again_without_waiting(tmp_path: Path) -> None:
    async with declared(tmp_path, honours_keys=False, settles_after_s=3600.0) as world:
        await world.fault(ACCESS, "productOrder.create", "status", status=503, retry_after=0, times=1)

        order = await world.run(await world.place(refs=ONE))

        assert order.state is OrderState.COMPLETED
        await world.check_nothing_is_twice()


async def test_a_provider_that_honours_keys_is_sent_the_same_again_at_once_and_makes_one_order(tmp_path: Path) -> None:
    async with declared(tmp_path, honours_keys=True, settles_after_s=3600.0) as world:
        await world.fault(ACCESS, "productOrder.create", **LATE)

        order = await world.run(await world.place(refs=ONE))
        await asyncio.sleep(LATE_S)

        assert order.state is OrderState.COMPLETED
        assert await sends(world) == 2
        assert (await world.products())[ACCESS] == {"active": 1}
        await world.check_nothing_is_twice()


async def test_an_order_that_may_still_be_made_longer_than_is_waited_for_is_held_with_the_reason(
    tmp_path: Path,
) -> None:
    async with declared(tmp_path, honours_keys=False, settles_after_s=3600.0) as world:
        await world.fault(ACCESS, "productOrder.create", "drop_before", times=1)

        order = await world.run(await world.place(refs=ONE))

        assert order.state is OrderState.HELD
        hold = item_of(order, ACCESS).hold
        assert hold is not None
        assert hold.code == HoldCode.PROVIDER_OUTCOME_UNKNOWN
        assert await sends(world) == 1


@pytest.mark.parametrize("honours_keys", [False, True])
async def test_an_order_that_is_cancelled_ends_once_what_was_sent_late_is_undone(
    tmp_path: Path, honours_keys: bool
) -> None:
    declares: dict[str, Any] = {"honours_keys": honours_keys, "settles_after_s": 2 * LATE_S}
    async with declared(tmp_path, 3600.0, **declares) as world:
        await world.fault(ACCESS, "productOrder.create", **LATE)
        await world.fault(ACCESS, "productOrder.list", "status", status=503, times=1)
        order = await world.place(refs=ONE)
        task = asyncio.create_task(drive(world.work, order.id))
        await world.until(order, lambda now: item_of(now, ACCESS).sent_at is not None)

        await world.cancel(order)
        order = await world.until(order, lambda now: now.state is OrderState.CANCELLED)
        await task

        assert (await world.counts(ACCESS))["orders"] == {"cancelled": 1}
        await world.check_nothing_is_twice()
