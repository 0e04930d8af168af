"""Products, bills, charges, qualification and events, with the quirks of real providers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import (
    Address,
    Bill,
    BillState,
    Charge,
    ContractBroken,
    Money,
    OfferingQualification,
    Place,
    Product,
    ProductStatus,
    QualificationReason,
    QualificationResult,
    Signal,
    SignalKind,
    Unavailable,
    provider_id,
)
from tests.tmforum.connecting import Row, Shop, connected, go_on, shopping
from tests.web import serving

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE"))


async def product_of(row: Row, **options: Any) -> Product:
    async with shopping(Shop({"product": [row]}), **options) as provider:
        assert provider.inventory is not None
        found = await provider.inventory.products("gw-1")
    return found[0]


@pytest.mark.parametrize(
    ("raw", "status", "shown"),
    [
        ("active", ProductStatus.ACTIVE, "active"),
        ("pendingTerminate", ProductStatus.PENDING_TERMINATE, "pendingTerminate"),
        ("aborted ", ProductStatus.ABORTED, "aborted"),
        ("aborted", ProductStatus.ABORTED, "aborted"),
        ("hibernating", ProductStatus.UNKNOWN, "hibernating"),
        (None, ProductStatus.UNKNOWN, ""),
    ],
)
async def test_each_product_status_is_read_with_the_providers_own_word(
    raw: str | None, status: ProductStatus, shown: str
) -> None:
    found = await product_of({"id": "p-1", "status": raw})

    assert (found.status, found.provider_status) == (status, shown)


async def test_a_product_names_its_party_offering_orders_and_characteristics() -> None:
    found = await product_of(
        {
            "id": 17,
            "status": "active",
            "productOffering": {"id": "o-1", "name": "Fibre"},
            "startDate": "2026-01-31T23:30:00",
            "relatedParty": [{"id": "seller", "role": "Seller"}, {"id": "gw-1", "role": "customer"}],
            "productCharacteristic": [{"name": "speed", "value": 100.0}, {"name": "formats", "value": ["HD", True]}],
            "productOrderItem": [{"productOrderId": "a"}, {"productOrderId": "a"}, {"productOrderId": "b"}],
        },
        time_zone="Europe/Stockholm",
    )

    assert (found.ref, found.id, found.name, found.party) == (
        "17",
        provider_id("Product", "granit", "17"),
        "Fibre",
        "gw-1",
    )
    assert found.offering_id == provider_id("ProductOffering", "granit", "o-1")
    assert found.started_at == datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
    assert [(each.name, each.values) for each in found.characteristics] == [
        ("speed", ("100",)),
        ("formats", ("HD", "true")),
    ]
    assert found.order_refs == ("a", "b")


@pytest.mark.parametrize(
    ("row", "party"),
    [
        ({"relatedParty": [{"id": "first"}, {"id": "second"}]}, "first"),
        ({"relatedParty": {"id": "single", "role": "Customer"}}, "single"),
        ({"billingAccount": {"id": "account"}}, "account"),
        ({"relatedParty": []}, None),
        ({}, None),
    ],
)
async def test_whose_a_row_is_can_always_be_told_or_is_nobody_s(row: Row, party: str | None) -> None:
    assert (await product_of({"id": "p", **row})).party == party


async def test_a_product_without_an_id_breaks_the_contract() -> None:
    with pytest.raises(ContractBroken):
        await product_of({"status": "active"})


async def billing_rows(bills: list[Row], rates: list[Row], **options: Any) -> tuple[list[Bill], list[Charge]]:
    async with shopping(Shop({"customerBill": bills, "appliedCustomerBillingRate": rates}), **options) as provider:
        assert provider.billing is not None
        return list(await provider.billing.bills("gw-1")), list(await provider.billing.charges("gw-1"))


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T23:30:00Z", date(2026, 2, 1)),
        ("2026-01-31T23:30:00", date(2026, 1, 31)),
        ("2026-01-31T23:30:00-05:00", date(2026, 2, 1)),
        ("soon", None),
        (20260131, None),
    ],
)
async def test_a_billing_day_is_in_the_providers_zone(raw: object, day: date | None) -> None:
    row = {"id": "b-1", "state": "partiallyPaid", "billDate": raw, "taxIncludedAmount": {"unit": "SEK", "value": 99.9}}

    bills, _ = await billing_rows([row], [], time_zone="Europe/Stockholm")

    assert (bills[0].bill_date, bills[0].state, bills[0].bill_number) == (day, BillState.PARTIALLY_PAID, "b-1")
    assert bills[0].tax_included == Money(Decimal("99.9"), "SEK")


async def test_charges_have_their_tax_where_it_can_be_told() -> None:
    def rate(ref: str, **more: Any) -> Row:
        return {"id": ref, "name": "Fee", "billingAccount": {"id": "gw-1"}, **more}

    sek = {"unit": "SEK", "value": 100}
    rates = [
        rate("a", taxIncludedAmount={"unit": "SEK", "value": 125}, taxExcludedAmount=sek, isBilled=False),
        rate("b", taxExcludedAmount=sek, appliedTax=[{"taxAmount": {"unit": "SEK", "value": 25}}], bill={"id": "b-1"}),
        rate("c", taxExcludedAmount=sek, isBilled=False, bill={"id": "left over"}),
        rate("d", taxExcludedAmount=sek, isBilled=True),
    ]

    _, charges = await billing_rows([], rates)

    assert [(each.ref, each.amount.amount, each.is_tax_included, each.bill_ref, each.party) for each in charges] == [
        ("a", Decimal(125), True, None, "gw-1"),
        ("b", Decimal(125), True, "b-1", "gw-1"),
        ("c", Decimal(100), False, None, "gw-1"),
    ]


async def test_a_charge_without_an_amount_breaks_the_contract() -> None:
    with pytest.raises(ContractBroken):
        await billing_rows([], [{"id": "a", "isBilled": False}])


async def qualify(answer: Row, *refs: str) -> list[OfferingQualification]:
    shop = Shop(created=lambda _name, _body: answer)
    async with shopping(shop) as provider:
        assert provider.qualification is not None
        return list(await provider.qualification.qualify(refs, PLACE))


async def test_qualification_is_matched_by_item_then_by_offering() -> None:
    items = [
        {"id": "7", "qualificationItemResult": "unqualified", "productOffering": {"id": "b"}},
        {"id": "1", "qualificationItemResult": "Qualified", "expectedActivationDate": "2026-03-05T00:00:00Z"},
        {"id": "3", "qualificationItemResult": "qualified", "productOffering": {"id": "somebody else"}},
    ]

    found = await qualify({"state": "done", "productOfferingQualificationItem": items}, "a", "b", "c")

    assert [each.result.value for each in found] == ["QUALIFIED", "UNQUALIFIED", "UNDETERMINED"]
    assert found[0].expected_activation == datetime(2026, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "result"),
    [
        ("acknowledged", QualificationResult.PENDING),
        ("inProgress", QualificationResult.PENDING),
        ("done", QualificationResult.UNDETERMINED),
        ("terminatedWithError", QualificationResult.UNDETERMINED),
    ],
)
async def test_an_item_without_a_result_is_pending_while_the_task_is_open(
    state: str, result: QualificationResult
) -> None:
    found = await qualify({"state": state, "productOfferingQualificationItem": [{"id": "1"}]}, "a")

    assert found[0].result is result


async def test_reasons_and_alternatives_are_read_a_code_as_a_number_too() -> None:
    item = {
        "id": "1",
        "qualificationItemResult": "alternate",
        "eligibilityUnavailabilityReason": [{"code": 17, "label": "No fibre here"}, {"label": "Far away"}],
        "alternateProductOfferingProposal": [
            {"alternateProductOffering": {"id": "5g"}, "alternateActivationDate": "2026-03-04T00:00:00Z"}
        ],
    }

    found = (await qualify({"state": "done", "productOfferingQualificationItem": [item]}, "a"))[0]

    assert found.reasons == (QualificationReason("17", "No fibre here"), QualificationReason("UNSPECIFIED", "Far away"))
    assert found.alternatives[0].offering_id == provider_id("ProductOffering", "granit", "5g")
    assert found.alternatives[0].expected_activation == datetime(2026, 3, 4, tzinfo=UTC)


def _moved(state: str, *items: str) -> Row:
    return {"productOrder": {"id": "o-1", "state": state, "productOrderItem": [{"state": each} for each in items]}}


def _going_on(is_it: bool) -> Signal:
    return Signal(SignalKind.ORDER, "o-1", goes_on=is_it)


@pytest.mark.parametrize(
    ("kind", "event", "signals"),
    [
        (
            "ProductOrderStateChangeEvent",
            {"productOrder": {"id": "o-1", "externalId": "key"}},
            (Signal(SignalKind.ORDER, "o-1", "key"),),
        ),
        ("ProductOrderStateChangeEvent", _moved("inProgress", "acknowledged"), (_going_on(True),)),
        ("ProductOrderCreateEvent", _moved("acknowledged"), (_going_on(True),)),
        ("ProductOrderStateChangeEvent", _moved("inProgress", "completed"), (_going_on(False),)),
        ("ProductOrderStateChangeEvent", _moved("held", "inProgress"), (_going_on(False),)),
        ("ProductOrderStateChangeEvent", _moved("unheardOf"), (_going_on(False),)),
        ("ProductOrderAttributeValueChangeEvent", _moved("inProgress"), (_going_on(False),)),
        (
            "CancelProductOrderStateChangeEvent",
            {"cancelProductOrder": {"id": "c-1", "productOrder": {"id": "o-1"}}},
            (Signal(SignalKind.CANCELLATION, "o-1"),),
        ),
        ("ProductStateChangeEvent", {"product": {"id": "p-1"}}, (Signal(SignalKind.PRODUCT, "p-1"),)),
        (
            "ProductBatchEvent",
            {"product": [{"id": "p-1"}, {"id": "p-2"}]},
            (Signal(SignalKind.PRODUCT, "p-1"), Signal(SignalKind.PRODUCT, "p-2")),
        ),
        ("ProductOfferingPriceDeleteEvent", {"productOfferingPrice": {"id": "x"}}, (Signal(SignalKind.CATALOG, "x"),)),
        ("CategoryCreateEvent", {"category": {"id": "x"}}, (Signal(SignalKind.CATALOG, "x"),)),
        ("CustomerBillCreateEvent", {"customerBill": {"id": "b-1"}}, (Signal(SignalKind.BILL, "b-1"),)),
        ("ProductOrderStateChangeEvent", {"productOrder": "o-1"}, (Signal(SignalKind.ORDER),)),
        ("CustomerBillOnDemandCreateEvent", {"customerBillOnDemand": {"id": "x"}}, ()),
        ("WeatherChangeEvent", {"weather": {"id": "x"}}, ()),
    ],
)
async def test_a_posted_event_is_a_hint_where_to_look(kind: str, event: Row, signals: tuple[Signal, ...]) -> None:
    async with connected("http://127.0.0.1:9") as provider:
        assert provider.events is not None
        assert provider.events.read({"eventType": kind, "event": event}) == signals


@pytest.mark.parametrize(
    "body", [{}, {"eventType": 5}, {"eventType": "ProductCreateEvent"}, {"event": {"product": {}}}]
)
async def test_a_posted_body_that_is_no_event_breaks_the_contract(body: Row) -> None:
    async with connected("http://127.0.0.1:9") as provider:
        assert provider.events is not None
        with pytest.raises(ContractBroken):
            provider.events.read(body)


async def test_registrations_are_made_once_and_taken_back_at_the_end() -> None:
    async def hubs(request: web.Request) -> web.Response:
        if "customerBill" in request.path:
            return web.Response(status=404)
        if "Inventory" in request.path and request.method == "POST":
            return web.json_response({"code": "KNOWN", "reason": "known"}, status=409)
        return web.Response(status=204) if request.method == "DELETE" else go_on()

    shop = Shop(before=hubs, created=lambda _name, body: {"id": "h/1", **body})
    async with shopping(shop) as provider:
        assert provider.events is not None
        await provider.events.subscribe("http://gateway.example/a")
        await provider.events.subscribe("http://gateway.example/a")

    assert shop.bodies == [{"callback": "http://gateway.example/a"}] * 4
    assert dict(shop.calls) == {"POST hub": 4, "DELETE hub/h/1": 2}


async def test_a_provider_that_is_down_is_tried_again_at_the_next_registration() -> None:
    is_down = [True]

    async def hubs(_request: web.Request) -> web.Response:
        return web.Response(status=503) if is_down[0] else go_on()

    shop = Shop(before=hubs)
    async with serving(shop) as url, connected(url) as provider:
        assert provider.events is not None
        with pytest.raises(Unavailable):
            await provider.events.subscribe("http://gateway.example/a")
        is_down[0] = False
        await provider.events.subscribe("http://gateway.example/a")

    assert shop.calls["POST hub"] == 8


async def test_a_provider_lacks_what_its_settings_say_it_lacks() -> None:
    async with connected("http://127.0.0.1:9", paths={"billing": None, "qualification": None}) as provider:
        assert provider.capabilities == ("catalog", "ordering", "inventory", "events")
