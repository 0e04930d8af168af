"""The adapter keeps the contract of each capability that it has."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.contract import CancellationState, OrderItemState, ProductStatus, QualificationResult, own_id, provider_id
from providers.onapi import connect
from tests.onapi.calls import a_network
from tests.onapi.connecting import a_place, settings_of
from tests.onapi.subject import Subject


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Subject]:
    async with (
        a_network(tmp_path, delivery_min_s=0.2, delivery_max_s=0.2) as network,
        connect(settings_of(network.url)) as provider,
    ):
        yield Subject(provider, a_place(), "gw-7f3a")


async def test_what_the_api_has_not_is_lacking(subject: Subject) -> None:
    assert subject.provider.capabilities == ("catalog", "qualification", "ordering", "inventory", "polled_events")


def test_the_adapter_is_found_by_its_entry_point() -> None:
    from gateway.federation.adapters import installed_adapters

    assert installed_adapters()["on-api"] is connect


@pytest.mark.requirement("F1")
async def test_a_snapshot_is_whole_and_none_the_second_time(subject: Subject) -> None:
    first = await subject.catalog.snapshot(None)
    assert first is not None

    again, whole = await subject.catalog.snapshot(first.version), await subject.catalog.snapshot("another version")
    alone = [await subject.catalog.offering(each.ref) for each in first.offerings]

    assert again is None
    assert whole is not None
    assert (whole.version, whole.offerings) == (first.version, first.offerings)
    assert tuple(alone) == first.offerings
    assert await subject.catalog.offering("there is/no such % offering") is None


async def test_ids_are_built_from_references(subject: Subject) -> None:
    snapshot = await subject.catalog.snapshot(None)

    assert snapshot is not None
    for offering in snapshot.offerings:
        assert offering.id == provider_id("ProductOffering", subject.slug, offering.ref)
        assert all(each.id == own_id("Category", each.slug) for each in offering.categories)
        assert offering.name.lower() in offering.search_text
        assert len({each.id for each in offering.prices}) == len(offering.prices)


@pytest.mark.requirement("F4")
async def test_a_qualification_answers_each_in_order_and_judges_nothing_that_is_unknown(subject: Subject) -> None:
    refs = [subject.offering_ref, "there is no such offering", subject.offering_ref]

    answers = await subject.qualification.qualify(refs, subject.place)

    assert [each.offering_id for each in answers] == [provider_id("ProductOffering", subject.slug, ref) for ref in refs]
    qualified, undetermined = QualificationResult.QUALIFIED, QualificationResult.UNDETERMINED
    assert [each.result for each in answers] == [qualified, undetermined, qualified]
    assert await subject.qualification.qualify([], subject.place) == ()


@pytest.mark.requirement("F6")
async def test_the_same_key_makes_one_order(subject: Subject) -> None:
    request = subject.request()

    first, second = await subject.ordering.place(request), await subject.ordering.place(request)
    found = await subject.ordering.find(request.key)

    assert (first.key, second.ref) == (request.key, first.ref)
    assert found is not None
    assert found.ref == first.ref
    assert await subject.ordering.find(request.key + "0") is None


@pytest.mark.requirement("F6", "F11")
async def test_a_completed_order_has_an_active_product_of_the_party(subject: Subject) -> None:
    order = await subject.delivered()
    product = await subject.inventory.product(order.product_ref or "")

    assert (order.state, order.reason) == (OrderItemState.COMPLETED, None)
    assert product is not None
    assert (product.status, product.party) == (ProductStatus.ACTIVE, subject.party)
    assert product.id == provider_id("Product", subject.slug, product.ref)
    assert product.offering_id == provider_id("ProductOffering", subject.slug, subject.offering_ref)
    assert product.order_refs == (order.ref,)
    assert [each.ref for each in await subject.inventory.products(subject.party)] == [product.ref]
    assert await subject.inventory.product("there is no such product") is None


async def test_ending_a_product_is_one_order_for_a_key(subject: Subject) -> None:
    product_ref, key = (await subject.delivered()).product_ref or "", f"{uuid4()}/1/remove/1"

    first = await subject.ordering.terminate(product_ref, key, subject.party)
    second = await subject.ordering.terminate(product_ref, key, subject.party)
    ended = await subject.settled(first.ref)

    assert (second.ref, ended.state) == (first.ref, OrderItemState.COMPLETED)
    assert await subject.inventory.product(product_ref) is None


@pytest.mark.requirement("F12")
async def test_a_cancellation_is_answered_and_asking_again_is_harmless(subject: Subject) -> None:
    placed = await subject.ordering.place(subject.request())

    before = await subject.ordering.cancellation(placed.ref)
    first = await subject.ordering.cancel(placed.ref, "key-1", "changed my mind")
    again = await subject.ordering.cancel(placed.ref, "key-2", None)
    known = await subject.ordering.cancellation(placed.ref)

    assert before is None
    assert known is not None
    assert {first.state, again.state, known.state} == {CancellationState.DONE}
    assert (await subject.settled(placed.ref)).state is OrderItemState.CANCELLED


@pytest.mark.requirement("F12")
async def test_too_late_a_cancellation_is_refused_not_raised(subject: Subject) -> None:
    done = await subject.delivered()

    answer = await subject.ordering.cancel(done.ref, "key-1", None)

    assert answer.state is CancellationState.REFUSED
    assert answer.text == "The order is DONE_SUCCESS: no changes are allowed."
