"""Bundles put together across six real operators over HTTP: predefined, one's own, and what is refused."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from gateway.contract import ChoiceConstraint, ProviderRole
from gateway.domain.errors import AccessError
from gateway.domain.ordering.bundles import Bundle, BundleState
from gateway.domain.ordering.bundles import BundleIssueCode as Code
from gateway.domain.parties import Caller, MemberRole, Membership
from gateway.usecases import bundles
from tests.bundles.world import NOWHERE, World, refused

SP, NO, CP = ProviderRole.SERVICE_PROVIDER, ProviderRole.NETWORK_OPERATOR, ProviderRole.CONTENT_PROVIDER


async def review(world: World, bundle: Bundle) -> bundles.BundleReview:
    return await bundles.review_bundle(world.core, bundle)


def codes(found: bundles.BundleReview) -> list[tuple[Code, str | None, str | None]]:
    return [(each.code, each.item.offering_name if each.item else None, each.field) for each in found.issues]


@pytest.mark.requirement("V4")
async def test_a_predefined_bundle_is_orderable_once_its_one_missing_field_is_filled_in(world: World) -> None:
    bundle = await world.new(world.offering("aurora", "komplett"))
    before = await review(world, bundle)
    access = next(item for item in bundle.items if item.role is NO)

    constraint = next(field for field in before.forms[access.id].fields if field.key == "installationTime").constraint
    assert isinstance(constraint, ChoiceConstraint)
    bundle, access = await world.fill_in(bundle, access, installationTime=constraint.choices[0].value)
    after = await review(world, bundle)

    assert [(item.role, item.is_removable) for item in bundle.items] == [
        (SP, False),
        (NO, False),
        (CP, False),
        (SP, True),
    ]
    assert codes(before) == [(Code.MISSING_FIELD, "Fjordnet Fiber 100 i paket", "installationTime")]
    assert (before.is_orderable, after.is_orderable, after.issues) == (False, True, ())
    assert (before.bundle.revision, after.bundle.revision) == (1, 2)
    names = {item.id: item.offering_name for item in bundle.items}
    assert {names[each]: [names[on] for on in of] for each, of in after.depends_on.items()} == {
        "Aurora TV Mellan": ["Fjordnet Fiber 100 i paket"],
        "Fjordnet Fiber 100 i paket": [],
        "Filmlyktan Bas": ["Aurora TV Mellan"],
        "Aurora Box 4K": [],
    }


@pytest.mark.requirement("F2")
async def test_the_price_is_by_provider_with_the_bundles_discount_on_its_own_providers_part_alone(world: World) -> None:
    bundle = await world.new(world.offering("aurora", "komplett"))

    price = (await review(world, bundle)).price

    parts = {each.provider.slug: [str(total.amount.amount) for total in each.recurring] for each in price.by_provider}
    assert parts == {"aurora": ["211.65"], "filmlyktan": ["79.20"], "fjordnet": ["247.20"]}
    assert [str(total.amount.amount) for total in price.recurring] == ["538.05"]
    assert str(price.one_time and price.one_time.amount) == "1094.20"


async def test_a_fixed_part_stays_and_an_optional_one_goes_and_comes_back_within_its_limits(world: World) -> None:
    bundle = await world.new(world.offering("aurora", "komplett"))
    television, *_, box = bundle.items

    def remove(item_id: str) -> Any:
        return bundles.remove_bundle_item(world.core, world.maria, bundles.RemoveBundleItem(bundle.id, item_id))

    assert await refused(remove(television.id)) == [("NOT_REMOVABLE", ("itemId",))]
    smaller = await remove(box.id)
    assert await refused(remove(box.id)) == [("NOT_FOUND", ("itemId",))]
    offering = world.offering("aurora", "box-4k")
    assert await refused(world.add(bundle, offering, quantity=3)) == [("QUANTITY_TOO_HIGH", ("quantity",))]
    larger, _ = await world.add(bundle, offering, quantity=2)
    assert await refused(world.add(bundle, offering)) == [("QUANTITY_TOO_HIGH", ("quantity",))]

    assert (smaller.revision, larger.revision, len(larger.items)) == (2, 3, 4)
    assert ("aurora", "box-4k") not in await world.candidates(larger, SP)


@pytest.mark.requirement("V5", "V6", "V7", "R6")
async def test_ones_own_bundle_of_three_providers_from_candidates_alone(world: World) -> None:
    bundle = await world.new()
    television = (await world.candidates(bundle, SP))["aurora", "tv-bas"]
    bundle, item = await world.add(bundle, television.offering)
    wider = await world.candidates(bundle, NO)
    bundle, item = await world.fill_in(bundle, item, videoQuality="UHD")

    narrower = await world.candidates(bundle, NO)
    bundle, _ = await world.add(bundle, narrower["fjordnet", "fibre-100"].offering)
    content = await world.candidates(bundle, CP)
    bundle, _ = await world.add(bundle, content["filmlyktan", "film-bas"].offering)
    found = await review(world, bundle)

    assert [each.name for each in television.agreements] == ["Reseller agreement with Aurora Tele"]
    assert ("fjordnet", "dsl-24") in wider
    assert ("fjordnet", "dsl-24") not in narrower
    (satisfied,) = narrower["fjordnet", "fibre-100"].satisfies
    assert (str(satisfied.requirement.minimum), satisfied.required_by.id) == ("25", item.id)
    assert (satisfied.actual.values, satisfied.actual.unit) == (("100",), "Mbit/s")
    assert {slug for slug, _ in content} == {"filmlyktan", "klackspark"}
    assert [issue.code for issue in found.issues if issue.code is not Code.MISSING_FIELD] == []
    assert len(found.price.by_provider) == 3


async def test_an_access_that_no_longer_carries_what_is_chosen_is_an_issue_of_the_television(world: World) -> None:
    bundle = await world.new()
    bundle, television = await world.add(bundle, world.offering("aurora", "tv-bas"))
    bundle, access = await world.add(bundle, world.offering("fjordnet", "dsl-24"))

    bundle, _ = await world.fill_in(bundle, television, videoQuality="UHD")
    unmet = await review(world, bundle)
    removed = bundles.RemoveBundleItem(bundle.id, access.id)
    alone = await review(world, await bundles.remove_bundle_item(world.core, world.maria, removed))

    assert [(code, item) for code, item, _ in codes(unmet) if code is not Code.MISSING_FIELD] == [
        (Code.UNMET_REQUIREMENT, "Aurora TV Bas")
    ]
    assert [code for code, *_ in codes(alone)] == [Code.MISSING_ROLE]
    assert not alone.is_orderable


@pytest.mark.requirement("R6")
async def test_an_agreement_that_is_over_allows_nothing(world: World) -> None:
    bundle = await world.new()
    bundle, _ = await world.add(bundle, world.offering("aurora", "tv-bas"))
    bundle, _ = await world.add(bundle, world.offering("granit", "fiber-100"))

    content = await world.candidates(bundle, CP)

    assert {slug for slug, _ in content} == {"klackspark"}, "Film over Granit ended in 2023"


@pytest.mark.requirement("R6")
async def test_providers_without_an_agreement_are_told(world: World) -> None:
    bundle = await world.new()
    bundle, _ = await world.add(bundle, world.offering("tallskog", "tv-start"))
    bundle, _ = await world.add(bundle, world.offering("filmlyktan", "film-bas"))

    assert (Code.NO_AGREEMENT, "Filmlyktan Bas", None) in codes(await review(world, bundle))


@pytest.mark.requirement("F4")
async def test_what_cannot_be_delivered_at_the_place_is_no_candidate_and_an_issue(world: World) -> None:
    access = world.offering("fjordnet", "fibre-100")
    nowhere, without = await world.new(place=NOWHERE), await world.new(place=None)

    assert await world.candidates(nowhere, NO) == {}
    assert ("fjordnet", "fibre-100") in await world.candidates(without, NO)
    nowhere, _ = await world.add(nowhere, access)
    without, _ = await world.add(without, access)
    assert (Code.NOT_DELIVERABLE, access.name, None) in codes(await review(world, nowhere))
    assert (Code.MISSING_PLACE, None, None) in codes(await review(world, without))


@pytest.mark.requirement("F3")
async def test_invalid_options_are_told_at_once_each_with_its_field_and_nothing_changes(world: World) -> None:
    bundle = await world.new()
    bundle, item = await world.add(bundle, world.offering("aurora", "tv-bas"))
    fields = (
        ("videoQuality", ("8K",)),
        ("subtitles", ("no\x00pe",)),
        ("nosuch", ("1",)),
        ("videoQuality", ("HD",)),
        ("billing.reference", ("x" * 1001,)),
    )

    given = bundles.ConfigureBundleItem(bundle.id, item.id, quantity=-1, fields=fields)
    problems = await refused(bundles.configure_bundle_item(world.core, world.maria, given))

    assert problems[0] == ("QUANTITY_TOO_LOW", ("quantity",))
    assert ("INVALID_CHOICE", ("fields", "0", "values", "0")) in problems
    assert ("INVALID_TEXT", ("fields", "1", "values", "0")) in problems
    assert ("UNKNOWN_FIELD", ("fields", "2", "key")) in problems
    assert ("DUPLICATE_FIELD", ("fields", "3", "key")) in problems
    assert ("TOO_LONG", ("fields", "4", "values", "0")) in problems
    assert len(problems) == 6
    assert await world.stored(bundle) == bundle


async def test_a_field_left_out_stays_an_empty_list_clears_and_no_change_is_no_revision(world: World) -> None:
    bundle = await world.new()
    bundle, item = await world.add(bundle, world.offering("aurora", "tv-bas"), quantity=1)

    changed, item = await world.fill_in(bundle, item, videoQuality="UHD")
    again, item = await world.fill_in(changed, item, videoQuality="UHD")
    cleared, item = await world.fill_in(again, item, subtitles=[])

    assert item.values == {"videoQuality": ("UHD",), "subtitles": ()}
    assert [each.revision for each in (bundle, changed, again, cleared)] == [2, 3, 3, 4]
    assert item.quantity == 1
    form = (await review(world, cleared)).forms[item.id]
    assert next(field.values for field in form.fields if field.key == "videoQuality") == ("UHD",)


@pytest.mark.requirement("S3")
async def test_another_customers_bundle_is_as_unknown_as_none(world: World) -> None:
    bundle = await world.new(world.offering("aurora", "komplett"))
    item = bundle.items[0]

    for bundle_id in (bundle.id, "unknown", world.maria.actor.id if world.maria.actor else ""):
        given: list[Any] = [
            bundles.update_bundle(world.core, world.stranger, bundles.UpdateBundle(bundle_id, "Mine")),
            bundles.add_bundle_item(world.core, world.stranger, bundles.AddBundleItem(bundle_id, item.offering_id)),
            bundles.configure_bundle_item(world.core, world.stranger, bundles.ConfigureBundleItem(bundle_id, item.id)),
            bundles.remove_bundle_item(world.core, world.stranger, bundles.RemoveBundleItem(bundle_id, item.id)),
        ]
        assert [await refused(call) for call in given] == [[("NOT_FOUND", ("bundleId",))]] * 4
        assert await bundles.find_bundle(world.core, world.stranger, bundle_id) is None
    assert await world.stored(bundle) == bundle


@pytest.mark.requirement("S2")
async def test_nobody_is_turned_away_first_and_a_member_needs_the_right_to_order(world: World) -> None:
    actor = world.maria.actor
    assert actor is not None
    powerless = Membership(MemberRole.SERVICE_USER, actor.memberships[0].customer)
    user = Caller(replace(actor, memberships=(powerless,)))

    with pytest.raises(AccessError):
        await bundles.create_bundle(world.core, Caller(), bundles.CreateBundle(offering_id="unknown"))
    with pytest.raises(AccessError):
        await bundles.update_bundle(world.core, Caller(), bundles.UpdateBundle("unknown"))
    creating = bundles.create_bundle(world.core, user, bundles.CreateBundle())

    assert await refused(creating) == [("NOT_ALLOWED", ("customerId",))]


async def test_what_a_bundle_cannot_hold_is_refused(world: World) -> None:
    bundle, phone = await world.new(), world.offering("tallskog", "mobil-s")
    predefined, text = world.offering("aurora", "komplett"), bundles.CreateBundle(name="x" * 101)
    unknown = bundles.AddBundleItem(bundle.id, "unknown")

    assert await refused(world.add(bundle, predefined)) == [("BUNDLE_IN_BUNDLE", ("offeringId",))]
    for quantity in (0, -1):
        assert await refused(world.add(bundle, phone, quantity=quantity)) == [("QUANTITY_TOO_LOW", ("quantity",))]
    assert await refused(world.add(bundle, phone, quantity=101)) == [("QUANTITY_TOO_HIGH", ("quantity",))]
    assert await refused(bundles.add_bundle_item(world.core, world.maria, unknown)) == [("NOT_FOUND", ("offeringId",))]
    assert await refused(bundles.create_bundle(world.core, world.maria, text)) == [("TOO_LONG", ("name",))]
    nul = bundles.CreateBundle(name="a\x00b")
    assert await refused(bundles.create_bundle(world.core, world.maria, nul)) == [("INVALID_TEXT", ("name",))]
    assert await world.stored(bundle) == bundle


async def test_a_bundle_holds_fifty_items_and_no_more(world: World) -> None:
    bundle, phone = await world.new(), world.offering("tallskog", "mobil-s")
    for _ in range(50):
        bundle, _ = await world.add(bundle, phone)

    assert await refused(world.add(bundle, phone)) == [("TOO_MANY_ITEMS", ("bundleId",))]
    assert len((await world.stored(bundle)).items) == 50
    assert await world.candidates(bundle, SP) == {}


async def test_a_single_offering_goes_through_a_bundle_of_its_own(world: World) -> None:
    bundle = await world.new(world.offering("aurora", "glimt-7"), place=None)

    found = await review(world, bundle)

    assert bundle.offering_id is None
    assert [(item.offering_name, item.is_removable) for item in bundle.items] == [("Glimt 7", True)]
    assert found.is_orderable or [code for code, *_ in codes(found)] == [Code.MISSING_FIELD]


async def test_a_bundle_that_nobody_touched_for_a_month_has_expired(world: World) -> None:
    bundle = await world.new(world.offering("tallskog", "mobil-s"))

    world.clock.advance(days=30, seconds=1)

    seen = await world.stored(bundle)
    assert seen.state is BundleState.EXPIRED
    assert await refused(world.add(bundle, world.offering("tallskog", "mobil-s"))) == [
        ("BUNDLE_NOT_OPEN", ("bundleId",))
    ]
    assert not (await review(world, bundle)).is_orderable
    assert await world.candidates(seen, SP) == {}


async def test_two_changes_at_once_are_both_kept(world: World) -> None:
    bundle, phone = await world.new(), world.offering("tallskog", "mobil-s")

    await asyncio.gather(*(world.add(bundle, phone) for _ in range(5)))

    stored = await world.stored(bundle)
    assert (stored.revision, len(stored.items)) == (6, 5)


async def test_a_review_answers_while_a_provider_is_down_and_says_so(world: World) -> None:
    bundle = await world.new(world.offering("aurora", "komplett"))
    await world.fault("fjordnet", operation="*", kind="slow", seconds=30)

    started = time.monotonic()
    found = await review(world, bundle)

    assert time.monotonic() - started < 3
    assert (Code.PROVIDER_UNAVAILABLE, "Fjordnet Fiber 100 i paket", None) in codes(found)
    assert not found.is_orderable
    assert len(found.price.by_provider) == 3
    assert found.bundle.revision == 1


async def test_candidates_name_who_could_not_be_asked_and_paging_asks_each_provider_once(world: World) -> None:
    bundle = await world.new()
    await world.fault("granit", operation="*", kind="drop_before")

    first = await bundles.list_candidates(world.core, world.maria, bundle, NO, 5)
    last = await bundles.list_candidates(world.core, world.maria, bundle, NO, 100, first.page_info.end_cursor)

    assert {edge.node.offering.provider.slug for page in (first, last) for edge in page.edges} == {"fjordnet"}
    assert [each.provider.slug for each in last.unavailable_providers] == ["granit"]
    await world.fault("fjordnet", operation="*", kind="drop_before")
    again = await bundles.list_candidates(world.core, world.maria, bundle, NO, 5)
    assert again.edges == first.edges
