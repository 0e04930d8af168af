"""What counts against an authorization's limit: on both databases, and from several processes at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.authorizations import Conditions, SelfServiceFunction
from gateway.domain.money import Money
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.domain.parties import MemberRole
from gateway.storage import SqlStorage
from tests.api.running import Running
from tests.callers.world import World, a_gateway, a_world, authorization
from tests.clock import NOON
from tests.samples import a_customer, an_order, new_id
from tests.storage.conftest import needs_postgres

COMPLETED, FAILED, CANCELLED, REJECTED, HELD = (
    OrderItemState.COMPLETED,
    OrderItemState.FAILED,
    OrderItemState.CANCELLED,
    OrderItemState.REJECTED,
    OrderItemState.HELD,
)
ORDER = """mutation ($bundle: ID!, $key: String!) {
  placeOrder(input: {bundleId: $bundle, expectedRevision: 1, idempotencyKey: $key}) {
    order { id } userErrors { code } } }"""


def sek(amount: int) -> Money:
    return Money(Decimal(amount), "SEK")


def ordered(customer: str, right: str, state: OrderState, *items: tuple[OrderItemState, Money | None]) -> Order:
    """An order of 100 SEK under that authorization, with items of these states and costs."""
    order = an_order(customer, providers=tuple(f"provider-{number}" for number in range(len(items))))
    parts = [replace(item, state=state, cost=cost) for item, (state, cost) in zip(order.items, items, strict=True)]
    return replace(order, state=state, items=tuple(parts), authorization_id=right, cost=sek(100))


async def spent(storage: SqlStorage, right: str, *orders: Order) -> list[Money]:
    async with storage.writing() as unit:
        for each in orders:
            await unit.orders.add(each)
    async with storage.reading() as unit:
        found = await unit.authorizations.spent(right, NOON, NOON + timedelta(days=1))
    return sorted(found, key=lambda money: money.amount)


@pytest.mark.requirement("R3")
@pytest.mark.parametrize(
    ("state", "items", "left"),
    [
        (OrderState.PARTIAL, [(COMPLETED, sek(60)), (FAILED, sek(40))], [60]),
        (OrderState.PARTIAL, [(CANCELLED, sek(60)), (COMPLETED, sek(40))], [40]),
        (OrderState.PARTIAL, [(REJECTED, sek(30)), (FAILED, sek(30)), (COMPLETED, sek(30))], [40]),
        (OrderState.COMPLETED, [(COMPLETED, sek(60)), (COMPLETED, sek(40))], [100]),
        (OrderState.IN_PROGRESS, [(HELD, sek(60)), (OrderItemState.PENDING, sek(40))], [100]),
        (OrderState.PARTIAL, [(COMPLETED, sek(60)), (FAILED, None)], [100]),
        (OrderState.PARTIAL, [(COMPLETED, sek(60)), (FAILED, Money(Decimal(40), "EUR"))], [100]),
        (OrderState.PARTIAL, [(COMPLETED, sek(0)), (FAILED, sek(140))], [0]),
        (OrderState.FAILED, [(FAILED, sek(60)), (CANCELLED, sek(40))], []),
        (OrderState.CANCELLED, [(CANCELLED, sek(60)), (CANCELLED, sek(40))], []),
        (OrderState.REJECTED, [(REJECTED, sek(60)), (REJECTED, sek(40))], []),
    ],
)
async def test_what_came_to_nothing_is_not_spent(
    storage: SqlStorage, state: OrderState, items: list[tuple[OrderItemState, Money | None]], left: list[int]
) -> None:
    customer, right = await a_customer(storage), new_id("Authorization")

    found = await spent(storage, right, ordered(customer, right, state, *items))

    assert found == [sek(amount) for amount in left]


@pytest.mark.requirement("R3")
async def test_each_order_counts_by_itself_and_under_its_own_authorization_and_month(storage: SqlStorage) -> None:
    customer, right, other = await a_customer(storage), new_id("Authorization"), new_id("Authorization")
    partial = (OrderState.PARTIAL, (COMPLETED, sek(60)), (FAILED, sek(40)))
    late = replace(ordered(customer, right, *partial), placed_at=NOON + timedelta(days=1))

    found = await spent(
        storage,
        right,
        ordered(customer, right, *partial),
        ordered(customer, right, OrderState.COMPLETED, (COMPLETED, sek(100))),
        ordered(customer, other, *partial),
        late,
    )

    assert found == [sek(60), sek(100)]


@pytest.fixture
async def two(new_postgres: str, tmp_path: Path) -> AsyncIterator[tuple[World, list[Running]]]:
    """Two gateways on one PostgreSQL, each with connections and a memory of its own, and one customer."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with a_world(tmp_path / "one", new_postgres) as world, a_gateway(tmp_path / "two", new_postgres) as other:
        limited = Conditions(spending_limit_per_month=sek(1500))
        right = authorization((SelfServiceFunction.ORDER, SelfServiceFunction.SEE_ORDERS), conditions=limited)
        await world.join("buyer", MemberRole.AUTHORIZED_USER, right)
        other.tokens.callers["buyer"] = world.gateway.tokens.callers["buyer"]
        yield world, [world.gateway, other]


@needs_postgres
@pytest.mark.requirement("R3")
async def test_the_months_limit_holds_exactly_when_two_processes_order_at_once(
    two: tuple[World, list[Running]],
) -> None:
    world, gateways = two
    made = [await world.anew(["bundle", "key"]) for _ in range(12)]

    answers = await asyncio.gather(
        *(gateways[number % 2].ask(ORDER, each, "buyer") for number, each in enumerate(made))
    )

    # Three times 499 of 1500.
    payloads = [each["data"]["placeOrder"] for each in answers]
    codes = [[error["code"] for error in each["userErrors"]] for each in payloads]
    assert sorted(codes) == [[]] * 3 + [["SPENDING_LIMIT_EXCEEDED"]] * 9
    assert sum(each["order"] is not None for each in payloads) == 3
    async with world.gateway.storage.reading() as unit:
        kept = await unit.orders.page(world.customer, 100, None)
    assert [each.cost for each in kept] == [sek(499)] * 3
    assert [item.cost for each in kept for item in each.items] == [sek(499)] * 3
