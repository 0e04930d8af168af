"""The catalogue of six operators in one query: filtered, sorted, paged, qualified."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.contract import ProviderRole, QualificationResult, Unavailable
from gateway.domain.errors import RequestError
from gateway.domain.paging import PageInfo
from gateway.federation.index import fold
from gateway.federation.projection import Projection
from gateway.storage import MemoryWakeUps
from gateway.usecases.catalog import (
    OfferingFilter,
    OfferingSort,
    browse_offerings,
    find_offering,
    list_providers,
    order_form,
    qualify_offerings,
)
from gateway.usecases.core import Core
from tests.bundles.world import NOWHERE, PLACE, World
from tests.federation.scripted import Fixed, HandClock, Scripted, failing, offering

pytestmark = pytest.mark.requirement("V3")
ALL = OfferingFilter()


def problems(call: Any) -> list[tuple[str, tuple[str, ...] | None]]:
    with pytest.raises(RequestError) as refused:
        call()
    return [(each.code, each.field) for each in refused.value.problems]


@pytest.mark.requirement("F1")
async def test_every_offering_of_every_provider_comes_once_in_each_order(world: World) -> None:
    everything = world.core.offerings.all()

    for sort in OfferingSort:
        rows = world.found(sort)
        assert len(rows) == len({row.id for row in rows}) == len(everything) >= 80

    names = [fold(row.name) for row in world.found(OfferingSort.NAME)]
    assert names == sorted(names)
    assert {row.provider.slug for row in everything} == {
        "aurora",
        "tallskog",
        "fjordnet",
        "granit",
        "filmlyktan",
        "klackspark",
    }


async def test_filters_all_hold_and_of_a_list_one_value_will_do(world: World) -> None:
    found = world.found(categories=["iptv", "content"], roles=[ProviderRole.SERVICE_PROVIDER], is_bundle=False)
    aurora = world.core.directory.profile("aurora")
    assert aurora is not None

    assert {row.provider.slug for row in found} == {"aurora", "tallskog"}
    assert all(row.category_slugs == {"iptv"} and not row.is_bundle for row in found)
    assert {row.provider for row in world.found(provider_ids=[aurora.id, "unknown"])} == {aurora}
    assert world.found(provider_ids=["unknown"]) == world.found(categories=[]) == []


async def test_a_text_finds_all_its_words_with_the_best_names_first(world: World) -> None:
    rows = world.found(text="  AURORA  tv ")

    ranks = [0 if fold(row.name).startswith("aurora tv") else 1 for row in rows]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1}
    assert all("tv" in fold(f"{row.name} {row.description} {row.category_slugs}") for row in rows)
    assert world.found(text="aurora nosuchword") == []


async def test_a_page_has_the_cursors_of_its_first_and_its_last_row(world: World) -> None:
    page = browse_offerings(world.core, ALL, OfferingSort.NAME, 3)

    nothing = browse_offerings(world.core, OfferingFilter(text="nosuchword"), OfferingSort.NAME, 3)

    first, _, last = (edge.cursor for edge in page.edges)
    assert page.page_info == PageInfo(True, last, first, has_previous_page=False)
    assert nothing.page_info == PageInfo(False, None, None, has_previous_page=False)


@pytest.mark.requirement("N1")
async def test_a_cursor_of_another_list_or_of_nothing_is_refused(world: World) -> None:
    page = browse_offerings(world.core, ALL, OfferingSort.NAME, 1)
    cursor = page.page_info.end_cursor
    core, name = world.core, OfferingSort.NAME

    for other in ("", "x", "AAAA", cursor[:-3] if cursor else "", "é" * 20, "A" * 10_000):
        assert problems(lambda other=other: browse_offerings(core, ALL, name, 1, other)) == [("BAD_CURSOR", ("after",))]
    assert problems(lambda: browse_offerings(core, ALL, OfferingSort.PRICE, 1, cursor)) == [("BAD_CURSOR", ("after",))]
    filtered = OfferingFilter(text="tv")
    assert problems(lambda: browse_offerings(core, filtered, name, 1, cursor)) == [("BAD_CURSOR", ("after",))]
    assert problems(lambda: list_providers(core, 1, cursor)) == [("BAD_CURSOR", ("after",))]


async def test_bounds_of_the_question_are_told(world: World) -> None:
    many = OfferingFilter(text="x" * 201, categories=["c"] * 101)

    assert problems(lambda: browse_offerings(world.core, many, OfferingSort.NAME)) == [
        ("TOO_MANY_VALUES", ("filter", "categories")),
        ("TOO_LONG", ("filter", "text")),
    ]
    for first in (0, 101, -1):
        assert problems(lambda first=first: browse_offerings(world.core, ALL, OfferingSort.NAME, first)) == [
            ("PAGE_SIZE", ("first",))
        ]


async def test_an_unavailable_provider_is_named_to_the_last_page() -> None:
    clock, gone = HandClock(), Scripted("two", behaviour=failing(Unavailable("two", "catalog")))
    directory = Fixed(clock, Scripted("one", (offering("one", "1"), offering("one", "2"))), gone)
    projection = Projection(directory, MemoryWakeUps(), clock, None, timedelta(30))
    await asyncio.gather(projection.refresh("one"), projection.refresh("two"))
    storage: Any = None
    core = Core(storage, directory, projection, MemoryWakeUps(), clock)

    first = browse_offerings(core, ALL, OfferingSort.RELEVANCE, 1)
    gone.behaviour = Scripted("two").behaviour
    await projection.refresh("two")
    last = browse_offerings(core, ALL, OfferingSort.RELEVANCE, 1, first.page_info.end_cursor)

    assert [each.provider.slug for each in first.unavailable_providers] == ["two"]
    assert [each.provider.slug for each in last.unavailable_providers] == ["two"]
    assert [edge.node.ref for edge in last.edges] == ["2"]
    assert not last.page_info.has_next_page


async def test_the_order_form_is_read_at_the_provider_and_missing_while_it_is_away(world: World) -> None:
    television = world.offering("aurora", "tv-bas")

    form = await order_form(world.core, television.id, PLACE)
    await world.fault("aurora", operation="*", kind="drop_before")
    away = await order_form(world.core, television.id, PLACE)

    assert form is not None
    assert "videoQuality" in {field.key for field in form.fields}
    assert away is None
    assert find_offering(world.core, television.id) == television
    assert await order_form(world.core, "unknown") is None


@pytest.mark.requirement("F4")
async def test_qualification_answers_in_the_order_of_the_question_and_a_bundle_by_its_parts(world: World) -> None:
    predefined, access = world.offering("aurora", "komplett"), world.offering("fjordnet", "fibre-100-paket")
    asked = [predefined.id, "unknown", access.id, predefined.id]

    here = await qualify_offerings(world.core, asked, PLACE)
    elsewhere = await qualify_offerings(world.core, asked, NOWHERE)

    assert [each.offering_id for each in here.items] == asked
    assert [each.result for each in here.items] == [
        QualificationResult.QUALIFIED,
        QualificationResult.UNDETERMINED,
        QualificationResult.QUALIFIED,
        QualificationResult.QUALIFIED,
    ]
    assert [reason.code for reason in here.items[1].reasons] == ["UNKNOWN_OFFERING"]
    assert {each.result for each in (elsewhere.items[0], elsewhere.items[2])} == {QualificationResult.UNQUALIFIED}
    assert here.unavailable_providers == ()


async def test_a_provider_that_is_down_leaves_its_offerings_undetermined_and_is_named(world: World) -> None:
    predefined, access = world.offering("aurora", "komplett"), world.offering("granit", "fiber-100")
    await world.fault("fjordnet", operation="*", kind="drop_before")

    answer = await qualify_offerings(world.core, [predefined.id, access.id], PLACE)

    assert [each.result for each in answer.items] == [QualificationResult.UNDETERMINED, QualificationResult.QUALIFIED]
    assert [each.provider.slug for each in answer.unavailable_providers] == ["fjordnet"]
    with pytest.raises(RequestError):
        await qualify_offerings(world.core, [access.id] * 51, PLACE)


async def test_providers_are_listed_by_slug_page_by_page(world: World) -> None:
    first = list_providers(world.core, 4)
    last = list_providers(world.core, 4, first.page_info.end_cursor)

    assert [edge.node.slug for edge in first.edges] == ["aurora", "filmlyktan", "fjordnet", "granit"]
    assert [edge.node.slug for edge in last.edges] == ["klackspark", "tallskog"]
    assert (first.page_info.has_next_page, last.page_info.has_next_page) == (True, False)
