"""The whole life of an order against a small model: whatever fails, dies, comes twice or late, it ends as it must.

Hypothesis chooses what happens, in any order: providers fail in each of their ways, processes die at any step or lose
their hold while they stand still, events come often or never, clocks are set, customers cancel, persons retry. After
each of it the stored order, its history and what the providers really have must agree.

Deeper: `GATEWAY_TEST_LIVES=2000 uv run pytest -n0 tests/saga/test_life.py`.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.domain.ordering.states import CompletionPolicy
from tests.cluster.servers import Postgres, postgres
from tests.saga.life import Life
from tests.saga.lives import a_scene
from tests.storage.conftest import needs_postgres

IN_CI = "CI" in os.environ
LIVES = int(os.environ.get("GATEWAY_TEST_LIVES", "10"))


@pytest.mark.requirement("R7", "F12")
@pytest.mark.timeout(3600 if LIVES > 100 else 120)
@pytest.mark.parametrize("server", [nullcontext, pytest.param(postgres, marks=needs_postgres)])
def test_whatever_happens_an_order_ends_as_it_must_and_providers_have_what_it_says(
    server: Callable[[], AbstractContextManager[Postgres | None]],
) -> None:
    chosen = settings(
        max_examples=LIVES,
        stateful_step_count=40,
        deadline=None,
        derandomize=IN_CI,
        database=None,
        phases=[Phase.generate] if IN_CI else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    with server() as database, a_scene(database.url if database else None) as (runner, scene):
        run_state_machine_as_test(
            partial(Life, runner, scene),  # type: ignore[arg-type]  # any callable will do
            settings=chosen,
        )


@pytest.mark.parametrize(("stops", "stride"), [(True, 1), (False, 4)], ids=["stands still", "dies"])
def test_whichever_point_a_driver_ends_at_another_goes_on_and_nothing_is_done_twice(stops: bool, stride: int) -> None:
    points, is_reached = 0, True
    with a_scene() as (runner, scene):
        while is_reached:
            life = Life(runner, scene)
            life.place(CompletionPolicy.ALL_OR_NOTHING, 1, False, False, True, [(0, ("place", "away"))], None)
            is_reached = life.ends_at(points, stops=stops)
            life.teardown()
            points += stride

    # A part is placed, followed, and read until it is active.
    assert points > 12
