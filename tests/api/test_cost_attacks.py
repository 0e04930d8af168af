"""Documents made to be dear, or to take long to be priced: their cost is told in no time, and is too high."""

import time
from collections.abc import Iterator

import pytest

from gateway.api.operations.costs import DEAREST
from gateway.api.operations.limits import OperationLimits
from tests.api.costing import compiled, cost_of

LIMIT = OperationLimits().cost
KINDS = ["OrderItemFailed", "OrderItemHeld", "OrderItemUndone", "OrderFailed", "OrderPlaced", "OrderCompleted"]


@pytest.fixture(autouse=True)
def takes_no_long_time() -> Iterator[None]:
    begun = time.process_time()
    yield
    assert time.process_time() - begun < 5


def test_fragments_that_are_spread_twice_each_count_once_at_one_place() -> None:
    fragments = (f"fragment F{n} on Query {{ a{n}: viewer {{ id }} ...F{n + 1} ...F{n + 1} }}" for n in range(20))

    assert cost_of("{ ...F0 }" + "".join(fragments) + "fragment F20 on Query { viewer { id } }") == 21


def test_fragments_that_double_count_each_time_and_are_compiled_once() -> None:
    fragments = (
        f"fragment F{n} on Order {{ a: bundle {{ order {{ ...F{n + 1} }} }} b: bundle {{ order {{ ...F{n + 1} }} }} }}"
        for n in range(20)
    )

    cost = cost_of('{ order(id: "x") { ...F0 } }' + "".join(fragments) + "fragment F20 on Order { id }")

    assert cost == 101 + sum(2**n * 202 for n in range(1, 21))


def test_fragments_that_double_for_ever_cost_the_most() -> None:
    fragments = (
        f"fragment F{n} on Order {{ a: bundle {{ order {{ ...F{n + 1} }} }} b: bundle {{ order {{ ...F{n + 1} }} }} }}"
        for n in range(60)
    )

    assert cost_of('{ order(id: "x") { ...F0 } }' + "".join(fragments) + "fragment F60 on Order { id }") == DEAREST


def test_fragments_in_a_circle_cost_the_most() -> None:
    circle = '{ order(id: "x") { ...A } } fragment A on Order { bundle { order { ...A } } }'

    assert compiled(circle, is_valid=False).of() == DEAREST


def test_ten_thousand_aliases_each_count() -> None:
    aliases = " ".join(f"a{number}: viewer {{ id }}" for number in range(10_000))

    assert compiled(f"{{ {aliases} }}", is_valid=False).of() == 10_000


def test_more_than_can_be_priced_costs_the_most() -> None:
    assert compiled("{ viewer { " + "id " * 20_000 + "} }", is_valid=False).of() == DEAREST


def test_what_is_deep_costs_the_sum_of_its_depth() -> None:
    deep = "bundle { order { " * 30 + "id" + " } }" * 30

    assert cost_of(f'{{ order(id: "x") {{ {deep} }} }}') == 101 + 30 * 202


def test_lists_in_lists_multiply_until_it_is_too_much() -> None:
    document = """
    { customer { orders(first: 100) { edges { node {
      events(first: 100) { edges { node { order { events(first: 100) { edges { cursor } } } } } }
    } } } } }
    """

    assert cost_of(document) == 1 + 101 + 100 * (2 + 101 + 100 * (2 + 1 + 101 + 100)) + 100
    assert cost_of(document) > LIMIT


def events_of_each_kind(depth: int) -> str:
    """Events of the order of the event, to that depth, with other fields for each kind at each step."""
    inner = events_of_each_kind(depth - 1) if depth else "id"
    kinds = " ".join(
        f"... on {kind} {{ order {{ events {{ edges {{ node {{ ... on {kind} {{ order {{ id }} }} }} }} }} }} }}"
        for kind in KINDS
    )
    return f"order {{ events {{ edges {{ node {{ {inner} {kinds} }} }} }} }}"


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_kinds_within_kinds_are_too_dear_or_can_not_be_priced(depth: int) -> None:
    document = (
        f'{{ order(id: "x") {{ events(first: 100) {{ edges {{ node {{ {events_of_each_kind(depth)} }} }} }} }} }}'
    )

    assert compiled(document, is_valid=False).of() > LIMIT


def test_the_schema_of_the_schema_is_too_dear() -> None:
    nested = "fields { type { " * 5 + "name" + " } }" * 5

    assert compiled(f"{{ __schema {{ types {{ {nested} }} }} }}", is_valid=False).of() > LIMIT
