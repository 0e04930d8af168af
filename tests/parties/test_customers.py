"""The customer's name, and the end of its account."""

import dataclasses

import pytest

from gateway.domain.errors import RequestError, Unavailable
from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.bundles import BundleState
from gateway.domain.ordering.states import OrderState
from gateway.domain.parties import Caller, MemberRole
from gateway.domain.security import SecurityEventKind
from gateway.usecases import customers, members
from gateway.usecases.actors import actor_topic
from gateway.usecases.core import Core
from tests.holdings.holders import Holder, Holders, accounts_at, with_holders
from tests.parties.joining import as_now, customer, joined, kinds
from tests.samples import a_bundle, an_order, new_id

MANAGER, AUTHORIZED, SERVICE = MemberRole


async def _with_product(core: Core, caller: Caller, status: ProductStatus | None) -> Core:
    """The core with a provider that keeps a product of that status for the caller's customer; None: that is down."""
    holder = Holder("nord", failure=None if status else Unavailable("nord", "inventory"))
    refs = await accounts_at(core, customer(caller), "nord")
    holder.holds("p-1", refs["nord"], status=status or ProductStatus.ACTIVE)
    return with_holders(core, Holders(holder))


async def test_a_customer_gets_another_name_and_keeps_its_kind(core: Core, maria: Caller) -> None:
    renamed = await customers.update_customer(core, maria, None, " Maria & Erik ")

    now = await as_now(core, maria)
    assert now.actor is not None
    assert now.actor.memberships[0].customer == renamed
    assert renamed.name == "Maria & Erik"
    assert await kinds(core, renamed.id) == [SecurityEventKind.CUSTOMER_CHANGED]


@pytest.mark.parametrize(("name", "code"), [(" ", "TOO_SHORT"), ("x" * 201, "TOO_LONG"), ("a\0b", "INVALID_FORMAT")])
async def test_a_name_that_can_not_be_shown_is_refused(core: Core, maria: Caller, name: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        await customers.update_customer(core, maria, None, name)

    assert [(each.code, each.field) for each in caught.value.problems] == [(code, ("name",))]
    assert await kinds(core, customer(maria)) == []


@pytest.mark.requirement("P6", "S3")
async def test_a_closed_customer_is_nobodys_and_its_orders_stay(core: Core, maria: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)
    bundle = a_bundle(customer(maria))
    order = dataclasses.replace(an_order(customer(maria)), state=OrderState.COMPLETED)
    async with core.storage.writing() as unit:
        await unit.bundles.add(bundle)
        await unit.orders.add(order)
    assert anna.actor is not None

    with core.wakeups.listen(actor_topic(anna.actor.id)) as waiter:
        closed = await customers.close_customer(core, maria, customer(maria))
        assert await waiter.wait(0)

    assert closed == customer(maria)
    for caller in (maria, anna):
        now = await as_now(core, caller)
        assert now.actor is not None
        assert now.actor.memberships == ()
    async with core.storage.reading() as unit:
        kept = await unit.bundles.get(bundle.id)
        assert kept is not None
        assert (kept.state, kept.revision) == (BundleState.EXPIRED, bundle.revision + 1)
        assert await unit.orders.get(order.id) == order
    assert await kinds(core, closed) == [SecurityEventKind.CUSTOMER_CLOSED]


@pytest.mark.requirement("P6")
async def test_closing_again_is_harmless_for_who_managed_it_and_unknown_to_anybody_else(
    core: Core, maria: Caller, lars: Caller
) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)
    closed = await customers.close_customer(core, maria, customer(maria))

    assert await customers.close_customer(core, await as_now(core, maria), closed) == closed
    for caller in (lars, await as_now(core, anna)):
        with pytest.raises(RequestError, match="NOT_FOUND"):
            await customers.close_customer(core, caller, closed)

    assert await kinds(core, closed) == [SecurityEventKind.CUSTOMER_CLOSED]


@pytest.mark.requirement("P6")
async def test_an_order_in_flight_stands_in_the_way(core: Core, maria: Caller) -> None:
    order, bundle = an_order(customer(maria)), a_bundle(customer(maria))
    async with core.storage.writing() as unit:
        await unit.orders.add(order)
        await unit.bundles.add(bundle)

    with pytest.raises(RequestError) as caught:
        await customers.close_customer(core, maria, customer(maria))

    (problem,) = caught.value.problems
    assert (problem.code, problem.params) == ("ORDER_OPEN", {"order": order.id})
    async with core.storage.reading() as unit:
        assert await unit.bundles.get(bundle.id) == bundle
    assert await as_now(core, maria) == maria


@pytest.mark.requirement("P6")
@pytest.mark.parametrize(
    ("status", "code"),
    [(ProductStatus.ACTIVE, "PRODUCT_ACTIVE"), (ProductStatus.SUSPENDED, "PRODUCT_ACTIVE"), (None, "HOLDINGS_UNKNOWN")],
)
async def test_a_product_that_is_held_or_may_be_stands_in_the_way(
    core: Core, maria: Caller, status: ProductStatus | None, code: str
) -> None:
    with_product = await _with_product(core, maria, status)

    with pytest.raises(RequestError) as caught:
        await customers.close_customer(with_product, maria, customer(maria))

    assert [each.code for each in caught.value.problems] == [code]
    assert await as_now(core, maria) == maria


@pytest.mark.requirement("P6")
async def test_a_product_that_has_ended_does_not(core: Core, maria: Caller) -> None:
    with_product = await _with_product(core, maria, ProductStatus.TERMINATED)

    assert await customers.close_customer(with_product, maria, customer(maria)) == customer(maria)


@pytest.mark.requirement("S3")
async def test_only_a_manager_changes_or_closes_the_customer(core: Core, maria: Caller, lars: Caller) -> None:
    anna = await joined(core, customer(maria), "anna", AUTHORIZED)

    for caller, code in ((Caller(), "UNAUTHENTICATED"), (lars, "NOT_FOUND"), (anna, "FORBIDDEN")):
        for attempt in (
            customers.update_customer(core, caller, customer(maria), "Mine"),
            customers.close_customer(core, caller, customer(maria)),
        ):
            with pytest.raises(RequestError) as caught:
                await attempt
            assert caught.value.problems[0].code == code
    with pytest.raises(RequestError, match="NOT_FOUND"):
        await customers.close_customer(core, maria, new_id("Customer"))

    assert await as_now(core, maria) == maria
    assert len((await members.list_members(core, maria, customer(maria), None, None)).edges) == 2
