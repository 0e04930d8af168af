"""Reading a catalogue: prices, forms, bundles, requirements and terms by the README, and what real catalogues do."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from gateway.contract import (
    BundledGroup,
    BundledOffering,
    Choice,
    ChoiceConstraint,
    ContractBroken,
    Money,
    OneTimePrice,
    OrderField,
    PriceAlteration,
    PriceCondition,
    ProductOffering,
    ProviderProfile,
    ProviderRole,
    Quantity,
    RangeConstraint,
    RecurringPrice,
    TextConstraint,
    UsagePrice,
    provider_id,
)
from tests.tmforum.connecting import NOW, Row, Shop, a_profile, go_on, shopping
from tests.tmforum.rows import characteristic, offering, recurring, specification


async def read(row: Row, profile: ProviderProfile | None = None, **options: Any) -> ProductOffering:
    rows = {"productOffering": [row]}
    async with shopping(Shop(rows), profile, **options) as provider:
        assert provider.catalog is not None
        found = await provider.catalog.offering(row["id"])
    assert found is not None
    return found


async def sold(shop: Shop, **options: Any) -> list[str]:
    async with shopping(shop, **options) as provider:
        assert provider.catalog is not None
        snapshot = await provider.catalog.snapshot(None)
    assert snapshot is not None
    return [each.ref for each in snapshot.offerings]


def price_id(ref: str) -> str:
    return provider_id("ProductOfferingPrice", "granit", ref)


@pytest.mark.parametrize("has_totals", [True, False])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20])
async def test_lists_are_read_to_their_end_with_totals_and_without(count: int, has_totals: bool) -> None:
    rows = [offering(f"o-{n:02}") for n in range(count)]

    found = await sold(Shop({"productOffering": rows}, has_totals=has_totals), page_size=10)

    assert found == [row["id"] for row in rows]


@pytest.mark.parametrize("total", ["3", "0", "-1", "many", "500"])
async def test_a_wrong_total_loses_no_row_and_never_loops(total: str) -> None:
    rows = [offering(f"o-{n:02}") for n in range(25)]

    async def wrong(request: web.Request) -> web.Response:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        return web.json_response(rows[offset : offset + limit], headers={"X-Total-Count": total})

    shop = Shop(before=wrong)
    found = await sold(shop, page_size=10)

    assert len(found) == 25
    assert sum(shop.calls.values()) <= 4


@pytest.mark.parametrize("status", [200, 206])
async def test_a_provider_whose_pages_are_shorter_than_asked_for_is_read_to_the_end(status: int) -> None:
    rows = [offering(f"o-{n:02}") for n in range(25)]

    async def capped(request: web.Request) -> web.Response:
        offset = int(request.query["offset"])
        headers = {"X-Total-Count": "25"} if status == 200 else {}
        return web.json_response(rows[offset : offset + 7], status=status, headers=headers)

    assert len(await sold(Shop(before=capped), page_size=100)) == 25


async def test_a_provider_that_ignores_paging_is_not_read_for_ever() -> None:
    rows = [offering(f"o-{n:02}") for n in range(25)]

    async def ignoring(_request: web.Request) -> web.Response:
        return web.json_response(rows)

    shop = Shop(before=ignoring)

    assert len(await sold(shop, page_size=10)) == 25
    assert sum(shop.calls.values()) == 2


async def test_what_offerings_refer_to_is_read_in_pages_not_one_by_one() -> None:
    count = 30
    shop = Shop(
        {
            "productOffering": [
                offering(
                    f"o-{n:02}",
                    productSpecification={"id": f"s-{n}"},
                    productOfferingPrice=[{"id": f"p-{n}", "name": "Fee"}],
                )
                for n in range(count)
            ],
            "productSpecification": [specification(characteristic("speed"), ref=f"s-{n}") for n in range(count)],
            "productOfferingPrice": [recurring(f"p-{n}", n) for n in range(count)],
        }
    )

    async with shopping(shop, page_size=100) as provider:
        assert provider.catalog is not None
        snapshot = await provider.catalog.snapshot(None)

    assert snapshot is not None
    assert len(snapshot.offerings) == count
    assert {len(each.fields) for each in snapshot.offerings} == {1}
    assert {len(each.prices) for each in snapshot.offerings} == {1}
    assert dict(shop.calls) == {"GET productOffering": 1, "GET productSpecification": 1, "GET productOfferingPrice": 1}


async def test_a_changed_price_that_offerings_only_refer_to_makes_a_new_version() -> None:
    shop = Shop(
        {
            "productOffering": [offering(productOfferingPrice=[{"id": "fee", "name": "Fee"}])],
            "productOfferingPrice": [recurring("fee", 199)],
        }
    )

    async with shopping(shop) as provider:
        assert provider.catalog is not None
        first = await provider.catalog.snapshot(None)
        assert first is not None
        assert await provider.catalog.snapshot(first.version) is None
        shop.rows["productOfferingPrice"][0]["price"]["value"] = 249
        second = await provider.catalog.snapshot(first.version)

    assert second is not None
    assert second.version != first.version
    assert second.offerings[0].prices[0] == RecurringPrice(
        id=price_id("fee"), name="Monthly fee", amount=Money(Decimal(249), "SEK"), period="P1M"
    )


async def test_pages_with_an_etag_are_not_sent_again() -> None:
    statuses: list[int] = []

    async def tagged(request: web.Request) -> web.Response:
        is_known = request.headers.get("If-None-Match") == '"7"'
        statuses.append(304 if is_known else 200)
        if is_known:
            return web.Response(status=304)
        return web.json_response([offering()], headers={"ETag": '"7"'})

    async with shopping(Shop(before=tagged)) as provider:
        assert provider.catalog is not None
        first = await provider.catalog.snapshot(None)
        assert first is not None
        assert await provider.catalog.snapshot(first.version) is None
        whole = await provider.catalog.snapshot(None)

    assert whole == first
    assert statuses == [200, 304, 304]


async def test_what_is_sold_follows_the_clock_without_a_change_of_the_catalogue() -> None:
    at = [NOW]
    rows = [
        offering("ends", validFor={"endDateTime": "2026-03-01T13:00:00Z"}),
        offering("begins", validFor={"startDateTime": "2026-03-01T13:00:00Z"}),
        offering("retired", lifecycleStatus="Retired"),
        offering("obsolete", lifecycleStatus="obsolete"),
        offering("part", isSellable=False),
        offering("launched", lifecycleStatus="Launched", isSellable=True),
    ]

    async with shopping(Shop({"productOffering": rows}), now=lambda: at[0]) as provider:
        assert provider.catalog is not None
        first = await provider.catalog.snapshot(None)
        at[0] = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
        second = await provider.catalog.snapshot(first.version if first else "")
        withdrawn = await provider.catalog.offering("retired")

    assert first is not None
    assert second is not None
    assert [each.ref for each in first.offerings] == ["ends", "launched"]
    assert [each.ref for each in second.offerings] == ["begins", "launched"]
    assert withdrawn is not None
    assert not withdrawn.is_sellable


async def test_an_offering_that_cannot_be_sold_as_described_is_left_out_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad_price = recurring(price={"value": 5})
    shop = Shop({"productOffering": [offering("good"), offering("bad", productOfferingPrice=[bad_price])]})

    assert await sold(shop) == ["good"]
    assert "offering 'bad' left out: price has no currency" in caplog.text

    with pytest.raises(ContractBroken):
        await read(offering("bad", productOfferingPrice=[bad_price]))


@pytest.mark.parametrize("value", ["1E-999999", "1E+999999", 1e300, "9" * 30, "0E-999999"])
async def test_an_amount_that_would_take_pages_to_write_is_none(value: object) -> None:
    endless = recurring(price={"unit": "SEK", "value": value})
    shop = Shop({"productOffering": [offering("good"), offering("bad", productOfferingPrice=[endless])]})

    assert await sold(shop) == ["good"]


async def test_a_text_has_no_nul_and_an_end() -> None:
    long = offering("long", name="a\0b", description="x" * 1_000_000)
    shop = Shop({"productOffering": [long, offering("a\0b")]})

    async with shopping(shop) as provider:
        assert provider.catalog is not None
        found = await provider.catalog.snapshot(None)

    assert found is not None
    assert [(each.ref, each.name, len(each.description or "")) for each in found.offerings] == [("long", "ab", 10_000)]


async def test_a_catalogue_whose_prices_are_in_no_list_is_not_read_one_by_one_for_ever() -> None:
    priced = [offering(str(row), productOfferingPrice=[{"id": f"{row}-{at}"} for at in range(21)]) for row in range(50)]
    shop = Shop({"productOffering": priced, "productOfferingPrice": []})

    with pytest.raises(ContractBroken, match="1050 of productOfferingPrice are in no list"):
        await sold(shop)

    assert sum(shop.calls.values()) == 2


@pytest.mark.parametrize("body", ['{"rows": []}', "[1]", "<html>", "null"])
async def test_a_list_that_is_none_breaks_the_contract(body: str) -> None:
    async def nonsense(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    with pytest.raises(ContractBroken):
        await sold(Shop(before=nonsense))


async def test_prices_are_read_exactly_with_tax_periods_units_and_conditions() -> None:
    tax = [{"taxCategory": "VAT", "taxRate": 25.5}]
    use = {"name": "videoQuality", "productSpecCharacteristicValue": [{"value": "UHD"}, {"value": "8K"}]}
    rows = [
        recurring("fee", 0.1, tax=tax),
        recurring("year", 990, recurringChargePeriodType="yearly"),
        recurring("quarter", 90, recurringChargePeriodType="month", recurringChargePeriodLength=3),
        {"id": "start", "name": "Start", "priceType": "nonRecurring", "price": {"unit": "sek", "value": "49.90"}},
        {"id": "once", "name": "Once", "priceType": "one time", "price": {"unit": "SEK", "value": 10}},
        {
            "id": "data",
            "name": "Data",
            "priceType": "Usage",
            "price": {"unit": "SEK", "value": 9},
            "unitOfMeasure": {"amount": 0.5, "units": "GB"},
        },
        recurring("uhd", 49, prodSpecCharValueUse=[use]),
        recurring("over", 1, validFor={"endDateTime": "2026-02-01T00:00:00Z"}),
        recurring("old", 1, lifecycleStatus="Retired"),
        {"id": "fine", "name": "Fine", "priceType": "penalty", "price": {"unit": "SEK", "value": 9}},
    ]

    prices = (await read(offering(productOfferingPrice=rows))).prices

    sek = "SEK"
    assert prices == (
        RecurringPrice(
            id=price_id("fee"),
            name="Monthly fee",
            amount=Money(Decimal("0.1"), sek),
            period="P1M",
            tax_rate=Decimal("25.5"),
        ),
        RecurringPrice(id=price_id("year"), name="Monthly fee", amount=Money(Decimal(990), sek), period="P1Y"),
        RecurringPrice(id=price_id("quarter"), name="Monthly fee", amount=Money(Decimal(90), sek), period="P3M"),
        OneTimePrice(id=price_id("start"), name="Start", amount=Money(Decimal("49.90"), sek)),
        OneTimePrice(id=price_id("once"), name="Once", amount=Money(Decimal(10), sek)),
        UsagePrice(id=price_id("data"), name="Data", amount=Money(Decimal(9), sek), per=Quantity(Decimal("0.5"), "GB")),
        RecurringPrice(
            id=price_id("uhd"),
            name="Monthly fee",
            amount=Money(Decimal(49), sek),
            period="P1M",
            conditions=(PriceCondition("videoQuality", frozenset({"UHD", "8K"})),),
        ),
    )


async def test_prices_with_their_tax_in_them_say_so() -> None:
    row = offering(productOfferingPrice=[recurring()])

    assert (await read(row, prices_include_tax=True)).prices[0].is_tax_included
    assert not (await read(row)).prices[0].is_tax_included


async def test_discounts_name_what_they_take_off_from() -> None:
    discounts = {"relationshipType": "discounts", "id": "fee"}
    rows = [
        recurring(),
        {"id": "d1", "name": "Ten off", "priceType": "discount", "percentage": -10, "popRelationship": [discounts]},
        {"id": "d2", "name": "Fifty", "priceType": "discount", "price": {"unit": "SEK", "value": 50}},
    ]

    prices = (await read(offering(productOfferingPrice=rows))).prices

    assert prices[1:] == (
        PriceAlteration(id=price_id("d1"), name="Ten off", applies_to=(price_id("fee"),), percentage=Decimal(10)),
        PriceAlteration(id=price_id("d2"), name="Fifty", amount_off=Money(Decimal(50), "SEK")),
    )


async def test_embedded_prices_of_the_older_shape_are_read_with_their_alterations() -> None:
    row = {
        "id": "fee",
        "name": "Fee",
        "priceType": "recurring",
        "recurringChargePeriod": "month",
        "price": {"taxIncludedAmount": {"unit": "EUR", "value": 12.1}, "taxRate": 21},
        "priceAlteration": [{"name": "Start offer", "priceType": "discount", "price": {"percentage": 50}}],
    }

    prices = (await read(offering(productOfferingPrice=[row]))).prices

    assert prices[0] == RecurringPrice(
        id=price_id("fee"),
        name="Fee",
        amount=Money(Decimal("12.1"), "EUR"),
        period="P1M",
        is_tax_included=True,
        tax_rate=Decimal(21),
    )
    assert isinstance(prices[1], PriceAlteration)
    assert (prices[1].applies_to, prices[1].percentage) == ((price_id("fee"),), Decimal(50))


async def test_a_bundle_of_prices_stands_for_its_parts_however_deep() -> None:
    shop = Shop(
        {
            "productOffering": [offering(productOfferingPrice=[{"id": "all", "name": "All"}])],
            "productOfferingPrice": [
                {"id": "all", "isBundle": True, "bundledPopRelationship": [{"id": "fee"}, {"id": "more"}]},
                {"id": "more", "isBundle": True, "bundledPopRelationship": [{"id": "start"}]},
                recurring("fee"),
                {"id": "start", "name": "Start", "priceType": "oneTime", "price": {"unit": "SEK", "value": 1}},
            ],
        }
    )

    async with shopping(shop) as provider:
        assert provider.catalog is not None
        snapshot = await provider.catalog.snapshot(None)
        alone = await provider.catalog.offering("fibre-100")

    assert snapshot is not None
    assert alone == snapshot.offerings[0]
    assert [each.id for each in snapshot.offerings[0].prices] == [price_id("fee"), price_id("start")]


async def field_of(row: Row, *uses: Row) -> OrderField:
    spec = specification(row)
    found = await read(offering(productSpecification=spec, prodSpecCharValueUse=list(uses)))
    return found.fields[0]


async def test_a_field_with_values_is_a_choice_with_its_default() -> None:
    row = characteristic(
        "support.contactPhone",
        {"value": "HD", "isDefault": True},
        {"value": "UHD"},
        {"value": 4},
        description="Quality",
        minCardinality=1,
        maxCardinality=2,
    )

    assert await field_of(row) == OrderField(
        key="support.contactPhone",
        label="Quality",
        section="support",
        constraint=ChoiceConstraint((Choice("HD", "HD"), Choice("UHD", "UHD"), Choice("4", "4"))),
        is_required=True,
        minimum_values=1,
        maximum_values=2,
        values=("HD",),
    )


@pytest.mark.parametrize(
    ("row", "constraint", "values"),
    [
        (
            characteristic(
                "hours", {"valueFrom": 5, "valueTo": 50, "rangeInterval": "5", "value": 10, "isDefault": True}
            ),
            RangeConstraint(Decimal(5), Decimal(50), Decimal(5)),
            ("10",),
        ),
        (
            characteristic("hours", {"valueFrom": 1, "rangeInterval": "closed"}),
            RangeConstraint(Decimal(1), None, Decimal(1)),
            (),
        ),
        (characteristic("phone", regex=r"\+46\d+"), TextConstraint(r"\+46\d+", 255), ()),
        (
            characteristic("phone", {"value": "+46", "isDefault": True}, regex=r"\+46\d*"),
            TextConstraint(r"\+46\d*", 255),
            ("+46",),
        ),
        (characteristic("phone", regex="(("), TextConstraint(None, 255), ()),
        (
            characteristic("pin", valueType="boolean"),
            ChoiceConstraint((Choice("true", "true"), Choice("false", "false"))),
            (),
        ),
        (
            characteristic("pin", {"value": True}, {"value": False, "isDefault": True}),
            ChoiceConstraint((Choice("true", "true"), Choice("false", "false"))),
            ("false",),
        ),
        (characteristic("note"), TextConstraint(None, 255), ()),
    ],
)
async def test_a_field_is_a_range_a_pattern_a_switch_or_a_text(
    row: Row, constraint: object, values: tuple[str, ...]
) -> None:
    found = await field_of(row)

    assert (found.constraint, found.values, found.section) == (constraint, values, "product")


async def test_an_offering_narrows_a_field_of_its_specification() -> None:
    row = characteristic(
        "quality",
        {"value": "SD", "isDefault": True, "unitOfMeasure": "lines"},
        {"value": "HD", "unitOfMeasure": "lines"},
        {"value": "UHD", "unitOfMeasure": "lines"},
    )
    use = {"name": "quality", "minCardinality": 1, "productSpecCharacteristicValue": [{"value": "SD"}, {"value": "HD"}]}
    other = replace(await field_of(row, use), values=("HD",))

    assert await field_of(row, use) == OrderField(
        key="quality",
        label="quality",
        section="product",
        constraint=ChoiceConstraint((Choice("SD", "SD"), Choice("HD", "HD"))),
        is_required=True,
        unit="lines",
        minimum_values=1,
        values=("SD",),
    )
    use["productSpecCharacteristicValue"] = [{"value": "SD"}, {"value": "HD", "isDefault": True}]
    assert await field_of(row, use) == other


async def test_what_is_not_configurable_describes_the_product() -> None:
    row = characteristic(
        "downstreamBandwidth", {"value": 250.0, "unitOfMeasure": "Mbit/s"}, configurable=False, description="Down"
    )

    found = await read(offering(productSpecification=specification(row)))

    fact = found.characteristics[0]
    assert (fact.name, fact.label, fact.values, fact.unit) == ("downstreamBandwidth", "Down", ("250",), "Mbit/s")
    assert "250" in found.search_text


async def test_a_bundle_has_parts_of_others_and_groups() -> None:
    def limits(lower: int, upper: int, default: int) -> Row:
        return {
            "numberRelOfferLowerLimit": lower,
            "numberRelOfferUpperLimit": upper,
            "numberRelOfferDefault": default,
        }

    row = offering(
        bundledProductOffering=[
            {"id": "tv", "name": "Television"},
            {
                "id": "urn:offering:fjordnet:f%C3%B6r%3A1",
                "name": "Fibre",
                "bundledProductOfferingOption": limits(1, 1, 1),
            },
            {"id": "box", "name": "Box", "bundledProductOfferingOption": limits(0, 2, 1)},
        ],
        bundledGroupProductOffering=[
            {
                "name": "Films",
                "bundledGroupProductOfferingOption": {"numberRelOfferLowerLimit": 1, "numberRelOfferUpperLimit": 2},
                "bundledProductOffering": [
                    {"id": "a", "name": "A"},
                    {"id": "b", "name": "B"},
                    {"id": "c", "name": "C"},
                ],
            }
        ],
    )

    found = await read(row)

    def own(ref: str) -> str:
        return provider_id("ProductOffering", "granit", ref)

    assert found.is_bundle
    assert found.bundled_options == (
        BundledOffering(own("tv"), "Television", 1, 1, 1),
        BundledOffering(provider_id("ProductOffering", "fjordnet", "för:1"), "Fibre", 1, 1, 1),
        BundledOffering(own("box"), "Box", 0, 2, 1),
        BundledGroup("Films", 1, 2, tuple(BundledOffering(own(ref), ref.upper(), 0, 1, 0) for ref in ("a", "b", "c"))),
    )


async def test_requirements_are_read_in_their_three_forms() -> None:
    extended = {
        "@type": "ProductOfferingRequirement",
        "relationshipType": "requires",
        "id": "broadband",
        "@referredType": "Category",
        "name": "Broadband access of 25 Mbit/s",
        "role": "NETWORK_OPERATOR",
        "characteristic": "downstreamBandwidth",
        "minimum": 25,
        "unit": "Mbit/s",
        "condition": {"name": "videoQuality", "value": "UHD"},
    }
    row = offering(
        productOfferingRelationship=[
            extended,
            {"relationshipType": "requires", "id": "iptv", "@referredType": "Category", "role": "something else"},
            {"relationshipType": "requires", "id": "tv-1", "@referredType": "ProductOffering", "name": "TV"},
            {"relationshipType": "optionalFor", "id": "tv-2"},
        ]
    )

    first, second, third = (await read(row)).requirements

    assert (first.label, first.category, first.role, first.characteristic, first.minimum, first.unit) == (
        "Broadband access of 25 Mbit/s",
        "broadband",
        ProviderRole.NETWORK_OPERATOR,
        "downstreamBandwidth",
        Decimal(25),
        "Mbit/s",
    )
    assert (first.when_field, first.when_value) == ("videoQuality", "UHD")
    assert (second.category, second.role, second.offering_id) == ("iptv", None, None)
    assert (third.category, third.offering_id) == (None, provider_id("ProductOffering", "granit", "tv-1"))
    assert len({first.id, second.id, third.id}) == 3


async def test_a_terms_id_changes_with_its_words() -> None:
    def termed(words: str, months: int) -> Row:
        term = {"name": "Binding", "description": words, "duration": {"amount": months, "units": "months"}}
        return offering(productOfferingTerm=[term])

    first = (await read(termed("Two years", 24))).terms[0]
    same = (await read(termed("Two years", 24))).terms[0]
    other = (await read(termed("Two years.", 24))).terms[0]
    longer = (await read(termed("Two years", 36))).terms[0]

    assert (first.name, first.text, first.commitment) == ("Binding", "Two years", "P24M")
    assert same.id == first.id
    assert len({first.id, other.id, longer.id}) == 3


async def test_roles_and_categories_follow_the_settings_then_the_readme() -> None:
    profile = a_profile("granit", ProviderRole.SERVICE_PROVIDER, ProviderRole.NETWORK_OPERATOR)

    def in_category(name: str) -> Row:
        return offering(category=[{"id": "7", "name": name}])

    async def role(name: str, **options: Any) -> ProviderRole:
        return (await read(in_category(name), profile, **options)).role

    assert await role("Broadband") is ProviderRole.NETWORK_OPERATOR
    assert await role("Fixed voice") is ProviderRole.SERVICE_PROVIDER
    assert await role("Content") is ProviderRole.SERVICE_PROVIDER
    assert await role("Mobile", roles_by_category={"mobile": "NETWORK_OPERATOR"}) is ProviderRole.NETWORK_OPERATOR
    found = await read(in_category("Bredband & fiber"), profile, categories={"bredband-fiber": "broadband"})
    assert [each.slug for each in found.categories] == ["broadband"]
    assert found.role is ProviderRole.NETWORK_OPERATOR
    assert (await read(in_category("Fixed voice"))).categories[0].slug == "fixed-voice"


async def test_the_href_and_unknown_fields_are_passed_over() -> None:
    row = offering(
        href="gopher://internal:70/o", novelty={"x": [1]}, lifecycleStatus="In test", prodSpecCharValueUse=None
    )
    shop = Shop({"productOffering": [row]}, before=None)

    assert await sold(shop) == ["fibre-100"]


async def test_one_offering_of_a_reference_with_any_characters_is_read() -> None:
    met: list[str] = []

    async def look(request: web.Request) -> web.Response:
        met.append(request.raw_path)
        return go_on()

    ref = "tv play: överallt/1%"
    shop = Shop({"productOffering": [offering(ref)]}, before=look)
    async with shopping(shop) as provider:
        assert provider.catalog is not None
        found = await provider.catalog.offering(ref)

    assert found is not None
    assert found.id == provider_id("ProductOffering", "granit", ref)
    assert met[0].endswith("/productOffering/tv%20play%3A%20%C3%B6verallt%2F1%25")
