"""The six catalogues keep to the conventions, and serve what the contract's runs need."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from providers.simulator import operators
from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.coverage import Place, is_sold, obstacle
from providers.simulator.catalog.form import problems, questions
from providers.simulator.catalog.sheet import sheet
from providers.simulator.market import market

CATALOGUES = {e.slug: Catalogue(e.slug, e.name, sheet(e.slug)) for e in market().operators}
SOLD = [(slug, ref) for slug, c in CATALOGUES.items() for ref in c.items if is_sold(c, ref)]


def _offering(slug: str, ref: str) -> dict[str, Any]:
    return CATALOGUES[slug].resources["productOffering"][ref]


def _parts(slug: str, ref: str) -> list[tuple[str, str]]:
    ids = [part["id"] for part in _offering(slug, ref).get("bundledProductOffering", ())]
    return [_target(slug, each) for each in ids]


def _target(slug: str, part: str) -> tuple[str, str]:
    if not part.startswith("urn:offering:"):
        return slug, part
    _, _, other, ref = part.split(":", 3)
    return other, unquote(ref)


def _iptv(is_bundle: bool) -> list[tuple[str, str]]:
    return [
        (slug, ref)
        for slug, ref in SOLD
        if _offering(slug, ref)["category"][0]["id"] == "iptv" and _offering(slug, ref)["isBundle"] is is_bundle
    ]


def test_at_least_eighty_offerings_of_six_categories_are_sold() -> None:
    assert len(SOLD) == 101
    assert {_offering(*each)["category"][0]["name"] for each in SOLD} == {
        "IPTV",
        "Broadband",
        "Mobile",
        "Fixed voice",
        "Content",
        "Device",
    }


def test_every_kind_of_price_is_there_with_tax() -> None:
    prices = [price for c in CATALOGUES.values() for price in c.resources["productOfferingPrice"].values()]

    assert {price["priceType"] for price in prices} == {"recurring", "nonRecurring", "usage", "discount"}
    assert {price["recurringChargePeriodType"] for price in prices if price["priceType"] == "recurring"} == {
        "month",
        "year",
    }
    assert all(price["tax"][0]["taxRate"] == 25 for price in prices if price["priceType"] != "discount")


@pytest.mark.parametrize(("slug", "ref"), _iptv(is_bundle=False))
def test_an_iptv_service_asks_for_the_picture_quality_and_needs_an_access(slug: str, ref: str) -> None:
    quality = next(each for each in questions(CATALOGUES[slug], ref) if each.name == "videoQuality")
    needs = _offering(slug, ref)["productOfferingRelationship"]
    dearer = [
        p
        for p in CATALOGUES[slug].prices_of(ref)
        if p.get("prodSpecCharValueUse", [{}])[0].get("name") == "videoQuality"
    ]

    assert [option["value"] for option in quality.options] == ["HD", "UHD"]
    assert quality.defaults == ["HD"]
    assert [(need["condition"]["value"], need["minimum"], need["role"]) for need in needs] == [
        ("HD", 10, "NETWORK_OPERATOR"),
        ("UHD", 25, "NETWORK_OPERATOR"),
    ]
    assert [price["priceType"] for price in dearer] == ["recurring"]


def test_only_the_dedicated_parts_cannot_be_ordered_by_their_defaults() -> None:
    lacking = {(slug, ref): list(problems(CATALOGUES[slug], ref, {})) for slug, ref in SOLD}

    assert {each: found for each, found in lacking.items() if found} == {
        ("fjordnet", "fibre-100-paket"): ["installationTime is missing"],
        ("granit", "fiber 500/500 paket"): ["installationTime is missing"],
        ("klackspark", "sport-paket"): ["favouriteLeague is missing"],
    }


@pytest.mark.parametrize(("slug", "ref"), _iptv(is_bundle=True))
def test_a_predefined_bundle_has_fixed_parts_of_three_roles_and_lacks_one_answer(slug: str, ref: str) -> None:
    mandatory = _parts(slug, ref)[:3]
    options = [part["bundledProductOfferingOption"] for part in _offering(slug, ref)["bundledProductOffering"]]
    roles = {entry.slug: entry.roles[0] for entry in market().operators}
    lacking = [problem for other, part in mandatory for problem in problems(CATALOGUES[other], part, {})]

    assert [roles[other] for other, _ in mandatory] == ["SERVICE_PROVIDER", "NETWORK_OPERATOR", "CONTENT_PROVIDER"]
    assert all(set(option.values()) == {1} for option in options[:3])
    assert options[3]["numberRelOfferLowerLimit"] == 0
    assert len(lacking) == 1
    assert [price["priceType"] for price in CATALOGUES[slug].prices_of(ref)] == ["discount"]


@pytest.mark.parametrize(("slug", "ref"), _iptv(is_bundle=True))
def test_a_predefined_bundle_and_its_parts_can_be_had_where_it_is_sold(slug: str, ref: str) -> None:
    for prefix in CATALOGUES[slug].items[ref].postcodes:
        place = Place((prefix + "22")[:5], "SE")

        hindrances = [obstacle(CATALOGUES[s], r, place) for s, r in [(slug, ref), *_parts(slug, ref)]]

        assert hindrances == [None] * 5


@pytest.mark.parametrize(("slug", "ref"), _iptv(is_bundle=True))
def test_the_providers_of_a_predefined_bundle_have_agreements_with_each_other(slug: str, ref: str) -> None:
    parties = {other for other, _ in _parts(slug, ref)}
    lasting = [set(each.parties) for each in market().agreements if each.categories is None]

    pairs = [{one, other} for one in parties for other in parties if one < other]

    assert len(pairs) == 3
    assert all(any(pair <= agreement for agreement in lasting) for pair in pairs)


def test_bandwidths_differ_so_that_some_carry_hd_only_and_one_not_even_that() -> None:
    speeds = {
        item.facts["downstreamBandwidth"]
        for slug in ("fjordnet", "granit")
        for ref, item in CATALOGUES[slug].items.items()
        if is_sold(CATALOGUES[slug], ref)
    }

    assert speeds == {8, 10, 12, 20, 24, 25, 50, 60, 100, 150, 250, 300, 500, 1000}


def test_content_needs_an_iptv_service_and_no_number() -> None:
    content = [
        each for slug in ("filmlyktan", "klackspark") for each in CATALOGUES[slug].resources["productOffering"].values()
    ]

    assert {(need["id"], "minimum" in need) for each in content for need in each["productOfferingRelationship"]} == {
        ("iptv", False)
    }


def test_a_group_offers_one_of_three_handsets() -> None:
    group = _offering("aurora", "mobil-med-telefon")["bundledGroupProductOffering"][0]

    assert group["bundledGroupProductOfferingOption"] == {"numberRelOfferLowerLimit": 1, "numberRelOfferUpperLimit": 1}
    assert [each["id"] for each in group["bundledProductOffering"]] == ["glimt-7", "glimt-7-max", "fjäril-fold"]


def test_the_description_for_the_demo_names_all_operators(tmp_path: Path) -> None:
    described = operators(tmp_path)

    assert [(each["slug"], each["roles"]) for each in described["providers"]] == [
        ("aurora", ["SERVICE_PROVIDER"]),
        ("tallskog", ["SERVICE_PROVIDER"]),
        ("fjordnet", ["NETWORK_OPERATOR"]),
        ("granit", ["NETWORK_OPERATOR"]),
        ("filmlyktan", ["CONTENT_PROVIDER"]),
        ("klackspark", ["CONTENT_PROVIDER"]),
    ]
    spoken = {each["slug"]: each["settings"].get("version", "V4") for each in described["providers"]}
    assert spoken == {**dict.fromkeys(CATALOGUES, "V4"), "fjordnet": "V5"}
    assert {party for each in described["agreements"] for party in each["parties"]} == {"operator", *CATALOGUES}
