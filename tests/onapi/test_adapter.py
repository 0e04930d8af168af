"""What the adapter makes of a network: qualification, catalogue, orders of every operation, subscriptions, events."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import (
    CancellationState,
    ContractBroken,
    Money,
    OfferingQualification,
    OneTimePrice,
    OrderItemState,
    OrderRequest,
    OutcomeUnknown,
    Place,
    ProductStatus,
    Provider,
    QualificationResult,
    RecurringPrice,
    Rejected,
    Signal,
    SignalKind,
    Unavailable,
    provider_id,
)
from providers.onapi.ordering import OnApiOrdering
from providers.onapi.references import digest_of
from tests.onapi.calls import Network, a_network
from tests.onapi.connecting import a_place, connected
from tests.onapi.subject import Subject
from tests.simulator.calls import until

PARTY = "gw-0d3c7f6e-8a1b-4c2d-9e3f-5a6b7c8d9e0f"
QUALIFIED, UNQUALIFIED = QualificationResult.QUALIFIED, QualificationResult.UNQUALIFIED


@pytest.fixture
async def provider(network: Network) -> AsyncIterator[Provider]:
    async with connected(network.url) as opened:
        yield opened


@pytest.fixture
async def slow_provider(slow_network: Network) -> AsyncIterator[Provider]:
    async with connected(slow_network.url) as opened:
        yield opened


def subject(provider: Provider, place: Place | None = None) -> Subject:
    return Subject(provider, place or a_place("3"), PARTY)


def ordering(provider: Provider) -> OnApiOrdering:
    return subject(provider).ordering


async def qualified(provider: Provider, place: Place, ref: str = "BB-100-100") -> OfferingQualification:
    (answer,) = await subject(provider).qualification.qualify([ref], place)
    return answer


PLACES: list[tuple[Place, QualificationResult, str | None, datetime | None]] = [
    (a_place("1"), QUALIFIED, None, None),
    (a_place("3 A"), QUALIFIED, None, None),
    (a_place("", street="Storgatan 3a"), QUALIFIED, None, None),
    (a_place("1", postcode="111 22"), QUALIFIED, None, None),
    (a_place("2"), UNQUALIFIED, "UNIT_NEEDED", None),
    (a_place("2", "lgh 1101"), QUALIFIED, None, None),
    (a_place("2", "1303"), UNQUALIFIED, "ADDRESS_NOT_IN_NETWORK", None),
    (a_place("99"), UNQUALIFIED, "ADDRESS_NOT_IN_NETWORK", None),
    (a_place("4"), UNQUALIFIED, "ACCESS_PLANNED", datetime(2031, 5, 1, tzinfo=UTC)),
    (a_place("5"), UNQUALIFIED, "ACCESS_HOMESPASSED", None),
    (a_place("6"), UNQUALIFIED, "ACCESS_OUTMIGRATION", None),
    (a_place("7"), UNQUALIFIED, "SERVICE_TAKEN", None),
    (a_place("8"), QUALIFIED, None, datetime(2031, 5, 1, tzinfo=UTC)),
    (a_place("9"), UNQUALIFIED, "SERVICE_NOT_AVAILABLE", None),
]


async def test_an_access_says_what_can_be_had_at_its_address(provider: Provider) -> None:
    for place, result, code, expected in PLACES:
        answer = await qualified(provider, place)
        reason = answer.reasons[0].code if answer.reasons else None
        assert (answer.result, reason, answer.expected_activation) == (result, code, expected), place.address

    unsold = await qualified(provider, a_place("3"), "VOIP")
    assert unsold.result is QualificationResult.UNDETERMINED
    assert [each.code for each in unsold.reasons] == ["SERVICE_NOT_SOLD"]


async def test_a_state_of_an_access_that_nobody_knows_decides_nothing(network: Network, provider: Provider) -> None:
    access = await network.access("Storgatan", "3")
    assert (await qualified(provider, a_place("3"))).result is QUALIFIED

    await network.call("PATCH", f"/_control/accesses/{access}", {"accessState": "DREAMING"})
    answer = await qualified(provider, a_place("3"))

    assert answer.result is QualificationResult.UNDETERMINED
    assert [each.code for each in answer.reasons] == ["ACCESS_DREAMING"]


async def test_an_access_that_moves_is_found_at_its_new_address_alone(network: Network, provider: Provider) -> None:
    assert (await qualified(provider, a_place("3"))).result is QUALIFIED
    for letter in ("", "A"):
        rows = await network.get("/accesses/")
        key = next(row["accessId"] for row in rows if (row["streetNumber"], row["streetLittera"]) == ("3", letter))
        await network.call("PATCH", f"/_control/accesses/{key}", {"streetNumber": "33"})

    assert (await qualified(provider, a_place("3"))).result is UNQUALIFIED
    assert (await qualified(provider, a_place("33"))).result is QUALIFIED
    assert (await qualified(provider, a_place("1"))).result is QUALIFIED


async def test_services_are_sold_as_the_settings_say(provider: Provider) -> None:
    snapshot = await subject(provider).catalog.snapshot(None)

    assert snapshot is not None
    plain, priced = snapshot.offerings
    assert (plain.ref, plain.name, plain.prices) == ("BB-10-10", "BB-10-10", ())
    assert (priced.ref, priced.name) == ("BB-100-100", "Törnfors 100")
    assert priced.category_slugs == frozenset({"broadband"})
    monthly, once = priced.prices
    assert isinstance(monthly, RecurringPrice)
    assert isinstance(once, OneTimePrice)
    assert (monthly.amount, monthly.period) == (Money(Decimal("239.20"), "SEK"), "P1M")
    assert once.amount == Money(Decimal("296.00"), "SEK")
    assert [(each.name, each.values, each.unit) for each in priced.characteristics] == [
        ("downstreamBandwidth", ("100",), "Mbit/s"),
        ("upstreamBandwidth", ("100",), "Mbit/s"),
    ]
    assert [(each.key, each.maximum_values) for each in priced.fields] == [
        ("fixedIp", 1),
        ("ipAddress", 16),
        ("SLA", 1),
    ]


async def test_without_settings_every_service_is_sold_without_a_price(network: Network) -> None:
    async with connected(network.url, services=None) as provider:
        snapshot = await subject(provider).catalog.snapshot(None)

    assert snapshot is not None
    assert [(each.ref, each.prices) for each in snapshot.offerings] == [
        (name, ()) for name in ("BB-10-10", "BB-100-100", "BB-1000-1000", "BB-250-250", "VOIP")
    ]
    assert {slug for each in snapshot.offerings for slug in each.category_slugs} == {"broadband", "network-service"}


async def test_the_form_goes_out_as_the_api_has_it_and_comes_back_with_the_product(
    network: Network, provider: Provider
) -> None:
    values = {"fixedIp": ("true",), "ipAddress": ("192.0.2.4", "192.0.2.5"), "SLA": ("SLA-2",)}
    about = subject(provider)
    request = replace(about.request(), values=values)

    ended = await about.settled((await about.ordering.place(request)).ref)
    product = await about.inventory.product(ended.product_ref or "")

    (row,) = await network.get("/orders/?state=DONE_SUCCESS")
    assert row["characteristics"] == {"fixedIp": True, "ipAddress": ["192.0.2.4", "192.0.2.5"], "SLA": "SLA-2"}
    assert (row["spReference"], row["spSubscriptionId"]) == (
        PARTY[:3] + PARTY[3:].replace("-", ""),
        digest_of(request.key),
    )
    assert product is not None
    assert (product.party, product.name) == (PARTY, "Törnfors 100")
    assert {each.name: each.values for each in product.characteristics} == values
    assert product.started_at is not None


async def test_several_outlets_of_one_house_serve_several_customers_at_once(
    network: Network, provider: Provider
) -> None:
    about = subject(provider, a_place("1"))

    placed = await asyncio.gather(*(about.ordering.place(about.request()) for _ in range(5)))

    rows = await network.get("/orders/")
    ended = [await about.settled(each.ref) for each in placed]
    assert len({each.ref for each in placed}) == 5
    assert {each.state for each in ended} == {OrderItemState.COMPLETED}
    assert len({(each.product_ref or "").partition("/")[0] for each in ended}) == 5
    assert len(rows) <= 5
    assert (await network.counts())["ordersByAction"] == {"ACTIVATE": 5}


async def test_a_house_with_one_outlet_serves_one_customer(network: Network, provider: Provider) -> None:
    about = subject(provider)
    await about.settled((await about.ordering.place(about.request())).ref)

    with pytest.raises(Rejected) as caught:
        await about.ordering.place(about.request())

    assert caught.value.reason == "SERVICE_NOT_AVAILABLE"
    assert (await network.counts())["ordersByAction"] == {"ACTIVATE": 1}
    assert (await qualified(provider, a_place("3"))).reasons[0].code == "SERVICE_TAKEN"


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"place": None}, "PLACE_REQUIRED"),
    ({"quantity": 2}, "QUANTITY_NOT_OFFERED"),
    ({"place": a_place("99")}, "ADDRESS_NOT_IN_NETWORK"),
    ({"place": a_place("2")}, "UNIT_NEEDED"),
    ({"place": a_place("7")}, "SERVICE_NOT_AVAILABLE"),
    ({"offering_ref": "INTERNET"}, "SERVICE_NOT_AVAILABLE"),
]


async def test_what_can_not_be_had_is_rejected_and_nothing_is_ordered(network: Network, provider: Provider) -> None:
    about = subject(provider)
    for changes, reason in REFUSALS:
        with pytest.raises(Rejected) as caught:
            await about.ordering.place(replace(about.request(), **changes))
        assert caught.value.reason == reason

    assert (await network.counts())["orders"] == {}


async def test_a_service_that_comes_later_is_ordered_for_then(network: Network, provider: Provider) -> None:
    about = subject(provider)

    await about.ordering.place(replace(about.request(), place=a_place("8")))

    (row,) = await network.get("/orders/")
    assert row["requestedDateTime"] == "2031-05-01T00:00:00Z"


async def test_the_network_s_own_no_is_told_in_its_own_words(network: Network, provider: Provider) -> None:
    await network.fault(operation="order.create", kind="reject", reason="No free port")
    about = subject(provider)

    with pytest.raises(Rejected) as caught:
        await about.ordering.place(about.request())

    assert caught.value.detail == "No free port"


async def test_an_order_that_fails_says_why(network: Network, provider: Provider) -> None:
    await network.fault(operation="order.create", kind="fail_late", reason="The fibre is broken")
    about = subject(provider)

    request = about.request()
    ended = await about.settled((await about.ordering.place(request)).ref)
    again = await about.ordering.place(request)

    assert (ended.state, ended.text) == (OrderItemState.FAILED, "The fibre is broken")
    assert again.ref == ended.ref
    assert (await network.counts())["orders"] == {"DONE_FAILED": 1}


@pytest.mark.parametrize("kind", ["drop_after", "nonsense"])
async def test_an_order_whose_answer_is_lost_is_found_by_its_key(
    network: Network, provider: Provider, kind: str
) -> None:
    await network.fault(operation="order.create", kind=kind, does_work=True, times=1)
    about = subject(provider, a_place("1"))
    request = about.request()

    with pytest.raises(OutcomeUnknown):
        await about.ordering.place(request)
    found = await about.ordering.find(request.key)
    again = await about.ordering.place(request)

    assert found is not None
    assert again.ref == found.ref
    assert (await network.counts())["ordersByExternalId"] == {digest_of(request.key): 1}


async def test_an_order_that_has_become_a_subscription_is_found_by_its_key_too(
    network: Network, provider: Provider
) -> None:
    about = subject(provider, a_place("1"))
    request = about.request()
    placed = await about.settled((await about.ordering.place(request)).ref)

    async with connected(network.url) as later:
        found = await subject(later).ordering.find(request.key)
        again = await subject(later).ordering.place(request)

    assert found is not None
    assert again == found
    assert (await network.counts())["ordersByAction"] == {"ACTIVATE": 1}
    assert (found.ref, found.product_ref, found.state) == (placed.ref, placed.product_ref, OrderItemState.COMPLETED)
    assert await about.ordering.find("another key") is None


async def test_a_subscription_is_suspended_resumed_changed_and_modified(network: Network, provider: Provider) -> None:
    about, orders = subject(provider), ordering(provider)
    ref = (await about.settled((await orders.place(about.request())).ref)).product_ref or ""

    async def status() -> ProductStatus | None:
        product = await about.inventory.product(ref)
        return product.status if product else None

    suspended = await orders.suspend(ref, "key-s", "Not paid")
    assert (suspended.state, await status()) == (OrderItemState.COMPLETED, ProductStatus.SUSPENDED)
    resumed = await orders.resume(ref, "key-r")
    assert (resumed.state, await status()) == (OrderItemState.COMPLETED, ProductStatus.ACTIVE)
    await orders.change(ref, "key-c", "BB-10-10")
    await orders.modify(ref, "party-2", {"SLA": ("SLA-3",)})
    product = await about.inventory.product(ref)

    assert product is not None
    assert product.offering_id == provider_id("ProductOffering", about.slug, "BB-10-10")
    assert (product.party, product.name) == ("party-2", "BB-10-10")
    assert [(each.name, each.values) for each in product.characteristics] == [("SLA", ("SLA-3",))]
    assert [each.ref for each in await about.inventory.products("party-2")] == [ref]
    assert await about.inventory.products(PARTY) == []
    found = await orders.track(suspended.ref)
    assert (found.state, found.product_ref) == (OrderItemState.COMPLETED, ref)
    by_action = {"ACTIVATE": 1, "CHANGE": 1, "MODIFY": 1, "RESUME": 1, "SUSPEND": 1}
    assert (await network.counts())["ordersByAction"] == by_action


async def test_what_can_not_be_done_to_a_subscription_is_rejected(provider: Provider) -> None:
    about, orders = subject(provider), ordering(provider)
    ref = (await about.settled((await orders.place(about.request())).ref)).product_ref or ""

    with pytest.raises(Rejected, match="The subscription is ACTIVATED"):
        await orders.resume(ref, "key-r")
    with pytest.raises(Rejected, match="Unknown subscription"):
        await orders.terminate("access/nobody", "key-t", PARTY)
    with pytest.raises(Rejected) as caught:
        await orders.terminate("no reference of ours", "key-t", PARTY)
    assert caught.value.reason == "PRODUCT_UNKNOWN"


@pytest.mark.parametrize("sends_keys", [True, False])
async def test_ending_what_is_ended_is_harmless(network: Network, sends_keys: bool) -> None:
    async with connected(network.url, sends_keys=sends_keys) as provider:
        about = subject(provider)
        ref = (await about.settled((await about.ordering.place(about.request())).ref)).product_ref or ""

        first = await about.settled((await about.ordering.terminate(ref, "key-1", PARTY)).ref)
        other = await about.settled((await about.ordering.terminate(ref, "key-2", PARTY)).ref)

        assert (first.state, other.state) == (OrderItemState.COMPLETED, OrderItemState.COMPLETED)
        assert other.ref == f"ended/{ref}"
        assert (await network.counts())["ordersByAction"] == {"ACTIVATE": 1, "DEACTIVATE": 1}
        assert await about.inventory.products(PARTY) == []


async def test_a_cancellation_is_proven_by_an_event_after_a_restart(
    slow_network: Network, slow_provider: Provider
) -> None:
    about = subject(slow_provider)
    placed = await about.ordering.place(about.request())
    await slow_network.call("DELETE", f"/orders/{placed.ref}")

    async with connected(slow_network.url) as later:
        orders = ordering(later)

        async def told() -> bool:
            try:
                return (await orders.track(placed.ref)).state is OrderItemState.CANCELLED
            except ContractBroken:
                return False

        await until(told, bool)
        known, again = await orders.cancellation(placed.ref), await orders.cancel(placed.ref, "key", None)

    assert known is not None
    assert (known.state, again.state) == (CancellationState.DONE, CancellationState.DONE)


async def test_an_order_that_is_gone_for_no_reason_told_is_no_cancelled_one(provider: Provider) -> None:
    orders = ordering(provider)
    asked = orders.track("never-was"), orders.cancellation("never-was"), orders.cancel("never-was", "key", None)

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(each) for each in answers] == [ContractBroken] * 3
    assert "is gone, and no event says that it was deleted" in str(answers[0])


async def test_a_cancellation_whose_answer_is_lost_is_looked_for(
    slow_network: Network, slow_provider: Provider
) -> None:
    await slow_network.fault(operation="order.delete", kind="status", status=500, does_work=True, times=1)
    about = subject(slow_provider)
    placed = await about.ordering.place(about.request())

    with pytest.raises(OutcomeUnknown):
        await about.ordering.cancel(placed.ref, "key", None)
    again = await about.ordering.cancel(placed.ref, "key", None)

    assert again.state is CancellationState.DONE
    assert (await slow_network.counts())["orders"] == {"CANCELLED": 1}


async def test_what_changed_is_asked_for_from_a_mark_on(network: Network, provider: Provider) -> None:
    polled = provider.polled_events
    assert polled is not None
    about = subject(provider)
    begun = await polled.since(None)
    placed = await about.settled((await about.ordering.place(replace(about.request(), place=a_place("2", "1001")))).ref)
    wanted = {Signal(SignalKind.ORDER, placed.ref), Signal(SignalKind.PRODUCT, placed.product_ref)}
    found: set[Signal] = set()
    mark = begun.mark

    async def ask() -> set[Signal]:
        nonlocal mark
        news = await polled.since(mark)
        found.update(news.signals)
        mark = news.mark
        return found

    seen = await until(ask, lambda signals: wanted <= signals)

    assert begun.signals == ()
    assert wanted <= seen


async def test_wrong_credentials_leave_the_network_unavailable(network: Network) -> None:
    async with connected(network.url, credentials={"basic": {"username": "gateway", "password": "wrong"}}) as provider:
        with pytest.raises(Unavailable, match="the credentials are not accepted: status 401: Invalid credentials"):
            await subject(provider).catalog.snapshot(None)


async def test_a_start_that_is_asked_for_is_asked_of_the_network(tmp_path: Path) -> None:
    start = datetime(2031, 1, 31, 12, 0, tzinfo=UTC)
    async with a_network(tmp_path) as network, connected(network.url) as provider:
        about = subject(provider)
        request: OrderRequest = replace(about.request(), requested_start_at=start)

        placed = await about.ordering.place(request)

        assert (await network.get(f"/orders/{placed.ref}"))["requestedDateTime"] == "2031-01-31T12:00:00Z"
