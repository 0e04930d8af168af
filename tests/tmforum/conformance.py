"""What every provider must keep to, capability by capability: each check drives a Protocol and knows no adapter."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from gateway.contract import (
    Billing,
    CancellationState,
    Catalog,
    Events,
    Inventory,
    Ordering,
    OrderItemState,
    OrderRequest,
    Place,
    ProductStatus,
    Provider,
    ProviderOrder,
    Qualification,
    own_id,
    provider_id,
)

SETTLED = {OrderItemState.COMPLETED, OrderItemState.CANCELLED, OrderItemState.FAILED, OrderItemState.REJECTED}


@dataclass(frozen=True, slots=True)
class Subject:
    """The provider under test, and what can be ordered from it where; `patience_s` bounds each wait."""

    provider: Provider
    orderable_ref: str
    place: Place
    party: str
    callback_url: str = "http://127.0.0.1:9/events"
    patience_s: float = 10.0

    @property
    def slug(self) -> str:
        """Its slug."""
        return self.provider.profile.slug

    @property
    def catalog(self) -> Catalog:
        """The capability, which must be there."""
        assert self.provider.catalog is not None
        return self.provider.catalog

    @property
    def qualification(self) -> Qualification:
        """The capability, which must be there."""
        assert self.provider.qualification is not None
        return self.provider.qualification

    @property
    def ordering(self) -> Ordering:
        """The capability, which must be there."""
        assert self.provider.ordering is not None
        return self.provider.ordering

    @property
    def inventory(self) -> Inventory:
        """The capability, which must be there."""
        assert self.provider.inventory is not None
        return self.provider.inventory

    @property
    def billing(self) -> Billing:
        """The capability, which must be there."""
        assert self.provider.billing is not None
        return self.provider.billing

    @property
    def events(self) -> Events:
        """The capability, which must be there."""
        assert self.provider.events is not None
        return self.provider.events

    def request(self) -> OrderRequest:
        """An order with a new key."""
        return OrderRequest(f"{uuid4()}/1/place/1", self.party, self.orderable_ref, place=self.place)

    async def settled(self, ref: str) -> ProviderOrder:
        """The order when it has ended."""
        async with asyncio.timeout(self.patience_s):
            while (order := await self.ordering.track(ref)).state not in SETTLED:  # noqa: ASYNC110 no event is promised
                await asyncio.sleep(0.02)
        return order


async def snapshot_is_whole_and_unchanged_the_second_time(subject: Subject) -> None:
    first = await subject.catalog.snapshot(None)
    assert first is not None
    again = await subject.catalog.snapshot(first.version)
    whole = await subject.catalog.snapshot("another version")

    assert again is None
    assert whole is not None
    assert (whole.version, whole.offerings) == (first.version, first.offerings)
    assert first.provider == subject.slug
    assert [each.ref for each in first.offerings] == sorted({each.ref for each in first.offerings})
    assert all(each.is_sellable for each in first.offerings)


async def ids_are_built_from_references(subject: Subject) -> None:
    snapshot = await subject.catalog.snapshot(None)

    assert snapshot is not None
    for offering in snapshot.offerings:
        assert offering.id == provider_id("ProductOffering", subject.slug, offering.ref)
        assert offering.provider == subject.provider.profile
        assert offering.role in subject.provider.profile.roles
        assert all(each.id == own_id("Category", each.slug) for each in offering.categories)
        assert offering.search_text == offering.search_text.lower()
        assert offering.name.lower() in offering.search_text
        assert len({each.id for each in offering.prices}) == len(offering.prices)


async def offering_read_alone_is_the_same(subject: Subject) -> None:
    snapshot = await subject.catalog.snapshot(None)
    assert snapshot is not None

    alone = [await subject.catalog.offering(each.ref) for each in snapshot.offerings[:5]]

    assert tuple(alone) == snapshot.offerings[:5]
    assert await subject.catalog.offering("there is/no such % offering") is None


async def qualification_answers_each_in_order(subject: Subject) -> None:
    refs = [subject.orderable_ref, "there is no such offering", subject.orderable_ref]

    answers = await subject.qualification.qualify(refs, subject.place)

    assert [each.offering_id for each in answers] == [provider_id("ProductOffering", subject.slug, ref) for ref in refs]
    assert answers[0] == answers[2]
    assert await subject.qualification.qualify([], subject.place) == ()


async def same_key_makes_one_order(subject: Subject) -> None:
    request = subject.request()

    first = await subject.ordering.place(request)
    second = await subject.ordering.place(request)
    found = await subject.ordering.find(request.key)

    assert (first.key, second.ref) == (request.key, first.ref)
    assert found is not None
    assert found.ref == first.ref
    assert await subject.ordering.find(request.key + "0") is None


async def completed_order_has_an_active_product_of_the_party(subject: Subject) -> None:
    placed = await subject.ordering.place(subject.request())
    order = await subject.settled(placed.ref)
    product = await subject.inventory.product(order.product_ref or "")

    assert (order.state, order.reason) == (OrderItemState.COMPLETED, None)
    assert product is not None
    assert (product.status, product.party) == (ProductStatus.ACTIVE, subject.party)
    assert product.id == provider_id("Product", subject.slug, product.ref)
    assert product.offering_id == provider_id("ProductOffering", subject.slug, subject.orderable_ref)
    assert placed.ref in product.order_refs
    assert product.ref in [each.ref for each in await subject.inventory.products(subject.party)]
    assert await subject.inventory.product("there is no such product") is None


async def terminated_product_is_no_longer_active(subject: Subject) -> None:
    placed = await subject.settled((await subject.ordering.place(subject.request())).ref)
    assert placed.product_ref is not None
    key = f"{uuid4()}/1/remove/1"

    first = await subject.ordering.terminate(placed.product_ref, key, subject.party)
    second = await subject.ordering.terminate(placed.product_ref, key, subject.party)
    ended = await subject.settled(first.ref)
    product = await subject.inventory.product(placed.product_ref)

    assert (second.ref, ended.state) == (first.ref, OrderItemState.COMPLETED)
    assert product is None or product.status is ProductStatus.TERMINATED


async def cancellation_is_answered_and_asking_again_is_harmless(subject: Subject) -> None:
    placed = await subject.ordering.place(subject.request())

    assert await subject.ordering.cancellation(placed.ref) is None
    first = await subject.ordering.cancel(placed.ref, "key-1", "changed my mind")
    again = await subject.ordering.cancel(placed.ref, "key-2", None)
    order = await subject.settled(placed.ref)
    known = await subject.ordering.cancellation(placed.ref)

    assert known is not None
    assert {first.state, again.state, known.state} <= {
        CancellationState.ACKNOWLEDGED,
        CancellationState.IN_PROGRESS,
        CancellationState.DONE,
    }
    assert order.state is OrderItemState.CANCELLED


async def too_late_a_cancellation_is_refused_not_raised(subject: Subject) -> None:
    placed = await subject.settled((await subject.ordering.place(subject.request())).ref)

    answer = await subject.ordering.cancel(placed.ref, "key-1", None)

    assert answer.state is CancellationState.REFUSED
    assert answer.reason or answer.text


async def bills_and_charges_belong_to_the_party(subject: Subject) -> None:
    await subject.settled((await subject.ordering.place(subject.request())).ref)

    bills = await subject.billing.bills(subject.party)
    charges = await subject.billing.charges(subject.party)

    assert {each.party for each in bills} | {each.party for each in charges} == {subject.party}
    assert {each.bill_ref for each in charges} - {None} == {each.ref for each in bills}
    assert all(each.id == provider_id("Bill", subject.slug, each.ref) for each in bills)
    assert not await subject.billing.bills("somebody unknown")


async def registering_twice_and_taking_it_back_twice_is_harmless(subject: Subject) -> None:
    await subject.events.subscribe(subject.callback_url)
    await subject.events.subscribe(subject.callback_url)
    await subject.events.unsubscribe()
    await subject.events.unsubscribe()


Check = Callable[[Subject], Awaitable[None]]

CHECKS: Mapping[Check, tuple[str, ...]] = {
    snapshot_is_whole_and_unchanged_the_second_time: ("F1",),
    ids_are_built_from_references: (),
    offering_read_alone_is_the_same: (),
    qualification_answers_each_in_order: ("F4",),
    same_key_makes_one_order: ("F6",),
    completed_order_has_an_active_product_of_the_party: ("F6", "F11"),
    terminated_product_is_no_longer_active: ("F9",),
    cancellation_is_answered_and_asking_again_is_harmless: ("F12",),
    too_late_a_cancellation_is_refused_not_raised: ("F12",),
    bills_and_charges_belong_to_the_party: ("B1", "B2"),
    registering_twice_and_taking_it_back_twice_is_harmless: (),
}
"""The checks, each with the requirements that it has to do with."""
