"""What a review finds when a provider changes its catalogue under a bundle."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.contract import BundledOffering, Money, OneTimePrice, PriceAlteration, RecurringPrice, Unavailable
from gateway.domain.ordering.bundles import Bundle, IssueSeverity
from gateway.domain.ordering.bundles import BundleIssueCode as Code
from gateway.domain.parties import OPERATOR, Agreement, Caller
from gateway.federation.projection import Projection
from gateway.storage import MemoryWakeUps, open_storage
from gateway.usecases import bundles
from gateway.usecases.core import Core
from tests.bundles.world import manager, refused
from tests.clock import SettableClock
from tests.federation.scripted import Fixed, Scripted, failing, offering, price

pytestmark = pytest.mark.requirement("F2")

PHONE = offering("one", "phone", "Phone", prices=(price("100"),))
EVERYBODY = Agreement("a", "Everybody", frozenset({OPERATOR, "one", "two"}))


class Shop:
    """Two scripted providers and a core."""

    def __init__(self, core: Core, projection: Projection, one: Scripted, two: Scripted, maria: Caller) -> None:
        self.core, self.projection, self.one, self.two, self.maria = core, projection, one, two, maria

    async def sell(self, scripted: Scripted, *offerings: object) -> None:
        """Changes a catalogue, as the provider and the snapshot have it."""
        scripted.offerings, scripted.version = offerings, scripted.version + "+"  # type: ignore[assignment]
        await self.projection.refresh(scripted.slug)

    async def new(self, offering_id: str) -> Bundle:
        return await bundles.create_bundle(self.core, self.maria, bundles.CreateBundle(offering_id=offering_id))

    async def review(self, bundle: Bundle) -> bundles.BundleReview:
        found = await bundles.find_bundle(self.core, self.maria, bundle.id)
        assert found is not None
        return await bundles.review_bundle(self.core, found)


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    clock, bus, one, two = SettableClock(), MemoryWakeUps(), Scripted("one"), Scripted("two")
    directory = Fixed(clock, one, two, agreements=(EVERYBODY,))
    projection = Projection(directory, bus, clock, None, timedelta(hours=1))
    async with open_storage(f"sqlite:///{folder / 'gateway.db'}", bus, clock, None) as storage:
        maria = await manager(storage, "maria")
        shop = Shop(Core(storage, directory, projection, bus, clock), projection, one, two, maria)
        await shop.sell(one, PHONE)
        await shop.sell(two)
        yield shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def test_a_changed_price_raises_the_revision_once_and_is_told_until_the_next_change(shop: Shop) -> None:
    bundle = await shop.new(PHONE.id)
    before = await shop.review(bundle)
    await shop.sell(shop.one, replace(PHONE, prices=(price("120"),)))

    first, second = await shop.review(bundle), await shop.review(bundle)
    renamed = await bundles.update_bundle(shop.core, shop.maria, bundles.UpdateBundle(bundle.id, "Phone"))
    third = await shop.review(bundle)

    assert [each.bundle.revision for each in (before, first, second, third)] == [1, 2, 2, 3]
    assert renamed.revision == 3
    assert before.issues == third.issues == ()
    for found in (first, second):
        assert [(each.code, each.severity) for each in found.issues] == [(Code.CHANGED_PRICE, IssueSeverity.WARNING)]
        assert found.is_orderable
        assert found.price.one_time == Money(Decimal("120.00"), "SEK")


async def test_a_withdrawn_offering_is_told_and_stays_in_the_bundle(shop: Shop) -> None:
    bundle = await shop.new(PHONE.id)
    await shop.sell(shop.one, replace(PHONE, is_sellable=False))
    retired = await shop.review(bundle)
    await shop.sell(shop.one)
    gone = await shop.review(bundle)

    for found in (retired, gone):
        assert [(each.code, each.item and each.item.offering_name) for each in found.issues] == [
            (Code.WITHDRAWN_OFFERING, "Phone")
        ]
        assert not found.is_orderable
        assert found.bundle.revision == 1
    assert gone.price.one_time is None
    creating = bundles.create_bundle(shop.core, shop.maria, bundles.CreateBundle(offering_id=PHONE.id))
    assert await refused(creating) == [("NOT_FOUND", ("offeringId",))]


async def test_an_offering_withdrawn_since_the_snapshot_is_not_added(shop: Shop) -> None:
    shop.one.offerings = (replace(PHONE, is_sellable=False),)

    creating = bundles.create_bundle(shop.core, shop.maria, bundles.CreateBundle(offering_id=PHONE.id))

    assert await refused(creating) == [("WITHDRAWN_OFFERING", ("offeringId",))]


async def test_mixed_currencies_leave_no_total_and_are_told(shop: Shop) -> None:
    euros = OneTimePrice(id="e", name="Once", amount=Money(Decimal(5), "EUR"))
    film = offering("two", "film", "Film", prices=(euros,))
    await shop.sell(shop.two, film)
    bundle = await shop.new(PHONE.id)
    adding = bundles.AddBundleItem(bundle.id, film.id, 2)
    await bundles.add_bundle_item(shop.core, shop.maria, adding)

    found = await shop.review(bundle)

    assert [(each.code, each.params) for each in found.issues] == [(Code.MIXED_CURRENCY, {"currencies": "EUR, SEK"})]
    assert found.price.one_time is None
    assert [str(each.one_time and each.one_time.amount) for each in found.price.by_provider] == ["100.00", "10.00"]


async def test_a_provider_that_is_away_leaves_its_prices_as_they_were_known(shop: Shop) -> None:
    bundle = await shop.new(PHONE.id)
    shop.one.behaviour = failing(Unavailable("one", "catalog"))
    shop.one.offerings = ()

    found = await shop.review(bundle)
    adding = bundles.AddBundleItem(bundle.id, PHONE.id, 3)
    changed, _ = await bundles.add_bundle_item(shop.core, shop.maria, adding)

    assert [each.code for each in found.issues] == [Code.PROVIDER_UNAVAILABLE]
    assert found.price.one_time == Money(Decimal("100.00"), "SEK")
    assert changed.revision == 2


async def test_an_empty_bundle_is_not_orderable(shop: Shop) -> None:
    bundle = await bundles.create_bundle(shop.core, shop.maria, bundles.CreateBundle())

    found = await shop.review(bundle)

    assert [each.code for each in found.issues] == [Code.EMPTY_BUNDLE]
    assert (found.is_orderable, found.price.one_time, found.price.by_provider) == (False, None, ())


async def test_a_bundles_discount_takes_from_its_own_providers_parts_and_its_change_is_a_change_of_price(
    shop: Shop,
) -> None:
    def monthly(slug: str) -> object:
        recurring = RecurringPrice(id=f"m-{slug}", name="Monthly", amount=Money(Decimal(100), "SEK"), period="P1M")
        return offering(slug, "part", f"Part of {slug}", prices=(recurring,))

    def predefined(percentage: int) -> object:
        parts = tuple(BundledOffering(offering(slug, "part").id, slug, 1, 1, 1) for slug in ("one", "two"))
        off = PriceAlteration(id="d", name="Off", percentage=Decimal(percentage))
        return offering("one", "both", "Both", is_bundle=True, bundled_options=parts, prices=(off,))

    await shop.sell(shop.one, monthly("one"), predefined(10))
    await shop.sell(shop.two, monthly("two"))
    bundle = await shop.new(offering("one", "both").id)
    before = await shop.review(bundle)

    await shop.sell(shop.one, monthly("one"), predefined(20))
    after = await shop.review(bundle)

    def parts(found: bundles.BundleReview) -> list[str]:
        return [str(each.recurring[0].amount.amount) for each in found.price.by_provider]

    assert (parts(before), parts(after)) == (["90.00", "100.00"], ["80.00", "100.00"])
    assert [(each.code, each.item and each.item.offering_name) for each in after.issues] == [
        (Code.CHANGED_PRICE, "Part of one")
    ]


async def test_a_suspended_provider_is_no_candidate_and_can_not_be_added_or_ordered(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        other = offering("two", "case", "Case", prices=(price("9"),))
        await shop.sell(shop.two, other)
        bundle = await shop.new(PHONE.id)
        add = bundles.AddBundleItem(bundle.id, other.id)
        await bundles.add_bundle_item(shop.core, shop.maria, add)
        before = await shop.review(bundle)

        shop.core.directory.suspended.add("two")  # type: ignore[attr-defined]
        await shop.projection.set_sold("two", is_sold=False)
        after = await shop.review(bundle)
        page = await bundles.list_candidates(shop.core, shop.maria, bundle, other.role)

        assert (before.is_orderable, after.is_orderable) == (True, False)
        assert [(each.code, each.severity) for each in after.issues] == [(Code.PROVIDER_SUSPENDED, IssueSeverity.ERROR)]
        assert [edge.node.offering.id for edge in page.edges] == [PHONE.id]
        assert await refused(bundles.add_bundle_item(shop.core, shop.maria, add)) == [
            ("PROVIDER_SUSPENDED", ("offeringId",))
        ]
        assert await refused(shop.new(other.id)) == [("PROVIDER_SUSPENDED", ("offeringId",))]
