"""How long an item is waited for, whatever somebody does to a clock of day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.ordering.orders import OrderItem
from gateway.domain.ordering.states import ItemPhase
from gateway.saga.patience import Patience
from tests.clock import NOON, SettableClock
from tests.saga.orders import an_item

LIMIT_S = 600.0


def placing(since_s: float = 0.0) -> OrderItem:
    since = NOON + timedelta(seconds=since_s)
    return replace(an_item(1), phase=ItemPhase.PLACING, phase_since=since, sent_at=since)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_while_an_item_waits_makes_it_neither_older_nor_younger(hours: int) -> None:
    patience = Patience(clock := SettableClock())
    item = placing()
    assert (patience.age_s(item, LIMIT_S), patience.unanswered_s(item)) == (0.0, 0.0)

    clock.advance(seconds=20)
    clock.jump(hours=hours)
    clock.advance(seconds=10)

    assert patience.age_s(item, LIMIT_S) == pytest.approx(30)
    assert patience.unanswered_s(item) == pytest.approx(30)


@pytest.mark.parametrize(("since_s", "age_s"), [(-300, 300), (-3600, 540), (3600, 0)])
def test_what_another_process_began_by_another_clock_gets_its_last_chance(since_s: float, age_s: float) -> None:
    patience = Patience(SettableClock())

    assert patience.age_s(placing(since_s), LIMIT_S) == age_s
    assert patience.unanswered_s(placing(since_s)) == 0


def test_an_item_that_goes_on_to_another_phase_is_waited_for_anew() -> None:
    patience = Patience(clock := SettableClock())
    patience.age_s(placing(), LIMIT_S)
    clock.advance(seconds=20)

    moved = replace(placing(), phase=ItemPhase.TRACKING, phase_since=clock.now())

    assert patience.age_s(moved, LIMIT_S) == 0


def test_an_item_that_is_driven_here_again_is_as_old_as_it_says() -> None:
    patience = Patience(clock := SettableClock())
    patience.age_s(placing(), LIMIT_S)
    patience.forget(placing())

    clock.advance(seconds=20)

    assert patience.age_s(placing(), LIMIT_S) == 20
    assert patience.unanswered_s(placing()) == 0
