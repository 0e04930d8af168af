"""Each catalogue is a snapshot: queries read it, and it stays while its provider is away."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from gateway.contract import (
    BundledGroup,
    BundledOffering,
    CatalogSnapshot,
    Category,
    Characteristic,
    Choice,
    ChoiceConstraint,
    Money,
    OrderField,
    PriceAlteration,
    PriceCondition,
    RangeConstraint,
    RecurringPrice,
    Requirement,
    Term,
    TextConstraint,
    Unavailable,
)
from gateway.federation import snapshot_files
from gateway.federation.index import Order
from gateway.federation.projection import Projection, open_projection
from gateway.federation.signals import receive
from tests.federation.scripted import START, Fixed, HandClock, Scripted, failing, offering, profile


class Bus:
    """Wake-ups in this process."""

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[str, ...], asyncio.Event]] = []
        self.notified: list[str] = []

    def notify(self, *topics: str) -> None:
        self.notified.extend(topics)
        for listened, event in self._waiting:
            if set(listened) & set(topics):
                event.set()

    @contextmanager
    def listen(self, *topics: str) -> Iterator["Ear"]:
        event = asyncio.Event()
        self._waiting.append((topics, event))
        yield Ear(event)


class Ear:
    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return False
        self._event.clear()
        return True


EVERYTHING = offering(
    "one",
    "a/ö",
    "Everything",
    categories=(Category("c", "iptv", "IPTV"),),
    prices=(
        RecurringPrice(
            id="r",
            name="Monthly",
            tax_rate=Decimal(25),
            amount=Money(Decimal("99.90"), "SEK"),
            period="P1M",
            conditions=(PriceCondition("quality", frozenset({"HD", "UHD"})),),
        ),
        PriceAlteration(id="d", name="Off", applies_to=("r",), percentage=Decimal("10.5")),
    ),
    characteristics=(Characteristic("down", "Down", ("100",), "Mbit/s"),),
    fields=(
        OrderField("quality", "Quality", "product", ChoiceConstraint((Choice("HD", "High"),)), values=("HD",)),
        OrderField("count", "Count", "product", RangeConstraint(Decimal(1), None, Decimal("0.5"))),
        OrderField("name", "Name", "billing", TextConstraint("[a-z]+", 20), is_required=True),
    ),
    terms=(Term("t", "Commitment", "24 months", "P24M", profile("one")),),
    requirements=(Requirement("q", "25 Mbit/s", "broadband", minimum=Decimal(25)),),
    bundled_options=(
        BundledOffering("x", "X", 1, 1, 1),
        BundledGroup("g", 0, 1, (BundledOffering("y", "Y", 0, 1, 0),)),
    ),
    valid_until=START,
)


def test_a_snapshot_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    snapshot = CatalogSnapshot("one", "v1", START, (EVERYTHING,))

    snapshot_files.write(tmp_path, snapshot)

    assert snapshot_files.read(tmp_path, profile("one")) == snapshot
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


def test_a_file_that_cannot_be_read_or_is_of_another_profile_counts_as_none(tmp_path: Path) -> None:
    snapshot_files.write(tmp_path, CatalogSnapshot("one", "v1", START, (EVERYTHING,)))
    (path,) = tmp_path.iterdir()

    assert snapshot_files.read(tmp_path, profile("two")) is None
    for broken in (b"", b"{}", b"[1]", b'{"fingerprint":"0","snapshot":{}}', path.read_bytes()[:-5]):
        path.write_bytes(broken)
        assert snapshot_files.read(tmp_path, profile("one")) is None


async def test_a_newer_catalogue_replaces_the_snapshot_and_the_same_one_is_not_read_twice() -> None:
    clock, scripted = HandClock(), Scripted("one", (offering("one", "1"),))
    projection = Projection(Fixed(clock, scripted), Bus(), clock, None, timedelta(seconds=30))

    await projection.refresh("one")
    await projection.refresh("one")
    scripted.version, scripted.offerings = "2", (offering("one", "2"), offering("one", "3", is_sellable=False))
    await projection.refresh("one")

    assert scripted.asked_versions == [None, "1", "1"]
    assert [each.ref for each in projection.all()] == ["2"]
    assert projection.get(offering("one", "1").id) is None
    assert projection.get(offering("one", "3").id) is None
    assert projection.unavailable() == ()
    assert projection.is_ready


async def test_a_stale_catalogue_is_served_and_named_and_one_never_read_is_only_named() -> None:
    clock = HandClock()
    down = failing(Unavailable("two", "catalog", retry_after_s=60))
    one, two = Scripted("one", (offering("one", "1"),)), Scripted("two", behaviour=down)
    projection = Projection(Fixed(clock, one, two), Bus(), clock, None, timedelta(seconds=30))
    await projection.refresh("one")
    one.behaviour = failing(Unavailable("one", "catalog"))
    clock.forward(10)

    await projection.refresh("one")
    await projection.refresh("two")

    assert [each.ref for each in projection.all()] == ["1"]
    named = [(each.provider.slug, each.last_known_at, each.retry_after) for each in projection.unavailable()]
    assert named == [("one", START, None), ("two", None, clock.now() + timedelta(seconds=60))]
    assert not projection.is_ready


async def test_a_catalogue_that_was_not_confirmed_for_long_is_stale() -> None:
    clock, one = HandClock(), Scripted("one")
    projection = Projection(Fixed(clock, one), Bus(), clock, None, timedelta(seconds=30))
    await projection.refresh("one")

    clock.forward(91)

    assert [each.last_known_at for each in projection.unavailable()] == [START]


async def test_a_start_without_the_provider_serves_what_the_disk_has_kept(tmp_path: Path) -> None:
    clock, scripted = HandClock(), Scripted("one", (EVERYTHING,))
    await Projection(Fixed(clock, scripted), Bus(), clock, tmp_path, timedelta(30)).refresh("one")
    scripted.behaviour = failing(Unavailable("one", "catalog"))

    async with open_projection(Fixed(clock, scripted), Bus(), clock, folder=tmp_path) as projection:
        offerings, unavailable, is_ready = projection.all(), projection.unavailable(), projection.is_ready

    assert offerings == (EVERYTHING,)
    assert [each.last_known_at for each in unavailable] == [START]
    assert not is_ready


async def test_a_catalogue_event_refreshes_at_once() -> None:
    clock, bus, scripted = HandClock(), Bus(), Scripted("one")
    directory = Fixed(clock, scripted)
    async with open_projection(directory, bus, clock, age=timedelta(hours=1)) as projection:
        while not projection.is_ready:  # noqa: ASYNC110 it has no event for that
            await asyncio.sleep(0.005)
        scripted.version, scripted.offerings = "2", (offering("one", "new"),)

        await receive(directory, bus, "one", {"kind": "CATALOG"})
        async with asyncio.timeout(2):
            while not projection.all():  # noqa: ASYNC110 it has no event for that
                await asyncio.sleep(0.005)

    assert [each.ref for each in projection.all()] == ["new"]


async def test_who_takes_long_and_posts_event_upon_event_is_read_at_most_half_of_the_time() -> None:
    async def slowly() -> None:
        await asyncio.sleep(0.3)

    clock, bus, scripted = HandClock(), Bus(), Scripted("one", behaviour=slowly)
    directory = Fixed(clock, scripted)
    async with open_projection(directory, bus, clock, age=timedelta(hours=1)):
        for _ in range(100):
            await receive(directory, bus, "one", {"kind": "CATALOG"})
            await asyncio.sleep(0.015)

    assert 2 <= scripted.calls <= 3


async def test_an_event_wakes_who_waits_for_what_it_names() -> None:
    clock, bus = HandClock(), Bus()
    directory = Fixed(clock, Scripted("one"))

    known = await receive(directory, bus, "one", {"kind": "ORDER", "ref": "17", "key": "k"})
    unknown = await receive(directory, bus, "two", {"kind": "ORDER", "ref": "17"})

    assert (known, unknown) == (True, False)
    assert bus.notified == ["provider-order:one:17", "provider-key:one:k"]


async def test_the_index_is_in_each_order_total_and_goes_on_behind_a_key() -> None:
    clock = HandClock()
    monthly = RecurringPrice(id="m", name="M", amount=Money(Decimal(10), "SEK"), period="P1M")
    yearly = RecurringPrice(id="y", name="Y", amount=Money(Decimal(60), "SEK"), period="P1Y")
    rows = (
        offering("one", "1", "beta", prices=(monthly,)),
        offering("one", "2", "Ärt"),
        offering("one", "3", "Alfa", prices=(yearly,)),
        offering("one", "4", "alfa", prices=(monthly,)),
    )
    projection = Projection(Fixed(clock, Scripted("one", rows)), Bus(), clock, None, timedelta(30))
    await projection.refresh("one")

    index = projection.index()
    orders = {order: [entry.offering.ref for entry in index.walk(order)] for order in Order}
    behind = next(entry.keys[Order.NAME] for entry in index.walk(Order.NAME) if entry.offering.ref == "4")

    assert orders == {Order.CATALOG: list("1234"), Order.NAME: list("3421"), Order.PRICE: list("3142")}
    assert [entry.offering.ref for entry in index.walk(Order.NAME, behind)] == ["2", "1"]
