"""Operations decides about held orders: a look comes first, nothing is done twice, nothing delivered is lost."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import AccessError, RequestError
from gateway.domain.ordering.reasons import FailureCode, HoldCode
from gateway.domain.ordering.states import CompletionPolicy, ItemPhase, OrderItemState, OrderState
from gateway.domain.parties import Caller, ServiceClient
from gateway.saga import changes
from gateway.saga.driver import drive
from gateway.saga.ledger import Learnt, write_learnt
from gateway.usecases.interventions import ItemIntervention, OrderIntervention, fail_order, retry_item, skip_item
from gateway.usecases.ordering import RetryOrderItem, retry_order_item
from tests.operations_view.deciding import CLIENT_ID, OPERATIONS, Desk, open_desk, refused
from tests.saga.world import ACCESS, CONTENT, SERVICE, SETTLES_S, item_of, states

ALL, BEST = CompletionPolicy.ALL_OR_NOTHING, CompletionPolicy.BEST_EFFORT
AWAY: dict[str, Any] = {"kind": "status", "status": 503}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.mark.requirement("R7")
async def test_a_retry_is_a_new_attempt_with_a_new_key_where_the_last_one_did_nothing(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)

    await desk.retry(order, CONTENT, reason="The provider is back", key="a")
    order = await desk.world.run_to_final(order)

    assert order.state is OrderState.COMPLETED
    item = item_of(order, CONTENT)
    steps = [each for each in await desk.steps(order) if each.item_id == item.id]
    assert [(each.step, each.attempt, each.outcome) for each in steps] == [
        ("place", 1, "NOTHING"),
        ("retry", 1, "NEW_ATTEMPT"),
        ("place", 2, "PLACED"),
    ]
    assert [steps[0].key[-2:], steps[2].key[-2:]] == ["/1", "/2"]
    assert steps[0].inputs == {"offering": "film-bas", "quantity": "1"}
    assert (steps[1].detail, steps[1].inputs) == ("The provider is back", {"by": CLIENT_ID})
    assert (await desk.world.counts(CONTENT))["ordersByExternalId"] == {steps[2].key: 1}
    await desk.world.check_nothing_is_twice()
    await desk.world.check_history(order)


@pytest.mark.requirement("R7", "S4")
async def test_each_action_is_audited_with_who_did_it_and_to_what(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)

    await desk.retry(order, CONTENT)
    await desk.fail(order)

    assert [(each.kind, each.actor_id, each.subject, each.params) for each in await desk.told()] == [
        ("ORDER_ITEM_RETRIED", CLIENT_ID, order.id, {"outcome": "NEW_ATTEMPT", "item": item_of(order, CONTENT).id}),
        ("ORDER_GIVEN_UP", CLIENT_ID, order.id, {"outcome": "GIVEN_UP"}),
    ]


@pytest.mark.requirement("R7", "S4")
async def test_a_customer_s_own_retry_is_audited_for_the_customer_once(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)
    manager, item = await desk.manager(), item_of(order, CONTENT)

    for key in ("a", "a"):
        await retry_order_item(desk.core, manager, RetryOrderItem(order.id, item.id, key))
    with pytest.raises(RequestError, match="NOT_HELD"):
        await retry_order_item(desk.core, manager, RetryOrderItem(order.id, item.id, "b"))

    assert manager.actor is not None
    assert [(each.kind, each.actor_id, each.customer_id, each.subject, each.params) for each in await desk.told()] == [
        (
            "ORDER_ITEM_RETRIED",
            manager.actor.id,
            order.customer_id,
            order.id,
            {"item": item.id, "outcome": "CONTINUED"},
        )
    ]


@pytest.mark.requirement("R7")
async def test_a_retry_takes_what_the_last_attempt_did_though_nobody_knew_of_it(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", "drop_after")
    await desk.world.fault(CONTENT, "productOrder.list", "nonsense")
    order = await desk.held()
    assert item_of(order, CONTENT).order_ref is None
    await desk.world.mend(CONTENT)

    order = await desk.retry(order, CONTENT)
    assert (item_of(order, CONTENT).phase, item_of(order, CONTENT).attempt) == (ItemPhase.TRACKING, 1)
    order = await desk.world.run_to_final(order)

    assert order.state is OrderState.COMPLETED
    assert (await desk.world.counts(CONTENT))["products"] == {"active": 1}
    await desk.world.check_nothing_is_twice()


@pytest.mark.parametrize("verb", ["retry", "skip"])
async def test_where_the_look_can_not_answer_nothing_changes(desk: Desk, verb: str) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", "drop_after")
    await desk.world.fault(CONTENT, "productOrder.create", "never_finish")
    await desk.world.fault(CONTENT, "productOrder.list", "nonsense")
    order = await desk.held()

    async with refused(desk, order, "LOOK_FAILED", "itemId"):
        await getattr(desk, verb)(order, CONTENT, key="a")

    await desk.world.mend(CONTENT)
    order = await getattr(desk, verb)(order, CONTENT, key="a")
    assert item_of(order, CONTENT).hold is None


async def test_a_delivery_that_takes_long_goes_on_as_it_is_with_a_new_time_limit(desk: Desk) -> None:
    await desk.world.fault(SERVICE, "productOrder.create", "never_finish")
    order = await desk.held()
    before = item_of(order, SERVICE)

    order = await desk.retry(order, SERVICE)

    item = item_of(order, SERVICE)
    assert (item.phase, item.attempt, item.order_ref, item.hold) == (ItemPhase.TRACKING, 1, before.order_ref, None)
    assert item.phase_since > before.phase_since
    assert order.state is OrderState.IN_PROGRESS
    await desk.world.deliver(SERVICE)
    assert (await desk.world.counts(SERVICE))["orders"] == {"inProgress": 1}


async def test_an_undo_that_was_refused_is_asked_for_again_under_a_new_key(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", "reject")
    await desk.world.fault(SERVICE, "productOrder.create", "reject", match='"delete"')
    order = await desk.held()
    assert [each.code for each in [item_of(order, SERVICE).hold] if each] == [HoldCode.UNDO_REFUSED]
    async with refused(desk, order, "ALREADY_DELIVERED", "itemId"):
        await desk.skip(order, SERVICE)
    await desk.world.mend(SERVICE)

    await desk.retry(order, SERVICE)
    order = await desk.world.run_to_final(order)

    assert order.state is OrderState.FAILED
    assert item_of(order, SERVICE).attempt == 2
    assert await desk.world.products() == {ACCESS: {"terminated": 1}, SERVICE: {"terminated": 1}, CONTENT: {}}


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    ("policy", "state", "products"),
    [
        (ALL, OrderState.FAILED, {ACCESS: {"terminated": 1}, SERVICE: {}, CONTENT: {}}),
        (BEST, OrderState.PARTIAL, {ACCESS: {"active": 1}, SERVICE: {}, CONTENT: {}}),
    ],
)
async def test_what_is_skipped_is_cancelled_at_its_provider_and_the_rest_goes_by_the_policy(
    desk: Desk, policy: CompletionPolicy, state: OrderState, products: dict[str, dict[str, int]]
) -> None:
    await desk.world.fault(SERVICE, "productOrder.create", "never_finish")
    order = await desk.held(policy)

    order = await desk.skip(order, SERVICE)
    assert item_of(order, SERVICE).state is OrderItemState.PENDING_CANCELLATION
    order = await desk.world.run_to_final(order)

    assert order.state is state
    assert await desk.world.products() == products
    assert (await desk.world.counts(SERVICE))["orders"] == {"cancelled": 1}
    failure = item_of(order, SERVICE).failure
    assert failure is not None
    assert (failure.code, item_of(order, SERVICE).state) == (FailureCode.GIVEN_UP, OrderItemState.FAILED)
    await desk.world.check_history(order)


async def test_what_never_reached_its_provider_is_skipped_at_once(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held(BEST)

    order = await desk.skip(order, CONTENT)

    assert order.state is OrderState.PARTIAL
    assert states(order) == {
        SERVICE: OrderItemState.COMPLETED, ACCESS: OrderItemState.COMPLETED, CONTENT: OrderItemState.FAILED
    }  # fmt: skip
    assert (await desk.world.counts(CONTENT))["orders"] == {}
    reasons = [each.reason.code for each in await desk.world.events(order) if each.reason]
    assert reasons == [HoldCode.PROVIDER_OUTCOME_UNKNOWN, FailureCode.GIVEN_UP]
    await desk.world.check_history(order)


async def test_what_is_delivered_is_not_skipped(desk: Desk) -> None:
    await desk.world.fault(SERVICE, "product.get", "status", status=404)
    order = await desk.held(BEST)
    assert item_of(order, SERVICE).phase is ItemPhase.ACTIVATING

    async with refused(desk, order, "ALREADY_DELIVERED", "itemId"):
        await desk.skip(order, SERVICE)

    await desk.world.mend(SERVICE)
    order = await desk.world.run_to_final(order)
    assert order.state is OrderState.COMPLETED


async def test_what_the_provider_delivered_unseen_is_not_skipped(tmp_path: Path) -> None:
    unasked: dict[str, Any] = {"delivery_min_s": 3600.0, "delivery_max_s": 3600.0}
    async with open_desk(tmp_path, **unasked) as desk:
        order = await desk.held(BEST)
        assert item_of(order, ACCESS).phase is ItemPhase.TRACKING
        await desk.world.deliver(ACCESS)

        async with refused(desk, order, "ALREADY_DELIVERED", "itemId"):
            await desk.skip(order, ACCESS)

        assert (await desk.world.counts(ACCESS))["products"] == {"active": 1}


async def test_what_is_skipped_and_delivered_all_the_same_has_not_failed(tmp_path: Path) -> None:
    slow: dict[str, Any] = {"delivery_min_s": 3600.0, "delivery_max_s": 3600.0, "point_of_no_return": 0.0}
    async with open_desk(tmp_path, **slow) as desk:
        order = await desk.held(BEST)
        driving = asyncio.create_task(drive(desk.world.work, order.id))

        await desk.skip(order, ACCESS)
        order = await desk.world.until(order, lambda now: item_of(now, ACCESS).is_cancel_refused)
        for slug in (ACCESS, SERVICE, CONTENT):
            await desk.world.until(order, lambda now, at=slug: item_of(now, at).order_ref is not None)
            await desk.world.deliver(slug)
        await driving
        order = await desk.world.read(order)

        assert order.state is OrderState.COMPLETED
        assert item_of(order, ACCESS).failure is None


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("policy", [ALL, BEST])
async def test_an_order_that_is_given_up_is_undone_in_reverse_and_ends_failed(
    desk: Desk, policy: CompletionPolicy
) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", "never_finish")
    order = await desk.held(policy)

    order = await desk.fail(order)
    assert order.state is OrderState.IN_PROGRESS
    order = await desk.world.run_to_final(order)

    assert order.state is OrderState.FAILED
    assert await desk.world.products() == {ACCESS: {"terminated": 1}, SERVICE: {"terminated": 1}, CONTENT: {}}
    events = await desk.world.events(order)
    undone = [each.item_id for each in events if type(each).__name__ == "OrderItemUndone"]
    assert undone == [item_of(order, slug).id for slug in (CONTENT, SERVICE, ACCESS)]
    assert (type(events[-1]).__name__, events[-1].reason.code if events[-1].reason else None) == (
        "OrderFailed", FailureCode.GIVEN_UP
    )  # fmt: skip
    await desk.world.check_nothing_is_twice()
    await desk.world.check_history(order)


async def test_an_order_is_given_up_while_its_driver_is_in_the_middle_of_a_step(desk: Desk) -> None:
    await desk.world.fault(ACCESS, "productOrder.create", "slow", seconds=0.7)
    order = await desk.world.place()
    driving = asyncio.create_task(drive(desk.world.work, order.id))
    order = await desk.world.until(order, lambda now: item_of(now, ACCESS).phase is ItemPhase.PLACING)

    await desk.fail(order)
    await driving
    order = await desk.world.read(order)

    assert order.state is OrderState.FAILED
    assert all("active" not in each for each in (await desk.world.products()).values())
    await desk.world.check_nothing_is_twice()
    await desk.world.check_history(order)


async def test_of_two_who_retry_at_once_one_does_and_the_other_is_told(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)

    both = await asyncio.gather(*(desk.retry(order, CONTENT) for _ in range(2)), return_exceptions=True)

    (refusal,) = [each for each in both if isinstance(each, RequestError)]
    assert {each.code for each in refusal.problems} <= {"NOT_HELD", "CHANGED_MEANWHILE"}
    order = await desk.world.run_to_final(order)
    assert (order.state, item_of(order, CONTENT).attempt) == (OrderState.COMPLETED, 2)
    await desk.world.check_nothing_is_twice()


@pytest.mark.parametrize("verb", ["retry", "skip", "fail"])
async def test_a_driver_that_only_waits_for_a_person_goes_on_at_once(desk: Desk, verb: str) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)
    driving = asyncio.create_task(drive(desk.world.work, order.id))
    await asyncio.sleep(0.5)
    act = desk.fail(order) if verb == "fail" else getattr(desk, verb)(order, CONTENT)

    await act
    await asyncio.wait_for(driving, 15)

    ended = OrderState.COMPLETED if verb == "retry" else OrderState.FAILED
    assert (await desk.world.read(order)).state is ended


@pytest.mark.parametrize("verb", ["retry", "skip", "fail"])
async def test_the_customer_cancels_at_the_same_time(desk: Desk, verb: str) -> None:
    await desk.world.fault(SERVICE, "productOrder.create", "never_finish")
    order = await desk.held()
    act = desk.fail(order) if verb == "fail" else getattr(desk, verb)(order, SERVICE)
    driving = asyncio.create_task(drive(desk.world.work, order.id))

    await asyncio.gather(act, desk.world.cancel(order), return_exceptions=True)
    await asyncio.wait_for(driving, 20)
    order = await desk.world.read(order)

    assert order.state in {OrderState.CANCELLED, OrderState.FAILED}
    assert await desk.world.products() == {ACCESS: {"terminated": 1}, SERVICE: {}, CONTENT: {}}
    await desk.world.check_nothing_is_twice()
    await desk.world.check_history(order)


async def test_the_answer_to_an_earlier_attempt_comes_too_late_to_count(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    earlier = item_of(order, CONTENT)
    await desk.world.mend(CONTENT)
    await desk.retry(order, CONTENT)
    now = desk.world.work.clock.now()
    sent = await write_learnt(
        desk.world.storage,
        order,
        [
            Learnt(
                item_of(await desk.world.read(order), CONTENT),
                lambda o, i: changes.sending(o, i, ItemPhase.PLACING, now),
                now,
            )
        ],
    )
    assert sent is not None

    late = await write_learnt(
        desk.world.storage,
        order,
        [Learnt(earlier, lambda o, i: changes.moved(o, i, ItemPhase.TRACKING, now, order_ref="of attempt 1"), now)],
    )

    assert late is None
    assert item_of(await desk.world.read(order), CONTENT).order_ref is None


async def test_the_same_key_again_changes_nothing_more_and_with_another_input_is_refused(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)
    once = await desk.retry(order, CONTENT, key="a")
    steps = await desk.steps(order)

    again = await desk.retry(order, CONTENT, key="a")

    assert (again, await desk.steps(order), len(await desk.told())) == (once, steps, 1)
    async with refused(desk, order, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey"):
        await desk.retry(order, CONTENT, key="a", reason="Another one")
    given = await desk.fail(order, key="b")
    assert await desk.fail(order, key="b") == given
    async with refused(desk, order, "BEING_UNDONE", "orderId"):
        await desk.fail(order, key="c")


async def test_what_can_not_be_done_is_told_at_its_field(desk: Desk) -> None:
    order = await desk.world.run(await desk.world.place())
    assert order.state is OrderState.COMPLETED
    unknown = ItemIntervention(order.id, order.id, "x", "k")

    async with refused(desk, order, "NOT_HELD", "itemId"):
        await desk.retry(order, CONTENT)
    async with refused(desk, order, "NOT_HELD", "itemId"):
        await desk.skip(order, CONTENT)
    async with refused(desk, order, "ORDER_ENDED", "orderId"):
        await desk.fail(order)
    async with refused(desk, order, "REASON_REQUIRED", "reason"):
        await desk.fail(order, reason=" ")
    async with refused(desk, order, "REASON_TOO_LONG", "reason"):
        await desk.skip(order, CONTENT, reason="x" * 501)
    async with refused(desk, order, "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"):
        await desk.retry(order, CONTENT, key="\n")
    async with refused(desk, order, "NOT_FOUND", "itemId"):
        await retry_item(desk.core, OPERATIONS, unknown)
    async with refused(desk, order, "NOT_FOUND", "orderId"):
        await fail_order(desk.core, OPERATIONS, OrderIntervention("garbage", "x", "k"))


async def test_a_look_that_finds_nothing_is_not_believed_while_the_last_attempt_is_too_young(desk: Desk) -> None:
    await desk.world.fault(CONTENT, "productOrder.create", **AWAY)
    order = await desk.held()
    await desk.world.mend(CONTENT)
    just_sent = dataclasses.replace(item_of(order, CONTENT), sent_at=desk.world.work.clock.now())
    async with desk.world.storage.writing() as uow:
        current = await uow.orders.get(order.id, lock=True)
        assert current is not None
        await uow.orders.save(changes.with_item(current, just_sent))

    async with refused(desk, order, "LOOK_TOO_EARLY", "itemId"):
        await desk.retry(order, CONTENT)

    await asyncio.sleep(SETTLES_S)
    assert item_of(await desk.retry(order, CONTENT), CONTENT).attempt == 2


async def test_who_is_not_of_operations_can_not_decide(desk: Desk) -> None:
    partner = Caller(client=ServiceClient(CLIENT_ID, "partner", frozenset({"providers:write"})))
    order = await desk.world.place()
    asked = ItemIntervention(order.id, order.items[0].id, "x", "k")

    for caller in (Caller(), partner):
        with pytest.raises(AccessError):
            await retry_item(desk.core, caller, asked)
        with pytest.raises(AccessError):
            await skip_item(desk.core, caller, asked)
        with pytest.raises(AccessError):
            await fail_order(desk.core, caller, OrderIntervention(order.id, "x", "k"))

    assert await desk.world.read(order) == order


async def test_what_can_not_be_audited_is_not_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await desk.world.place()
    before = await desk.world.read(order)

    async def fail(*_: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr("gateway.storage.security.SqlSecurityEvents.record", fail)
    with pytest.raises(RuntimeError, match="no room"):
        await desk.fail(order, key="a")
    monkeypatch.undo()

    assert (await desk.world.read(order), await desk.steps(order)) == (before, [])
    assert (await desk.fail(order, key="a")).state is OrderState.FAILED
