"""What operations cost: by hand where they are small, as written down where the contract has them."""

import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query

from gateway.api.operations.costs import OperationCost
from gateway.api.operations.limits import OperationLimits
from gateway.api.schema.weights import Weight
from tests.api.costing import compiled, cost_of
from tests.bench.queries import CATALOGUE

CONTRACT = Path(__file__).parents[1] / "contract"
LIMIT = OperationLimits().cost
# As large as the documents let a client ask.
LARGEST = {"first": 100, "input": {"offeringIds": ["x"] * 50}}


# A page is an object, an edge another, its node a third. The cheapest costs 1.
BY_HAND = {
    "{ __typename }": 1,
    "{ viewer { id username } }": 1,
    "{ a: viewer { id } b: viewer { id } }": 2,
    "{ viewer { id } viewer { username } }": 1,
    "{ viewer { memberships { role } } }": 1 + 5,
    "{ viewer { memberships { customer { id } } } }": 1 + 5 * 2,
    "{ providers { pageInfo { endCursor } } }": 1 + 1,
    "{ providers { edges { node { name } } } }": 1 + 20 * 2,
    "{ providers(first: 7) { edges { node { name } } } }": 1 + 7 * 2,
    "{ providers(first: null) { edges { cursor } } }": 1 + 20,
    "{ providers(first: 0) { edges { cursor } } }": 1 + 100,
    "{ providers(first: -3) { edges { cursor } } }": 1 + 100,
    "{ providers(first: 100000) { edges { cursor } } }": 1 + 100,
    "{ productOfferings(first: 7) { edges { cursor } unavailableProviders { code } } }": 100 + 1 + 7 + 5,
    '{ productOffering(id: "x") { orderForm { fields { key } } } }': 1 + 1000 + 1 + 20,
    "{ productOfferings(first: 7) { edges { node { orderForm { fields { key } } } } } }": (
        100 + 1 + 7 * (1 + 1 + 1000 + 1 + 20)
    ),
    '{ node(id: "x") { id } }': 500 + 1,
    '{ nodes(ids: ["a", "b", "c"]) { id } }': 3 * 500 + 3,
    "{ nodes(ids: []) { id } }": 1,
    # Of an abstract type the dearest kind counts, not the sum of them.
    '{ node(id: "x") { ... on Order { place { siteId } } ... on Customer { sites { id } } } }': 500 + 1 + 100 + 10,
    '{ node(id: "x") { ...A } } fragment A on Node { id ... on Order { id bundle { id } } }': 500 + 1 + 100 + 1,
    # What is batched counts once, however many rows there are.
    '{ order(id: "x") { items { product { id } } } }': 100 + 1 + 3000 + 10 * 2,
    '{ order(id: "x") { items { product { id } } other: items { product { id } } } }': 100 + 1 + 2 * (3000 + 10 * 2),
    "{ customer { bills(first: 9) { edges { node { lines(first: 3) { edges { cursor } } } } } } }": (
        1 + 3000 + 1 + 3000 + 9 * (2 + 1 + 3)
    ),
    "{ customer { orders(first: 9) { edges { node { bundle { isOrderable } } } } } }": 1
    + 100
    + 1
    + 9 * (2 + 100 + 1001),
    "{ viewer @skip(if: true) { id } }": 1,
    "{ viewer @include(if: false) { id } }": 1,
    "{ viewer @include(if: true) @skip(if: false) { id } }": 1,
    "{ ... @skip(if: true) { viewer { id } } ...F @include(if: false) } fragment F on Query { viewer { id } }": 1,
    'mutation { placeOrder(input: {bundleId: "x", expectedRevision: 1, idempotencyKey: "k"}) { order { id } } }': 10_000
    + 2,
    'mutation { addSite(input: {name: "x", address: {street: "x", postcode: "x", city: "x", country: "SE"}}) '
    "{ site { id } userErrors { code } } }": 200 + 1 + 1 + 5,
    'subscription { orderEvents(orderId: "x") { id order { id } item { id } } }': 300 + 1 + 2 * 101,
    '{ __type(name: "Query") { fields { name type { name } } } }': 1 + 3 * 2,
}


@pytest.mark.parametrize("document", BY_HAND)
def test_a_small_operation_costs_what_adds_up_by_hand(document: str) -> None:
    assert cost_of(document) == BY_HAND[document]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 20),
        ({"n": None}, 20),
        ({"n": 1}, 1),
        ({"n": 100}, 100),
        ({"n": 0}, 100),
        ({"n": -1}, 100),
        ({"n": 101}, 100),
        ({"n": True}, 100),
        ({"n": "7"}, 100),
        ({"n": 7.5}, 100),
        ({"n": {"a": 1}}, 100),
        ({"n": 10**30}, 100),
    ],
)
def test_a_page_counts_the_rows_that_a_variable_asks_for_and_the_most_for_an_absurd_one(
    variables: dict[str, Any], expected: int
) -> None:
    assert cost_of("query($n: Int) { providers(first: $n) { edges { cursor } } }", **variables) == 1 + expected


def test_a_variable_that_is_left_out_has_its_default() -> None:
    query = "query($n: Int = 50) { providers(first: $n) { edges { cursor } } }"

    assert [cost_of(query), cost_of(query, n=None), cost_of(query, n=7)] == [51, 21, 8]


def test_variables_in_lists_in_lists_multiply() -> None:
    query = """
    query($bills: Int, $lines: Int) {
      customer { bills(first: $bills) { edges { node { lines(first: $lines) { edges { cursor } } } } } }
    }
    """

    assert cost_of(query, bills=10, lines=30) == 1 + 3000 + 1 + 3000 + 10 * (2 + 1 + 30)
    assert cost_of(query, bills=100, lines=100) == 1 + 3000 + 1 + 3000 + 100 * (2 + 1 + 100)


@pytest.mark.parametrize(
    ("query", "variables", "count"),
    [
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b"]}, 2),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a"] * 1000}, 100),
        ('query($id: ID!) { nodes(ids: [$id, "b", $id]) { id } }', {"id": "a"}, 3),
    ],
)
def test_each_id_counts(query: str, variables: dict[str, Any], count: int) -> None:
    assert cost_of(query, **variables) == count * 501


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (
            "$given: OfferingQualificationInput!) { offeringQualification(input: $given)",
            {"given": {"offeringIds": ["x"] * 4}},
        ),
        ('$ids: [ID!]!) { offeringQualification(input: {offeringIds: $ids, place: {siteId: "x"}})', {"ids": ["x"] * 4}),
        (
            '$a: ID!) { offeringQualification(input: {offeringIds: [$a, "x", "x", "x"], place: {siteId: "x"}})',
            {"a": "x"},
        ),
    ],
)
def test_a_list_within_an_input_slices_what_it_asks_for(arguments: str, variables: dict[str, Any]) -> None:
    assert cost_of(f"query({arguments} {{ items {{ result }} }} }}", **variables) == 3000 + 1 + 4


def test_what_a_variable_leaves_out_is_not_counted() -> None:
    query = """
    query($bills: Boolean = false, $short: Boolean!) {
      customer { id ...Bills @include(if: $bills) currentCharges @skip(if: $short) { charges { asOf } } }
    }
    fragment Bills on Customer { bills(first: 1) { edges { cursor } } }
    """
    cost = compiled(query)

    assert cost.of({"short": True}) == 1
    assert cost.of({"short": True, "bills": True}) == 1 + 3002
    assert cost.of({"short": False}) == 1 + 3011
    assert cost.of({"short": False, "bills": True}) == 1 + 3002 + 3011
    assert cost.of({"short": "no", "bills": 1}) == 1 + 3002 + 3011


def test_with_many_deciding_variables_all_of_it_is_counted() -> None:
    names = [f"v{number}" for number in range(5)]
    fields = " ".join(f"{name}: viewer @include(if: ${name}) {{ id }}" for name in names)
    query = f"query({' '.join(f'${name}: Boolean!' for name in names)}) {{ {fields} }}"

    assert cost_of(query, **dict.fromkeys(names, False)) == 5


CONTRACT_COSTS = {
    "01-viewer": (2686, 2686),
    "02-browse-catalog": (2932, 14_212),
    "03-offering": (1449, 1449),
    "04-qualify-offerings": (3561, 3561),
    "05-create-bundle": (3018, 3018),
    "06-bundle-candidates": (3693, 6013),
    "07-add-bundle-item": (3018, 3018),
    "08-configure-bundle-item": (3029, 3029),
    "09-remove-bundle-item": (207, 207),
    "10-bundle": (10_826, 10_826),
    "11-place-order": (10_028, 10_028),
    "12-track-order": (504, 504),
    "13-order": (3386, 3546),
    "14-cancel-order": (10_008, 10_008),
    "15-orders": (143, 303),
    "16-products": (3413, 4613),
    "17-bills": (16_174, 32_654),
    "18-track-customer": (402, 402),
    "19-notifications": (2163, 10_403),
    "20-providers": (42, 202),
    "21-provider-registrations": (402, 1602),
    "22-register-provider": (208, 208),
}


def test_each_document_of_the_contract_costs_what_is_written_down() -> None:
    costs = {path.stem: compiled(path.read_text("utf-8")) for path in sorted(CONTRACT.glob("*.graphql"))}

    assert {name: (cost.of(), cost.of(LARGEST)) for name, cost in costs.items()} == CONTRACT_COSTS


def test_the_limit_leaves_the_contract_room_and_stops_what_asks_a_provider_for_each_row() -> None:
    abuse = [
        "{ productOfferings(first: 100) { edges { node { orderForm { __typename } } } } }",
        "{ customer { orders(first: 100) { edges { node { bundle { isOrderable } } } } } }",
        "{ customer { orders(first: 100) { edges { node { events(first: 100) "
        "{ edges { node { order { items { product { id } } } } } } } } } } }",
        "{ " + " ".join(f"a{n}: customer {{ bills {{ edges {{ cursor }} }} }}" for n in range(34)) + " }",
    ]

    assert max(largest for _, largest in CONTRACT_COSTS.values()) * 2 < LIMIT
    assert cost_of(get_introspection_query(input_value_deprecation=True, specified_by_url=True)) * 2 < LIMIT
    assert cost_of(CATALOGUE) == 4104
    assert [each for each in abuse if cost_of(each) <= LIMIT] == []


def test_the_dearest_kind_of_event_counts() -> None:
    message = '{ order(id: "x") { events(first: 10) { edges { node { id %s } } } } }'
    some = cost_of(message % "... on OrderItemFailed { reason { code } }")
    more = cost_of(message % "... on OrderItemFailed { reason { code } } ... on OrderItemHeld { reason { code } }")

    assert some == more == 100 + 1 + 100 + 1 + 10 * (1 + 1 + 1)


def calls_of(cost: OperationCost, variables: dict[str, Any]) -> int:
    """How many functions are called to tell the cost."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        cost.of(variables)
    finally:
        sys.setprofile(None)
    return calls


def test_what_was_compiled_is_told_again_in_a_few_calls() -> None:
    catalogue, bills = compiled(CATALOGUE), compiled((CONTRACT / "17-bills.graphql").read_text("utf-8"))
    assert (catalogue.of({"after": "x"}), bills.of({"first": 3})) == (4104, 12_672)

    assert calls_of(catalogue, {"after": "y"}) <= 3
    assert calls_of(bills, {"first": 4}) <= 30


def test_each_weight_is_more_than_an_object() -> None:
    assert sorted(Weight) == list(Weight)
    assert min(Weight) > 1
