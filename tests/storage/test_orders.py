"""Orders, their items and steps; bundles; idempotency keys; the inbox; places and provider accounts."""

import asyncio
import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from gateway.domain.engagement import Notification
from gateway.domain.identity import own_key, provider_id
from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.orders import Cancellation, Hold, Order, OrderedProduct
from gateway.domain.ordering.states import CancellationState, OrderItemState, OrderState
from gateway.domain.parties import Address, ProviderAccountState, Site
from gateway.ports import IdempotencyRecord
from gateway.ports.steps import StepRecord
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from tests.clock import NOON, SettableClock
from tests.samples import a_bundle, a_customer, an_order, new_id
from tests.storage.conftest import needs_postgres


async def test_an_order_comes_back_as_it_was_saved(storage: SqlStorage) -> None:
    order = an_order(await a_customer(storage))
    product = OrderedProduct(provider_id("Product", "nordnet", "p/1:é"), "p/1:é", "Fibre", ProductStatus.ACTIVE)
    items = (
        dataclasses.replace(order.items[0], state=OrderItemState.COMPLETED, order_ref="r-1", product=product),
        dataclasses.replace(order.items[1], state=OrderItemState.HELD, hold=Hold("TIMEOUT", NOON, {"a": "b"})),
    )
    cancellation = Cancellation(new_id("Cancellation"), order.id, CancellationState.IN_PROGRESS, NOON, "moved \0 house")
    changed = dataclasses.replace(order, state=OrderState.HELD, items=items, cancellations=(cancellation,))

    async with storage.writing() as unit:
        await unit.orders.add(order)
    async with storage.writing() as unit:
        assert await unit.orders.get(order.id, lock=True) == order
        await unit.orders.save(changed)

    async with storage.reading() as unit:
        assert await unit.orders.get(order.id) == changed
        assert await unit.orders.by_products(order.customer_id, [product.id, "another"]) == {product.id: order.id}
        assert await unit.orders.by_products(new_id("Customer"), [product.id]) == {}


@pytest.mark.requirement("F11")
async def test_pages_go_from_the_newest_to_the_oldest_without_gap_or_repeat(storage: SqlStorage) -> None:
    customer, other = await a_customer(storage), await a_customer(storage, "lars")
    orders = [an_order(customer, NOON + timedelta(seconds=second // 2)) for second in range(7)]
    async with storage.writing() as unit:
        for order in [*orders, an_order(other)]:
            await unit.orders.add(order)

    found: list[Order] = []
    after = None
    async with storage.reading() as unit:
        while page := await unit.orders.page(customer, 3, after):
            found.extend(page)
            after = (page[-1].placed_at, page[-1].id)

    assert found == sorted(orders, key=lambda order: (order.placed_at, own_key("Order", order.id)), reverse=True)


async def test_only_orders_that_can_go_on_are_open(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    older, newer = an_order(customer), an_order(customer, NOON + timedelta(hours=1))
    done = dataclasses.replace(an_order(customer), state=OrderState.COMPLETED)

    async with storage.writing() as unit:
        for order in (newer, done, older):
            await unit.orders.add(order)

    async with storage.reading() as unit:
        assert await unit.orders.open_ids() == [older.id, newer.id]
        assert await unit.orders.open_by_state() == {OrderState.ACKNOWLEDGED: 2}


async def test_what_is_not_held_locked_is_not_saved(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    order, bundle = an_order(customer), a_bundle(customer)
    async with storage.writing() as unit:
        await unit.orders.add(order)
        await unit.bundles.add(bundle)

    async with storage.writing() as unit:
        await unit.orders.get(order.id)
        await unit.bundles.get(bundle.id)
        with pytest.raises(RuntimeError, match="locked"):
            await unit.orders.save(order)
        with pytest.raises(RuntimeError, match="locked"):
            await unit.bundles.save(bundle)


async def test_changes_of_one_bundle_wait_for_each_other(storage: SqlStorage) -> None:
    bundle = a_bundle(await a_customer(storage))
    async with storage.writing() as unit:
        await unit.bundles.add(bundle)

    async def raise_revision() -> None:
        async with storage.writing() as unit:
            held = await unit.bundles.get(bundle.id, lock=True)
            assert held is not None
            await asyncio.sleep(0.005)
            await unit.bundles.save(dataclasses.replace(held, revision=held.revision + 1))

    await asyncio.gather(*(raise_revision() for _ in range(12)))

    async with storage.reading() as unit:
        assert await unit.bundles.get(bundle.id) == dataclasses.replace(bundle, revision=13)


async def test_changes_of_one_order_wait_for_each_other(storage: SqlStorage) -> None:
    order = an_order(await a_customer(storage))
    async with storage.writing() as unit:
        await unit.orders.add(order)

    async def try_again(position: int) -> None:
        async with storage.writing() as unit:
            held = await unit.orders.get(order.id, lock=True)
            assert held is not None
            await asyncio.sleep(0.005)
            tried = dataclasses.replace(held.items[position], tries=held.items[position].tries + 1)
            items = tuple(tried if item.id == tried.id else item for item in held.items)
            await unit.orders.save(dataclasses.replace(held, items=items))

    await asyncio.gather(*(try_again(turn % 2) for turn in range(12)))

    async with storage.reading() as unit:
        kept = await unit.orders.get(order.id)
    assert kept is not None
    assert [item.tries for item in kept.items] == [6, 6]


async def a_kept_order(storage: SqlStorage) -> Order:
    """A new one, as the store has it."""
    order = an_order(await a_customer(storage))
    async with storage.writing() as unit:
        await unit.orders.add(order)
    async with storage.reading() as unit:
        kept = await unit.orders.get(order.id)
    assert kept is not None
    return kept


@needs_postgres
async def test_an_order_is_saved_over_what_is_known_of_it_only_while_that_stands(new_postgres: str) -> None:
    async with open_storage(new_postgres, MemoryWakeUps(), SettableClock(), None) as storage:
        read = await a_kept_order(storage)
        items = (dataclasses.replace(read.items[0], tries=1), *read.items[1:])
        first = dataclasses.replace(read, items=items, last_sequence=4)
        second = dataclasses.replace(first, state=OrderState.HELD)

        async with storage.writing() as unit:
            written = await unit.orders.save_over(read, first)
        async with storage.writing() as unit:
            late = await unit.orders.save_over(read, dataclasses.replace(read, state=OrderState.FAILED))
        assert written is not None
        async with storage.writing() as unit:
            again = await unit.orders.save_over(written, second)

        async with storage.reading() as unit:
            kept = await unit.orders.get(read.id)
    assert (written, late, again, kept) == (first, None, second, second)
    assert kept is not None
    assert again is not None
    assert read.mark != written.mark != again.mark == kept.mark


async def test_of_a_store_that_sets_no_mark_no_order_is_saved_over(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/gateway.db", MemoryWakeUps(), SettableClock(), None) as storage:
        read = await a_kept_order(storage)
        async with storage.writing() as unit:
            saved = await unit.orders.save_over(read, dataclasses.replace(read, state=OrderState.FAILED))

        async with storage.reading() as unit:
            kept = await unit.orders.get(read.id)
    assert (read.mark, saved, kept) == (None, None, read)


async def test_of_many_uses_of_one_idempotency_key_one_wins(storage: SqlStorage) -> None:
    customer, other = await a_customer(storage), await a_customer(storage, "lars")

    async def use(turn: int) -> bool:
        record = IdempotencyRecord(customer, "placeOrder", "k", f"digest {turn}", new_id("Order"))
        async with storage.writing() as unit:
            return await unit.idempotency.add(record, NOON)

    won = await asyncio.gather(*(use(turn) for turn in range(8)))

    async with storage.reading() as unit:
        kept = await unit.idempotency.find(customer, "placeOrder", "k")
        assert await unit.idempotency.find(other, "placeOrder", "k") is None
        assert await unit.idempotency.find(customer, "cancelOrder", "k") is None
    assert sum(won) == 1
    assert kept is not None
    assert kept.input_digest == f"digest {won.index(True)}"


async def test_a_step_is_kept_before_it_is_sent_and_again_with_its_outcome(storage: SqlStorage) -> None:
    order = an_order(await a_customer(storage))
    sent = StepRecord(order.items[0].id, "place", 1, order.items[0].key("place"), NOON)
    answered = dataclasses.replace(sent, ended_at=NOON + timedelta(seconds=2), outcome="done", detail="r-1")
    other = StepRecord(order.items[1].id, "place", 1, order.items[1].key("place"), NOON + timedelta(seconds=1))

    async with storage.writing() as unit:
        await unit.orders.add(order)
        for record in (other, sent, answered):
            await unit.orders.record_step(order.id, record)

    async with storage.reading() as unit:
        assert await unit.orders.steps(order.id) == [answered, other]


async def test_the_workflow_starts_in_the_orders_own_transaction(
    emptied_url: str, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    started: list[tuple[str, int]] = []

    def starter(connection: Connection, order_id: str) -> None:
        started.append((order_id, connection.execute(text("SELECT count(*) FROM customer_order")).scalar_one()))

    async with open_storage(emptied_url, wakeups, clock, starter) as storage:
        order = an_order(await a_customer(storage))
        async with storage.writing() as unit:
            await unit.orders.add(order)
            await unit.orders.start(order.id)

    assert started == [(order.id, 1)]


async def test_without_a_starter_no_order_is_started(storage: SqlStorage) -> None:
    with pytest.raises(RuntimeError, match="starter"):
        async with storage.writing() as unit:
            await unit.orders.start(new_id("Order"))


@pytest.mark.requirement("V9")
async def test_a_notice_comes_once_and_is_read_once(storage: SqlStorage) -> None:
    customer, order = await a_customer(storage), new_id("Order")
    notice = Notification(new_id("Notification"), customer, NOON, "ORDER_COMPLETED", {"name": "TV"}, order)
    again = dataclasses.replace(notice, id=new_id("Notification"))
    newer = dataclasses.replace(again, code="ORDER_HELD", occurred_at=NOON + timedelta(minutes=1))

    async with storage.writing() as unit:
        kept = [await unit.notifications.add(each) for each in (notice, again, newer)]
        await unit.notifications.mark_read(notice.id, NOON)
        await unit.notifications.mark_read(notice.id, NOON + timedelta(days=1))

    read = dataclasses.replace(notice, read_at=NOON)
    async with storage.reading() as unit:
        assert kept == [True, False, True]
        assert await unit.notifications.page(customer, 10, None) == [newer, read]
        assert await unit.notifications.page(customer, 10, (newer.occurred_at, newer.id)) == [read]
        assert await unit.notifications.get(notice.id) == read
        assert await unit.notifications.get(new_id("Notification")) is None


@pytest.mark.requirement("R9")
async def test_a_customer_has_one_pseudonym_for_each_provider_for_ever(storage: SqlStorage) -> None:
    customer, other = await a_customer(storage), await a_customer(storage, "lars")

    async def ref(of: str, provider: str) -> str:
        async with storage.writing() as unit:
            account = await unit.accounts.provider_account(of, provider)
        assert account.state is ProviderAccountState.PSEUDONYMOUS
        return account.ref

    refs = await asyncio.gather(*(ref(customer, "nordnet") for _ in range(5)))
    others = {await ref(customer, "filmhaus"), await ref(other, "nordnet")}

    async with storage.reading() as unit:
        accounts = await unit.accounts.provider_accounts(customer)
    assert len(set(refs)) == 1
    assert len({*refs, *others}) == 3
    assert [account.provider for account in accounts] == ["filmhaus", "nordnet"]


async def test_places_are_kept_by_name(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    address = Address("Storgatan", "11122", "Stockholm", "SE", "1")
    home, cabin = (Site(new_id("Site"), customer, name, address) for name in ("Home", "Cabin"))

    async with storage.writing() as unit:
        await unit.accounts.add_site(home)
        await unit.accounts.add_site(cabin)

    async with storage.reading() as unit:
        assert await unit.accounts.sites(customer) == [cabin, home]
        assert await unit.accounts.site(home.id) == home
        assert await unit.accounts.site(customer) is None
        assert await unit.accounts.sites(new_id("Customer")) == []


async def test_what_can_be_no_products_id_is_of_no_order(storage: SqlStorage) -> None:
    customer = await a_customer(storage)

    async with storage.reading() as unit:
        assert await unit.orders.by_products(customer, ["\0", "another\0"]) == {}
