"""What a bundle's items need of each other."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.catalog.forms import Choice, ChoiceConstraint, OrderField
from gateway.domain.catalog.offerings import (
    BundledGroup,
    BundledOffering,
    Category,
    Characteristic,
    ProductOffering,
    Requirement,
)
from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.ordering import bundle_rules
from gateway.domain.ordering.bundle_rules import Part
from gateway.domain.ordering.bundles import BundleIssueCode as Code
from gateway.domain.ordering.bundles import BundleItem
from gateway.domain.parties import OPERATOR, Agreement
from tests.federation.scripted import offering

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NO = ProviderRole.NETWORK_OPERATOR
UHD = Requirement("r-uhd", "25 Mbit/s", "broadband", NO, None, "down", Decimal(25), "Mbit/s", "videoQuality", "UHD")
ACCESS = Requirement("r-access", "An access", "broadband", NO)


def of(slug: str, ref: str, category: str, **more: Any) -> ProductOffering:
    return offering(slug, ref, categories=(Category(category, category, category),), **more)


def part(sold: ProductOffering, item_id: str = "", **more: Any) -> Part:
    item = BundleItem(item_id or sold.ref, sold.id, sold.name, sold.provider.slug, sold.role)
    return Part(replace(item, **more), sold)


def access(ref: str, speed: str, unit: str | None = "Mbit/s") -> ProductOffering:
    return of("net", ref, "broadband", role=NO, characteristics=(Characteristic("down", "Down", (speed,), unit),))


QUALITY = OrderField("videoQuality", "Quality", "product", ChoiceConstraint((Choice("UHD", ""),)), values=("HD",))
TV = of("tv", "tv", "iptv", fields=(QUALITY,), requirements=(UHD, ACCESS))
FILM = of("film", "film", "content", requirements=(Requirement("r-tv", "Television", "iptv"),))


@pytest.mark.requirement("V6")
@pytest.mark.parametrize(
    ("quality", "sold", "codes"),
    [
        ("UHD", access("slow", "10"), [Code.UNMET_REQUIREMENT]),
        ("UHD", access("quick", "25"), []),
        ("UHD", access("quick", "1", "Gbit/s"), []),
        ("UHD", access("odd", "100", "TB"), [Code.UNMET_REQUIREMENT]),
        ("HD", access("slow", "10"), []),
    ],
)
def test_an_access_must_carry_what_the_chosen_quality_needs(
    quality: str, sold: ProductOffering, codes: list[Code]
) -> None:
    parts = [part(TV, values={"videoQuality": (quality,)}), part(sold)]

    assert [issue.code for issue in bundle_rules.requirement_issues(parts)] == codes


def test_a_requirement_of_a_role_that_nobody_plays_is_a_missing_role() -> None:
    issues = bundle_rules.requirement_issues([part(TV)])

    assert [(issue.code, issue.item and issue.item.id, issue.params["role"]) for issue in issues] == [
        (Code.MISSING_ROLE, "tv", "NETWORK_OPERATOR")
    ]


def test_an_item_cannot_meet_its_own_requirement() -> None:
    alone = of("tv", "tv", "iptv", requirements=(Requirement("r", "Television", "iptv"),))

    assert [issue.code for issue in bundle_rules.requirement_issues([part(alone)])] == [Code.UNMET_REQUIREMENT]
    assert bundle_rules.requirement_issues([part(alone, "a"), part(alone, "b")]) == []


@pytest.mark.requirement("V7")
def test_content_waits_for_television_and_television_for_the_access() -> None:
    parts = [part(FILM), part(TV), part(access("net", "100"))]

    assert bundle_rules.depends_on(parts) == {"film": ("tv",), "tv": ("net",), "net": ()}


def test_items_that_require_each_other_make_no_cycle() -> None:
    one = of("x", "one", "a", requirements=(Requirement("r", "B", "b"),))
    two = of("x", "two", "b", requirements=(Requirement("r", "C", "c"),))
    three = of("x", "three", "c", requirements=(Requirement("r", "A", "a"),))

    found = bundle_rules.depends_on([part(one), part(two), part(three)])

    assert found == {"one": ("two",), "two": ("three",), "three": ()}


def test_quantities_and_choices_have_limits() -> None:
    options = tuple(BundledOffering(each, each, 0, 1, 0) for each in ("a", "b"))
    predefined = offering("x", "p", bundled_options=(BundledGroup("Handset", 1, 1, options),))
    item = BundleItem("i", "a", "A", "x", NO)

    few = bundle_rules.quantity_issues([replace(item, quantity=1, minimum_quantity=2)], 100)
    many = bundle_rules.quantity_issues(
        [replace(item, quantity=3, maximum_quantity=2), replace(item, quantity=101)], 100
    )

    assert [(each.code, each.params) for each in few] == [(Code.QUANTITY_TOO_LOW, {"minimum": "2"})]
    assert [each.params for each in many] == [{"maximum": "2"}, {"maximum": "100"}]
    both = [item, replace(item, offering_id="b")]
    assert [each.code for each in bundle_rules.choice_issues(predefined, [])] == [Code.MISSING_CHOICE]
    assert [each.code for each in bundle_rules.choice_issues(predefined, both)] == [Code.TOO_MANY_CHOICES]
    assert bundle_rules.choice_issues(predefined, [item]) == []


def test_a_predefined_bundle_starts_with_its_mandatory_and_default_parts() -> None:
    fixed, wanted, optional = (
        BundledOffering("fixed", "Fixed", 1, 1, 0),
        BundledOffering("wanted", "Wanted", 0, 3, 2),
        BundledOffering("optional", "Optional", 0, 1, 0),
    )
    chosen = BundledOffering("chosen", "Chosen", 1, 1, 1)
    predefined = offering("x", "p", bundled_options=(fixed, wanted, optional, BundledGroup("g", 1, 1, (chosen,))))

    found = bundle_rules.initial_parts(predefined)

    assert [(each.offering_id, quantity) for each, quantity in found] == [("fixed", 1), ("wanted", 2), ("chosen", 1)]
    assert [bundle_rules.is_mandatory(predefined, each) for each, _ in found] == [True, False, False]


def agreement(*parties: str, **more: Any) -> Agreement:
    return Agreement("-".join(parties), "Agreement", frozenset(parties), **more)


@pytest.mark.requirement("R6")
def test_every_pair_of_providers_needs_an_agreement_for_their_categories_and_a_lone_one_with_the_operator() -> None:
    parts = [part(TV), part(access("net", "100")), part(FILM)]
    every = agreement("tv", "net", "film")
    some = [agreement("tv", "net"), agreement("tv", "film", categories=frozenset({"content"}))]
    over = replace(every, valid_until=NOW)

    def items(*given: Agreement, of_parts: list[Part] = parts) -> list[str]:
        issues = bundle_rules.agreement_issues(of_parts, given, NOW)
        assert all(issue.code is Code.NO_AGREEMENT for issue in issues)
        return [issue.item.id for issue in issues if issue.item]

    assert items(every) == []
    assert items(*some) == ["film"]
    assert items(*some, agreement("net", "film", categories=frozenset({"iptv"}))) == ["film"]
    assert items(*some, agreement("net", "film", categories=frozenset({"broadband"}))) == []
    assert items(over) == ["net", "film"]
    assert items(of_parts=parts[:1]) == ["tv"]
    assert items(agreement(OPERATOR, "tv"), of_parts=parts[:1]) == []
    assert items(*some, of_parts=parts[::-1][:1]) == ["film"]
