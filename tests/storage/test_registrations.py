"""Registrations: one of each slug, numbered events, and one process at a time that runs the checks."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.orders import OrderedProduct
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.domain.registration_events import CheckFinished, ProviderRegistered
from gateway.domain.registrations import (
    AgreementProposal,
    CheckOutcome,
    CheckResult,
    ProviderRegistration,
    RegistrationStatus,
)
from gateway.ports.registrations import SealedConnections, StandingProvider
from gateway.storage import MemoryWakeUps, SqlStorage
from tests.clock import NOON
from tests.samples import a_customer, a_registration, an_order

PENDING = SealedConnections(pending="sealed")
PASSED = CheckOutcome("catalog", CheckResult.PASSED, "3 offerings")


async def kept(storage: SqlStorage, registration: ProviderRegistration, active: bool = False) -> ProviderRegistration:
    async with storage.writing() as unit:
        assert await unit.registrations.add(registration, PENDING)
        if active:
            registration = dataclasses.replace(registration, status=RegistrationStatus.ACTIVE)
            await unit.registrations.save(registration, SealedConnections("sealed"))
    return registration


async def removed(storage: SqlStorage, registration: ProviderRegistration) -> None:
    async with storage.writing() as unit:
        await unit.registrations.remove(registration, NOON)


async def test_a_registration_is_found_again_as_it_was_kept(storage: SqlStorage) -> None:
    proposal = AgreementProposal("Reselling", ("operator",), ("iptv",), NOON)
    made = a_registration(owner="acme", checks=(PASSED,), capabilities=("catalog",), proposals=(proposal,))
    await kept(storage, made)

    async with storage.reading() as unit:
        found = await unit.registrations.get(made.id)
        by_slug = await unit.registrations.by_slug("acme-fibre")
        connections = await unit.registrations.connections(made.id)
        unknown = await unit.registrations.get("nonsense")

    assert found == by_slug == made
    assert connections == PENDING
    assert unknown is None


async def test_a_slug_is_used_once_also_by_two_at_the_same_time(storage: SqlStorage) -> None:
    async def add(owner: str) -> bool:
        async with storage.writing() as unit:
            return await unit.registrations.add(a_registration(owner=owner), PENDING)

    assert sorted(await asyncio.gather(*(add(f"p{each}") for each in range(4)))) == [False, False, False, True]


async def test_a_slug_that_sold_is_free_for_its_owner_alone_once_it_is_removed(storage: SqlStorage) -> None:
    draft, active = a_registration("draft", "acme"), a_registration("active", "acme")
    await kept(storage, draft)
    await kept(storage, active, active=True)
    await removed(storage, draft)
    await removed(storage, active)

    async with storage.writing() as unit:
        assert await unit.registrations.get(active.id) is None
        assert await unit.registrations.connections(active.id) == SealedConnections()
        assert await unit.registrations.add(a_registration("draft", "other"), PENDING)
        assert not await unit.registrations.add(a_registration("active", "other"), PENDING)
        assert not await unit.registrations.add(a_registration("active"), PENDING)
        assert await unit.registrations.add(a_registration("active", "acme"), PENDING)


async def test_events_have_no_gap_after_concurrent_writers_and_rollbacks(storage: SqlStorage) -> None:
    made = await kept(storage, a_registration())

    async def append(fails: bool) -> None:
        async with storage.writing() as unit:
            await unit.registrations.append(made, "CheckFinished", NOON, PASSED)
            if fails:
                raise LookupError

    await asyncio.gather(*(append(turn % 3 == 0) for turn in range(12)), return_exceptions=True)

    async with storage.reading() as unit:
        events = await unit.registrations.events(made.id, 0, 100)
        later = await unit.registrations.events(made.id, 6, 100)
        found = await unit.registrations.get(made.id)
    assert [each.sequence for each in events] == list(range(1, 9))
    assert {type(each) for each in events} == {CheckFinished}
    assert {each.check for each in events} == {PASSED}
    assert later == events[6:]
    assert len({each.cursor for each in events}) == 8
    assert found is not None
    assert found.last_sequence == 8


async def test_events_outlive_the_registration(storage: SqlStorage) -> None:
    made = await kept(storage, a_registration())
    async with storage.writing() as unit:
        await unit.registrations.append(made, "ProviderRegistered", NOON)
    await removed(storage, made)

    async with storage.reading() as unit:
        assert [type(each) for each in await unit.registrations.events(made.id, 0, 9)] == [ProviderRegistered]


async def test_one_process_at_a_time_runs_the_checks_and_a_dead_ones_right_expires(storage: SqlStorage) -> None:
    made = a_registration(status=RegistrationStatus.CHECKING)
    await kept(storage, made)
    until, later = NOON + timedelta(seconds=30), NOON + timedelta(seconds=31)

    async def claim(by: str, at: object = NOON) -> bool:
        async with storage.writing() as unit:
            return await unit.registrations.claim(made.id, by, at, until)  # type: ignore[arg-type]

    assert sorted(await asyncio.gather(*(claim(f"process-{each}") for each in range(3)))) == [False, False, True]
    async with storage.reading() as unit:
        assert await unit.registrations.unclaimed(NOON, "me") == {}
        assert await unit.registrations.unclaimed(later, "me") == {made.id: made.owner}
    assert await claim("another", later)
    assert await claim("another")
    assert not await claim("process-9")
    async with storage.reading() as unit:
        assert await unit.registrations.unclaimed(NOON, "another") == {made.id: made.owner}
    async with storage.writing() as unit:
        await unit.registrations.release(made.id, "another")
        assert await unit.registrations.unclaimed(NOON, "me") == {made.id: made.owner}


async def test_a_page_is_of_one_owner_or_of_all_oldest_first(storage: SqlStorage) -> None:
    made = [await kept(storage, a_registration(f"p{each}", "acme" if each % 2 else None)) for each in range(5)]
    ids = [each.id for each in made]

    async with storage.reading() as unit:
        assert [each.id for each in await unit.registrations.page(None, 9, None)] == ids
        assert [each.id for each in await unit.registrations.page("acme", 9, None)] == [ids[1], ids[3]]
        assert [each.id for each in await unit.registrations.page(None, 2, ids[1])] == ids[2:4]
        assert await unit.registrations.count("acme") == 2
        assert await unit.registrations.count(None) == 3


async def test_each_change_raises_the_number_and_wakes(storage: SqlStorage, wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("providers") as waiter:
        made = await kept(storage, a_registration())
        assert await waiter.wait(1)
    async with storage.reading() as unit:
        assert await unit.registrations.number() == 1
        assert await unit.registrations.revisions() == {made.id: 1}

    async def fail() -> None:
        async with storage.writing() as unit:
            await unit.registrations.save(made)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with storage.reading() as unit:
        assert await unit.registrations.number() == 1


async def test_only_what_was_found_good_serves(storage: SqlStorage) -> None:
    await kept(storage, a_registration("draft"))
    active = await kept(storage, a_registration("active"), active=True)
    checking = await kept(storage, a_registration("checking"), active=True)
    checking = checking.checking()
    async with storage.writing() as unit:
        await unit.registrations.save(checking, SealedConnections("old", "new"))
    gone = await kept(storage, a_registration("gone"), active=True)
    await removed(storage, gone)

    async with storage.writing() as unit:
        serving = await unit.registrations.serving()
        standing = await unit.registrations.standing(["draft", "active", "checking", "gone", "unheard-of"])

    assert serving == [(active, "sealed"), (checking, "old")]
    assert sorted(standing, key=lambda each: each.slug) == [
        StandingProvider("active", RegistrationStatus.ACTIVE),
        StandingProvider("checking", RegistrationStatus.ACTIVE),
        StandingProvider("draft", RegistrationStatus.DRAFT),
        StandingProvider("gone", None),
    ]


@pytest.mark.parametrize(
    ("order_state", "item_state", "has_product", "expected"),
    [
        (OrderState.IN_PROGRESS, OrderItemState.IN_PROGRESS, False, (True, False)),
        (OrderState.COMPLETED, OrderItemState.COMPLETED, True, (False, True)),
        (OrderState.FAILED, OrderItemState.CANCELLED, True, (False, False)),
        (OrderState.FAILED, OrderItemState.FAILED, False, (False, False)),
    ],
)
async def test_a_provider_is_in_use_while_an_order_is_open_or_a_product_is_there(
    storage: SqlStorage,
    order_state: OrderState,
    item_state: OrderItemState,
    has_product: bool,
    expected: tuple[bool, bool],
) -> None:
    order = an_order(await a_customer(storage), providers=("acme-fibre",))
    product = OrderedProduct("p", "p", "Fibre", ProductStatus.ACTIVE) if has_product else None
    item = dataclasses.replace(order.items[0], state=item_state, product=product)
    async with storage.writing() as unit:
        await unit.orders.add(dataclasses.replace(order, state=order_state, items=(item,)))

    async with storage.reading() as unit:
        assert await unit.registrations.is_in_use("acme-fibre") == expected
        assert await unit.registrations.is_in_use("nordnet") == (False, False)
