"""Orders: place one idempotently, ask for its cancellation, let a held item go on, and read what became of it."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from uuid_utils import uuid7

from gateway.domain.errors import Problem, RequestError
from gateway.domain.identity import own_id, own_key, provider_key, required_key
from gateway.domain.ordering.aggregation import allowed_actions
from gateway.domain.ordering.bundle_rules import Part
from gateway.domain.ordering.bundles import Bundle, BundleItem, BundleState, IssueSeverity
from gateway.domain.ordering.orders import Cancellation, Order, OrderAction, OrderItem
from gateway.domain.ordering.states import (
    CancellationState,
    CompletionPolicy,
    ItemAction,
    ItemIntent,
    ItemPhase,
    OrderItemState,
    OrderState,
)
from gateway.domain.paging import Edge, Page, checked_first, moment_cursor, page_of, read_moment_cursor
from gateway.domain.parties import Caller, SelfServiceFunction
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import NewEvent, UnitOfWork
from gateway.saga import changes
from gateway.saga.driver import drive_topic
from gateway.saga.ledger import write_change
from gateway.usecases import policy
from gateway.usecases.actors import as_kept
from gateway.usecases.agreements import check_agreed
from gateway.usecases.bundles import BundleReview, review_bundle
from gateway.usecases.core import Core
from gateway.usecases.idempotency import checked_key, digest, find_object, keep_object
from gateway.usecases.onboarding import check_takes_orders
from gateway.usecases.scopes import covers, seen_order, thing_ordered, things_of
from gateway.usecases.security_telling import told_by
from gateway.usecases.spending import authorization_for, cost_of

REASON_LIMIT = 500
START_LIMIT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """The input of `placeOrder`."""

    bundle_id: str
    expected_revision: int
    idempotency_key: str
    accepted_term_ids: tuple[str, ...] = ()
    completion_policy: CompletionPolicy = CompletionPolicy.ALL_OR_NOTHING
    requested_start_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """The input of `cancelOrder`."""

    order_id: str
    idempotency_key: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RetryOrderItem:
    """The input of `retryOrderItem`."""

    order_id: str
    item_id: str
    idempotency_key: str


async def place_order(core: Core, caller: Caller, given: PlaceOrder) -> tuple[Order, Bundle]:
    """Orders exactly the revision that was shown, with the terms that were accepted; the same key and input again
    answer the same order.

    Raises: RequestError NOT_FOUND, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, BUNDLE_NOT_OPEN,
    REVISION_MISMATCH, NOT_ORDERABLE (one a blocking issue), TERMS_NOT_ACCEPTED, START_OUT_OF_RANGE,
    SPENDING_LIMIT_EXCEEDED, CURRENCY_MISMATCH, and a refusal's codes; nothing has changed then.
    """
    bundle = await _own_bundle(core, caller, given.bundle_id)
    key, input_digest = checked_key(given.idempotency_key), digest(given)
    async with core.storage.reading() as uow:
        known = await find_object(uow, bundle.customer_id, "placeOrder", key, input_digest)
        if known is not None:
            order, bundle = await _ordered(uow, known, bundle)
            return seen_order(core, caller, order) or dataclasses.replace(order, items=()), bundle
    _check_open(bundle, given.expected_revision)
    _check_start(core, given.requested_start_at)
    review = await review_bundle(core, bundle)
    _check_open(review.bundle, given.expected_revision)
    _check_orderable(review, given.accepted_term_ids)
    async with core.storage.writing() as uow:
        order, bundle = await _place(core, uow, caller, given, review, key, input_digest)
    return seen_order(core, caller, order) or dataclasses.replace(order, items=()), bundle


async def _own_bundle(core: Core, caller: Caller, bundle_id: str) -> Bundle:
    required_key("Bundle", bundle_id, "bundleId")
    async with core.storage.reading() as uow:
        bundle = await uow.bundles.get(bundle_id)
    if bundle is None or not policy.is_member(caller, bundle.customer_id):
        raise RequestError.at("NOT_FOUND", "bundleId")
    policy.require_use(caller, bundle.customer_id, SelfServiceFunction.ORDER, "bundleId")
    if not covers(caller, bundle.customer_id, SelfServiceFunction.ORDER, things_of(core, bundle)):
        raise RequestError.at("NOT_ALLOWED", "bundleId")
    return bundle


def _check_open(bundle: Bundle, expected_revision: int) -> None:
    if bundle.state is not BundleState.OPEN:
        raise RequestError.at("BUNDLE_NOT_OPEN", "bundleId")
    if bundle.revision != expected_revision:
        raise RequestError.at("REVISION_MISMATCH", "expectedRevision", revision=str(bundle.revision))


def _check_start(core: Core, start: datetime | None) -> None:
    now = core.clock.now()
    if start is not None and not now - timedelta(minutes=5) <= start <= now + START_LIMIT:
        raise RequestError.at("START_OUT_OF_RANGE", "requestedStartAt")


def _check_orderable(review: BundleReview, accepted: Sequence[str]) -> None:
    errors = [issue for issue in review.issues if issue.severity is IssueSeverity.ERROR]
    if errors:
        raise RequestError(*(Problem("NOT_ORDERABLE", ("bundleId",), {"issue": issue.code}) for issue in errors))
    missing = [term.name for term in review.terms if term.id not in set(accepted)]
    if missing:
        raise RequestError.at("TERMS_NOT_ACCEPTED", "acceptedTermIds", terms=", ".join(missing))


async def _ordered(uow: UnitOfWork, order_id: str, bundle: Bundle) -> tuple[Order, Bundle]:
    order = await uow.orders.get(order_id)
    if order is None:
        raise RequestError.at("NOT_FOUND", "bundleId")
    return order, await uow.bundles.get(bundle.id) or bundle


async def _place(
    core: Core,
    uow: UnitOfWork,
    caller: Caller,
    given: PlaceOrder,
    review: BundleReview,
    key: str,
    input_digest: str,
) -> tuple[Order, Bundle]:
    bundle = await uow.bundles.get(given.bundle_id, lock=True) or review.bundle
    known = await find_object(uow, bundle.customer_id, "placeOrder", key, input_digest)
    if known is not None:
        return await _ordered(uow, known, bundle)
    _check_open(bundle, given.expected_revision)
    now = core.clock.now()
    await check_takes_orders(core.onboarding, uow, {item.provider for item in bundle.items})
    await check_agreed(core, uow, [Part(item, review.offerings[item.id]) for item in bundle.items])
    # What was found before may have been taken back meanwhile.
    caller = await as_kept(uow, caller)
    things = things_of(core, review.bundle)
    right = await authorization_for(uow, caller, bundle.customer_id, things, review.lines, now)
    order = dataclasses.replace(
        await _new_order(uow, given, review, now),
        placed_by=caller.actor.id if caller.actor else None,
        authorization_id=right.id if right else None,
        cost=cost_of(review.lines),
    )
    await uow.orders.add(order)
    order = await uow.events.append(order, [NewEvent("OrderPlaced")], now)
    await uow.orders.save(order)
    await keep_object(uow, bundle.customer_id, "placeOrder", key, input_digest, order.id, now)
    ordered = dataclasses.replace(
        bundle, state=BundleState.ORDERED, order_id=order.id, revision=bundle.revision + 1, updated_at=now
    )
    await uow.bundles.save(ordered)
    await uow.orders.start(order.id)
    told = told_by(caller, SecurityEventKind.ORDER_PLACED, now, customer_id=bundle.customer_id, subject=order.id)
    await uow.security_events.record(told)
    return order, ordered


async def _new_order(uow: UnitOfWork, given: PlaceOrder, review: BundleReview, now: datetime) -> Order:
    bundle, order_id = review.bundle, own_id("Order", str(uuid7()))
    ids = {item.id: own_id("OrderItem", str(uuid7())) for item in bundle.items}
    parties = await _parties(uow, bundle)
    items = [
        _new_item(review, item, parties[item.provider], order_id, position, ids, now)
        for position, item in enumerate(bundle.items, 1)
    ]
    lies_ahead = given.requested_start_at is not None and given.requested_start_at > now
    return Order(
        id=order_id,
        customer_id=bundle.customer_id,
        bundle_id=bundle.id,
        state=OrderState.PENDING if lies_ahead else OrderState.ACKNOWLEDGED,
        completion_policy=given.completion_policy,
        placed_at=now,
        items=tuple(items),
        place=bundle.place,
        requested_start_at=given.requested_start_at,
        accepted_term_ids=given.accepted_term_ids,
    )


async def _parties(uow: UnitOfWork, bundle: Bundle) -> Mapping[str, str]:
    """What the customer is called at each of the bundle's providers; at a new one from now on."""
    wanted = {item.provider for item in bundle.items}
    parties: dict[str, str] = {}
    for account in await uow.accounts.provider_accounts(bundle.customer_id):
        parties.setdefault(account.provider, account.ref)
    for provider in sorted(wanted - parties.keys()):
        parties[provider] = (await uow.accounts.provider_account(bundle.customer_id, provider)).ref
    return parties


def _new_item(
    review: BundleReview,
    item: BundleItem,
    party: str,
    order_id: str,
    position: int,
    ids: Mapping[str, str],
    now: datetime,
) -> OrderItem:
    found = provider_key("ProductOffering", item.offering_id)
    return OrderItem(
        id=ids[item.id],
        order_id=order_id,
        position=position,
        action=ItemAction.ADD,
        intent=ItemIntent.ORDER,
        state=OrderItemState.ACKNOWLEDGED,
        phase=ItemPhase.QUALIFYING,
        phase_since=now,
        provider=item.provider,
        role=item.role,
        offering_id=item.offering_id,
        offering_name=item.offering_name,
        offering_ref=found[1] if found else "",
        party=party,
        bundle_ref=_bundle_ref(review.bundle, item.provider),
        quantity=item.quantity,
        values={field.key: field.values for field in review.forms[item.id].fields if field.values},
        depends_on=tuple(ids[each] for each in review.depends_on.get(item.id, ())),
        cost=cost_of(review.item_lines.get(item.id, ())),
    )


def _bundle_ref(bundle: Bundle, provider: str) -> str | None:
    """The predefined bundle at its own provider, whose discount it is."""
    found = provider_key("ProductOffering", bundle.offering_id) if bundle.offering_id else None
    return found[1] if found and found[0] == provider else None


async def cancel_order(core: Core, caller: Caller, given: CancelOrder) -> tuple[Cancellation, Order]:
    """Asks for cancellation; the same key and input again answer the same cancellation.

    Raises: RequestError NOT_FOUND, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, NOT_CANCELLABLE, REASON_TOO_LONG,
    and a refusal's codes.
    """
    order = await _own_order(core, caller, given.order_id)
    key, input_digest = checked_key(given.idempotency_key), digest(given)
    if given.reason is not None and len(given.reason) > REASON_LIMIT:
        raise RequestError.at("REASON_TOO_LONG", "reason", maximum=str(REASON_LIMIT))
    async with core.storage.writing() as uow:
        order = await uow.orders.get(order.id, lock=True) or order
        known = await find_object(uow, order.customer_id, "cancelOrder", key, input_digest)
        if known is not None:
            asked = next(each for each in order.cancellations if each.id == known)
        else:
            _check_covers(core, await as_kept(uow, caller), order, order.items)
            if OrderAction.CANCEL not in allowed_actions(order):
                raise RequestError.at("NOT_CANCELLABLE", "orderId", state=order.state)
            asked, order = await _cancel(core, uow, caller, order, given, key, input_digest)
    return asked, seen_order(core, caller, order) or order


async def _cancel(
    core: Core, uow: UnitOfWork, caller: Caller, order: Order, given: CancelOrder, key: str, input_digest: str
) -> tuple[Cancellation, Order]:
    now = core.clock.now()
    asked = Cancellation(
        own_id("Cancellation", str(uuid7())), order.id, CancellationState.ACKNOWLEDGED, now, given.reason
    )
    await keep_object(uow, order.customer_id, "cancelOrder", key, input_digest, asked.id, now)
    order = await write_change(uow, order, changes.cancellation_requested(order, asked), now)
    told = told_by(caller, SecurityEventKind.ORDER_CANCELLED, now, customer_id=order.customer_id, subject=order.id)
    await uow.security_events.record(told)
    uow.wake(drive_topic(order.id))
    return next(each for each in order.cancellations if each.id == asked.id), order


async def retry_order_item(core: Core, caller: Caller, given: RetryOrderItem) -> tuple[OrderItem, Order]:
    """Lets a held item go on, with a new time limit; the same key and input again change nothing more.

    Raises: RequestError NOT_FOUND, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, NOT_HELD, and a refusal's codes.
    """
    seen = order = await _own_order(core, caller, given.order_id)
    key, input_digest = checked_key(given.idempotency_key), digest(given)
    async with core.storage.writing() as uow:
        order = await uow.orders.get(order.id, lock=True) or order
        item = order.item(given.item_id)
        if item is None or seen.item(item.id) is None:
            raise RequestError.at("NOT_FOUND", "itemId")
        if await find_object(uow, order.customer_id, "retryOrderItem", key, input_digest) is not None:
            return item, seen_order(core, caller, order) or order
        _check_covers(core, await as_kept(uow, caller), order, [item])
        if item.hold is None:
            raise RequestError.at("NOT_HELD", "itemId", state=item.state)
        now = core.clock.now()
        await keep_object(uow, order.customer_id, "retryOrderItem", key, input_digest, item.id, now)
        order = await write_change(uow, order, changes.retried(order, item, now), now)
        await uow.security_events.record(_retried(caller, order, item, now))
        uow.wake(drive_topic(order.id))
    return order.item(item.id) or item, seen_order(core, caller, order) or order


def _retried(caller: Caller, order: Order, before: OrderItem, now: datetime) -> NewSecurityEvent:
    after = order.item(before.id) or before
    outcome = "NEW_ATTEMPT" if after.attempt != before.attempt else "CONTINUED"
    kind, told = SecurityEventKind.ORDER_ITEM_RETRIED, {"item": before.id, "outcome": outcome}
    return told_by(caller, kind, now, customer_id=order.customer_id, subject=order.id, **told)


async def _own_order(core: Core, caller: Caller, order_id: str) -> Order:
    """With the items that the caller may see."""
    order = await find_order(core, caller, order_id)
    if order is None:
        raise RequestError.at("NOT_FOUND", "orderId")
    return order


def _check_covers(core: Core, caller: Caller, order: Order, items: Sequence[OrderItem]) -> None:
    """To cancel an order touches all of it, so all of it must be the caller's to order."""
    function = SelfServiceFunction.ORDER
    policy.require_use(caller, order.customer_id, function, "orderId")
    if not covers(caller, order.customer_id, function, (thing_ordered(core, item) for item in items)):
        raise RequestError.at("NOT_ALLOWED", "orderId")


async def find_order(core: Core, caller: Caller, order_id: str) -> Order | None:
    """The order of that global id, with the items that the caller may see; None for an unknown or another's."""
    if own_key("Order", order_id) is None:
        return None
    async with core.storage.reading() as uow:
        order = await uow.orders.get(order_id)
    return seen_order(core, caller, order) if order else None


async def list_orders(
    core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None
) -> Page[Order]:
    """The customer's orders, newest first; a member with narrower scopes gets those with items in these.

    Raises: RequestError NOT_FOUND, PAGE_SIZE, BAD_CURSOR; AccessError.
    """
    policy.require_some(caller, customer_id, SelfServiceFunction.SEE_ORDERS)
    count, kind = checked_first(first), f"orders:{customer_id}"
    place = read_moment_cursor(kind, after)
    orders: list[Order] = []
    async with core.storage.reading() as uow:
        while len(orders) <= count and (more := await uow.orders.page(customer_id, count + 1, place)):
            orders += [seen for each in more if (seen := seen_order(core, caller, each))]
            place = more[-1].placed_at, more[-1].id
    edges = [Edge(moment_cursor(kind, order.placed_at, order.id), order) for order in orders[:count]]
    return page_of(edges, len(orders) > count)


async def orders_of_products(
    core: Core, caller: Caller, customer_id: str, product_ids: Sequence[str]
) -> Mapping[str, Order]:
    """The orders that made these products, by the product's global id; one ordered elsewhere is left out.

    And so is one that the caller may see nothing of.
    """
    async with core.storage.reading() as uow:
        found = await uow.orders.by_products(customer_id, product_ids)
        orders = {order_id: await uow.orders.get(order_id) for order_id in set(found.values())}
    seen = {order_id: seen_order(core, caller, order) for order_id, order in orders.items() if order is not None}
    return {product: order for product, order_id in found.items() if (order := seen.get(order_id)) is not None}
