"""How often a provider is asked after an order: what its events would tell sooner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.ordering.orders import Hold, OrderItem
from gateway.domain.ordering.reasons import HoldCode
from gateway.domain.ordering.states import ItemPhase
from gateway.saga.work import SagaLimits, Work
from tests.saga.orders import an_item

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOTHING: Any = None
WORK = Work(NOTHING, NOTHING, NOTHING, NOTHING, SagaLimits(poll_first_s=1, poll_most_s=15, held_poll_s=60))


def tracked(age_s: float) -> OrderItem:
    return replace(an_item(1), phase=ItemPhase.TRACKING, phase_since=NOW - timedelta(seconds=age_s))


@pytest.mark.parametrize(
    ("age_s", "longest_s"), [(0, 1), (4, 1), (20, 5), (60, 15), (86_400, 15), (14 * 86_400 - 2, 2)]
)
def test_an_order_is_asked_after_ever_more_seldom_and_once_more_before_its_time_is_over(
    age_s: float, longest_s: float
) -> None:
    found = [WORK.poll_s(tracked(age_s), NOW) for _ in range(200)]

    assert 0.75 * longest_s <= min(found) < max(found) <= longest_s


def test_a_held_item_is_looked_at_seldom() -> None:
    held = replace(tracked(5), hold=Hold(HoldCode.PROVIDER_TOO_SLOW, NOW))

    assert 45 <= WORK.poll_s(held, NOW) <= 75
