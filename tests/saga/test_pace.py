"""How often a provider is asked after an order: what its events would tell sooner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.ordering.orders import Hold
from gateway.domain.ordering.reasons import HoldCode
from gateway.domain.ordering.states import ItemPhase
from gateway.saga.work import AT_ONCE, SagaLimits, Work
from gateway.storage.postgres import POOL_SIZE
from tests.clock import SettableClock
from tests.saga.orders import an_item

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOTHING: Any = None
LIMITS = SagaLimits(poll_first_s=1, poll_most_s=15, poll_heard_s=60, held_poll_s=60)
TRACKED = replace(an_item(1), phase=ItemPhase.TRACKING, phase_since=NOW)


def working(clock: SettableClock) -> Work:
    return Work(NOTHING, NOTHING, NOTHING, clock, LIMITS)


@pytest.mark.parametrize(
    ("age_s", "longest_s"), [(0, 1), (4, 1), (20, 5), (60, 15), (86_400, 15), (14 * 86_400 - 2, 2)]
)
def test_an_order_is_asked_after_ever_more_seldom_and_once_more_before_its_time_is_over(
    age_s: float, longest_s: float
) -> None:
    work = working(clock := SettableClock(NOW))
    work.age_s(TRACKED)
    clock.advance(seconds=age_s)

    found = [work.poll_s(TRACKED) for _ in range(200)]

    assert 0.75 * longest_s <= min(found) < max(found) <= longest_s


@pytest.mark.parametrize(
    ("age_s", "longest_s"), [(0, 30), (4, 30), (40, 40), (60, 60), (86_400, 60), (14 * 86_400 - 2, 2)]
)
def test_an_order_of_which_its_provider_has_posted_something_is_asked_after_more_seldom(
    age_s: float, longest_s: float
) -> None:
    work = working(clock := SettableClock(NOW))
    work.age_s(TRACKED)
    work.patience.hear(TRACKED)
    clock.advance(seconds=age_s)

    found = [work.poll_s(TRACKED) for _ in range(200)]

    assert 0.75 * longest_s <= min(found) < max(found) <= longest_s


def test_an_order_at_which_a_look_failed_is_asked_after_as_if_nothing_had_been_posted() -> None:
    work = working(SettableClock(NOW))
    work.patience.hear(TRACKED)

    work.patience.doubt(TRACKED)

    assert work.poll_s(TRACKED) <= 1


def test_what_was_posted_about_an_item_does_not_outlive_its_driver() -> None:
    work = working(SettableClock(NOW))
    work.patience.hear(TRACKED)

    work.patience.forget(TRACKED)

    assert not work.patience.is_heard(TRACKED)


def test_a_held_item_is_looked_at_seldom() -> None:
    work = working(SettableClock(NOW))
    held = replace(TRACKED, hold=Hold(HoldCode.PROVIDER_TOO_SLOW, NOW))

    assert 45 <= work.poll_s(held) <= 75


async def test_orders_that_come_on_at_one_moment_leave_connections_to_requests() -> None:
    reading, most = 0, 0

    class Orders:
        async def get(self, _: str) -> None:
            nonlocal reading, most
            reading += 1
            most = max(most, reading)
            await asyncio.sleep(0.001)
            reading -= 1

    class Unit:
        orders = Orders()

    class Store:
        @asynccontextmanager
        async def reading(self) -> AsyncIterator[Unit]:
            yield Unit()

    store: Any = Store()
    work = Work(store, NOTHING, NOTHING, SettableClock(NOW), LIMITS)

    await asyncio.gather(*(work.read(str(each)) for each in range(40)))

    assert most == AT_ONCE < POOL_SIZE
