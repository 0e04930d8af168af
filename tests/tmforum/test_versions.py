"""TM Forum v5 beside v4: which version speaks, what goes out in it, and how its shapes are read."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.contract import (
    Address,
    Money,
    OrderItemState,
    OrderRequest,
    Place,
    Provider,
    QualificationReason,
    QualificationResult,
    RecurringPrice,
    Signal,
    SignalKind,
)
from gateway.kit import InvalidOptions
from tests.tmforum.connecting import Row, Shop, connected, go_on, shopping
from tests.tmforum.rows import order

PLACE = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1", "1102"))
REQUEST = OrderRequest("k/1", "gw-7f3a", "tv", 1, {"quality": ("UHD",), "channels": ("a", "b")}, PLACE, None, "big")
KEYED = {"externalId": [{"@type": "ExternalIdentifier", "externalIdentifierType": "orderKey", "id": "k/1"}]}
ADDRESS = {
    "@type": "GeographicAddress",
    "streetName": "Storgatan",
    "streetNr": "1",
    "postcode": "11122",
    "city": "Stockholm",
    "country": "SE",
    "geographicSubAddress": [
        {
            "@type": "GeographicSubAddress",
            "subUnit": [{"@type": "GeographicSubAddressUnit", "subUnitType": "apartment", "subUnitNumber": "1102"}],
        }
    ],
}
LOCATED = {"@type": "RelatedPlaceRefOrValue", "role": "installation", "place": ADDRESS}


async def place(shop: Shop, **options: Any) -> None:
    async with shopping(shop, **options) as provider:
        assert provider.ordering is not None
        await provider.ordering.place(REQUEST)


def made(_name: str, body: Row) -> Row:
    return {**order("p-1"), "externalId": body["externalId"]}


async def test_an_order_in_v5_says_the_type_of_everything_and_its_key_in_a_list() -> None:
    shop = Shop(created=made)

    await place(shop, version="V5")

    assert shop.bodies == [
        {
            "@type": "ProductOrder",
            **KEYED,
            "requestedInitialState": "acknowledged",
            "relatedParty": [
                {
                    "@type": "RelatedPartyRefOrPartyRoleRef",
                    "role": "Customer",
                    "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "gw-7f3a", "@referredType": "Customer"},
                }
            ],
            "productOrderItem": [
                {
                    "@type": "ProductOrderItem",
                    "id": "1",
                    "action": "add",
                    "quantity": 1,
                    "productOffering": {
                        "@type": "ProductOfferingRef",
                        "id": "tv",
                        "@referredType": "ProductOffering",
                    },
                    "product": {
                        "@type": "Product",
                        "productCharacteristic": [
                            {"@type": "StringCharacteristic", "name": "quality", "value": "UHD"},
                            {"@type": "StringArrayCharacteristic", "name": "channels", "value": ["a", "b"]},
                        ],
                        "productRelationship": [
                            {
                                "@type": "ProductRelationship",
                                "relationshipType": "bundledBy",
                                "id": "big",
                                "@referredType": "ProductOffering",
                            }
                        ],
                        "place": [LOCATED],
                    },
                }
            ],
        }
    ]
    assert dict(shop.calls) == {"POST productOrder": 1}


async def test_each_api_can_have_a_version_of_its_own() -> None:
    paths: list[str] = []

    async def look(request: Any) -> Any:
        paths.append(request.path)
        return go_on()

    shop = Shop({"product": []}, before=look, created=made)
    async with shopping(shop, versions={"ordering": "V5"}) as provider:
        assert provider.ordering is not None
        assert provider.inventory is not None
        await provider.ordering.place(REQUEST)
        await provider.inventory.products("gw-7f3a")

    assert paths == ["/productOrderingManagement/v5/productOrder", "/productInventory/v4/product"]


@pytest.mark.parametrize(
    "options", [{"version": "V6"}, {"version": 5}, {"versions": {"ordering": "v5"}}, {"versions": {"order": "V5"}}]
)
async def test_an_unknown_version_is_refused_before_anything_is_sent(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions, match="version"):
        async with connected("http://127.0.0.1:9", **options):
            pass


async def test_types_are_left_out_for_a_provider_that_refuses_them() -> None:
    shop = Shop(created=made)

    await place(shop, version="V5", types=False)

    assert "@" not in str(shop.bodies)
    assert shop.bodies[0]["externalId"] == [{"externalIdentifierType": "orderKey", "id": "k/1"}]


async def test_an_order_of_v5_is_found_by_its_key_among_other_identifiers() -> None:
    others = [{"@type": "ExternalIdentifier", "externalIdentifierType": "ticket", "id": "T-9"}]
    rows = [
        {**order("p-1"), "externalId": others},
        {**order("p-2", state="inProgress.accepted"), "externalId": [*others, *KEYED["externalId"]]},
    ]
    asked: list[str] = []

    async def look(request: Any) -> Any:
        asked.append(request.query.get("externalId.id", ""))
        return go_on()

    async with shopping(Shop({"productOrder": rows}, before=look), version="V5") as provider:
        assert provider.ordering is not None
        found = await provider.ordering.find("k/1")
        other = await provider.ordering.find("k/2")

    assert found is not None
    assert (found.ref, found.key, found.state) == ("p-2", "k/1", OrderItemState.IN_PROGRESS)
    assert (other, asked) == (None, ["k/1", "k/2"])


async def track(row: Row) -> Any:
    async with shopping(Shop({"productOrder": [row]}), version="V5") as provider:
        assert provider.ordering is not None
        return await provider.ordering.track(row["id"])


async def test_error_messages_alerts_and_milestones_say_why_and_when() -> None:
    errors = [
        {"@type": "ProductOrderErrorMessage", "code": "NO_PORT", "reason": "none", "timestamp": "2026-03-01T10:00:00Z"},
        {"@type": "ProductOrderErrorMessage", "code": 17, "message": "Cut cable", "timestamp": "2026-03-01T11:00:00Z"},
    ]
    alerts = [
        {"jeopardyType": "Normal", "message": "Rain", "alertDate": "2026-03-01T10:00:00Z"},
        {"jeopardyType": "Critical", "exception": "Flood", "alertDate": "2026-03-01T12:00:00+01:00"},
    ]
    milestones = [
        {"name": "surveyed", "status": "Completed", "milestoneDate": "2026-09-01T00:00:00Z"},
        {"name": "dug", "status": "Yet-To-Reach", "milestoneDate": "2026-03-04T00:00:00Z"},
        {"name": "lit", "status": "Yet-To-Reach", "milestoneDate": "2026-03-05T00:00:00Z"},
    ]

    failed = await track(order(state="failed", productOrderErrorMessage=errors, productOrderJeopardyAlert=alerts))
    held = await track(order(state="held", productOrderJeopardyAlert=alerts, productOrderMilestone=milestones))
    going = await track(order(state="inProgress", productOrderErrorMessage=errors, productOrderJeopardyAlert=alerts))
    draft = await track(order(state="draft"))

    assert (failed.reason, failed.text, failed.expected_completion_at) == ("17", "Cut cable", None)
    assert (held.reason, held.text) == ("Critical", "Flood")
    assert held.expected_completion_at == datetime(2026, 3, 5, tzinfo=UTC)
    assert (going.reason, going.text) == (None, "")
    assert draft.state is OrderItemState.PENDING


async def qualify(shop: Shop, *refs: str, **options: Any) -> list[Any]:
    async with shopping(shop, version="V5", **options) as provider:
        assert provider.qualification is not None
        return list(await provider.qualification.qualify(refs, PLACE))


async def test_v5_checks_each_offering_at_the_place_of_its_product() -> None:
    items = [
        {"id": "1", "qualificationItemResult": "qualified"},
        {
            "id": "2",
            "qualificationItemResult": "unqualified",
            "eligibilityResultReason": [{"code": "FAR", "label": "Too far away"}],
        },
    ]
    shop = Shop(created=lambda _name, _body: {"state": "done", "checkProductOfferingQualificationItem": items})

    found = await qualify(shop, "a", "b")

    assert [each.result.value for each in found] == ["QUALIFIED", "UNQUALIFIED"]
    assert found[1].reasons == (QualificationReason("FAR", "Too far away"),)
    assert dict(shop.calls) == {"POST checkProductOfferingQualification": 1}
    assert shop.bodies[0]["checkProductOfferingQualificationItem"][1] == {
        "@type": "CheckProductOfferingQualificationItem",
        "id": "2",
        "action": "add",
        "productOffering": {"@type": "ProductOfferingRef", "id": "b", "@referredType": "ProductOffering"},
        "product": {"@type": "Product", "place": [LOCATED]},
    }


@pytest.mark.parametrize(
    ("state", "other"),
    [
        ("done", QualificationResult.UNQUALIFIED),
        ("inProgress", QualificationResult.PENDING),
        ("terminatedWithError", QualificationResult.UNDETERMINED),
    ],
)
async def test_a_provider_that_can_only_be_queried_names_what_it_has_at_the_place(
    state: str, other: QualificationResult
) -> None:
    items = [{"id": "1", "productOffering": {"id": "b"}}]
    shop = Shop(created=lambda _name, _body: {"state": state, "qualifiedProductOfferingItem": items})

    found = await qualify(shop, "a", "b", qualification_form="QUERY")

    assert [each.result for each in found] == [other, QualificationResult.QUALIFIED]
    assert shop.bodies == [
        {
            "@type": "QueryProductOfferingQualification",
            "instantSyncQualification": True,
            "searchCriteria": {
                "@type": "QueryProductOfferingQualificationItem",
                "id": "1",
                "product": {"@type": "Product", "place": [LOCATED]},
            },
        }
    ]


async def test_products_and_charges_of_v5_are_read_in_its_shapes() -> None:
    party = {"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "gw-1"}}
    seller = {"role": "Seller", "partyOrPartyRole": {"@type": "PartyRef", "id": "shop"}}
    product = {"id": "p", "status": "active", "relatedParty": [seller, party], "productOrderItem": [{"orderId": "o"}]}
    rate = {
        "id": "r",
        "appliedBillingRateType": "appliedBillingCharge",
        "isBilled": False,
        "taxIncludedAmount": {"unit": "SEK", "value": 99},
        "billingAccount": {"@type": "BillingAccountRef", "id": "gw-1"},
    }
    asked: list[str | None] = []

    async def look(request: Any) -> Any:
        asked.append(request.query.get("relatedParty.partyOrPartyRole.id"))
        return go_on()

    shop = Shop({"product": [product], "appliedCustomerBillingRate": [rate]}, before=look)
    async with shopping(shop, version="V5") as provider:
        assert provider.inventory is not None
        assert provider.billing is not None
        (held,) = await provider.inventory.products("gw-1")
        (charge,) = await provider.billing.charges("gw-1")

    assert (held.party, held.order_refs, asked[0]) == ("gw-1", ("o",), "gw-1")
    assert (charge.party, charge.description, charge.amount) == (
        "gw-1",
        "appliedBillingCharge",
        Money(Decimal(99), "SEK"),
    )


async def offering_of(provider: Provider, ref: str) -> Any:
    assert provider.catalog is not None
    return await provider.catalog.offering(ref)


async def test_an_offering_of_v5_has_its_own_characteristics_beside_its_specifications() -> None:
    def value(text: str) -> Row:
        return {"@type": "StringCharacteristicValueSpecification", "value": text, "isDefault": True}

    def said(name: str, text: str, configurable: bool = False) -> Row:
        return {"name": name, "configurable": configurable, "characteristicValueSpecification": [value(text)]}

    row = {
        "id": "tv",
        "name": "TV",
        "productSpecification": {"@type": "ProductSpecificationRef", "id": "s"},
        "productOfferingCharacteristic": [said("channels", "80")],
        "productOfferingPrice": [{"@type": "ProductOfferingPriceRef", "id": "fee", "name": "Fee"}],
    }
    price = {
        "@type": "ProductOfferingPrice",
        "id": "fee",
        "priceType": "recurring",
        "recurringChargePeriodType": "month",
        "recurringChargePeriodLength": 1,
        "price": {"unit": "SEK", "value": 99},
    }
    specification = {"id": "s", "productSpecCharacteristic": [said("channels", "60"), said("quality", "HD", True)]}
    shop = Shop(
        {"productOffering": [row], "productSpecification": [specification], "productOfferingPrice": [price]},
    )

    async with shopping(shop, version="V5") as provider:
        found = await offering_of(provider, "tv")

    assert [(each.name, each.values) for each in found.characteristics] == [("channels", ("80",))]
    assert [(each.key, each.values) for each in found.fields] == [("quality", ("HD",))]
    assert [(type(each), each.amount, each.period) for each in found.prices] == [
        (RecurringPrice, Money(Decimal(99), "SEK"), "P1M")
    ]


@pytest.mark.parametrize(
    ("body", "signal"),
    [
        (
            {
                "@type": "ProductOrderMilestoneEvent",
                "eventType": "ProductOrderMilestoneEvent",
                "event": {"productOrder": {"id": "o", **KEYED}},
            },
            Signal(SignalKind.ORDER, "o", "k/1"),
        ),
        (
            {"@type": "ProductOrderJeopardyAlertEvent", "event": {"productOrder": {"id": "o"}}},
            Signal(SignalKind.ORDER, "o"),
        ),
        (
            {"@type": "ProductCatalogStateChangeEvent", "event": {"productCatalog": {"id": "main"}}},
            Signal(SignalKind.CATALOG, "main"),
        ),
        (
            {
                "@type": "CancelProductOrderStateChangeEvent",
                "event": {"canccelProductOrder": {"id": "c", "productOrder": {"id": "o"}}},
            },
            Signal(SignalKind.CANCELLATION, "o"),
        ),
    ],
)
async def test_an_event_of_v5_may_say_its_name_as_its_type(body: Row, signal: Signal) -> None:
    async with connected("http://127.0.0.1:9", version="V5") as provider:
        assert provider.events is not None
        assert provider.events.read(body) == (signal,)


async def test_a_registration_in_v5_says_its_type() -> None:
    shop = Shop(created=lambda _name, body: {"id": "h", **body})
    async with shopping(shop, version="V5", paths={"inventory": None, "billing": None}) as provider:
        assert provider.events is not None
        await provider.events.subscribe("http://gateway.example/a")

    assert shop.bodies == [{"@type": "Hub", "callback": "http://gateway.example/a"}] * 2
