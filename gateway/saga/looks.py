"""Looks at a provider before a person decides: what the last attempt did there, and what is there of an item.

It asks by the key, or the reference, that is stored, and changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.contract.ordering import Ordering, ProviderOrder
from gateway.contract.provider import Provider
from gateway.domain.errors import NotOffered, Unavailable
from gateway.domain.inventory import GONE_STATUSES
from gateway.domain.ordering.orders import OrderItem
from gateway.domain.ordering.states import ItemPhase, OrderItemState
from gateway.federation.directory import Directory
from gateway.saga.plan import Step

_ENDED = frozenset({OrderItemState.FAILED, OrderItemState.REJECTED, OrderItemState.CANCELLED})


class Left(StrEnum):
    """What is at the provider of an item."""

    NOTHING = "NOTHING"
    ORDERED = "ORDERED"
    DELIVERED = "DELIVERED"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    `has_acted`: the last attempt did something that lasts, so the next one must not be a new one. `ref` is the
    provider's reference of the order that it made, where it made one.
    """

    left: Left
    has_acted: bool
    ref: str | None = None


async def look(directory: Directory, item: OrderItem) -> Look:
    """What the provider has of the item now. Raises: ProviderError where it can't tell."""
    if item.phase is ItemPhase.CANCELLING:
        return await _cancelling(_ordering(directory, item), item)
    if item.phase in {ItemPhase.PLACING, ItemPhase.TRACKING}:
        return _placed(await _order(directory, item, Step.PLACE, item.order_ref))
    if item.phase in {ItemPhase.REMOVING, ItemPhase.REMOVAL_TRACKING}:
        return await _removing(directory, item, await _order(directory, item, Step.REMOVE, item.removal_ref))
    if item.phase in {ItemPhase.ACTIVATING, ItemPhase.DONE}:
        return Look(await _product_left(directory, item), has_acted=True)
    return Look(Left.NOTHING, has_acted=False)


async def _order(directory: Directory, item: OrderItem, step: Step, ref: str | None) -> ProviderOrder | None:
    """By the key of the present attempt; in a phase that knows what it made, by the reference of that."""
    ordering = _ordering(directory, item)
    if item.phase in {ItemPhase.TRACKING, ItemPhase.REMOVAL_TRACKING}:
        return await ordering.track(ref or "")
    return await ordering.find(item.key(step))


def _provider(directory: Directory, item: OrderItem) -> Provider:
    provider = directory.provider(item.provider)
    if provider is None:
        raise Unavailable(item.provider, "ordering", "not connected")
    return provider


def _ordering(directory: Directory, item: OrderItem) -> Ordering:
    ordering = _provider(directory, item).ordering
    if ordering is None:
        raise NotOffered(item.provider, "ordering")
    return ordering


def _placed(found: ProviderOrder | None) -> Look:
    if found is None:
        return Look(Left.NOTHING, has_acted=False)
    if found.state in _ENDED:
        return Look(Left.NOTHING, has_acted=False, ref=found.ref)
    is_delivered = found.state is OrderItemState.COMPLETED
    return Look(Left.DELIVERED if is_delivered else Left.ORDERED, has_acted=True, ref=found.ref)


async def _cancelling(ordering: Ordering, item: OrderItem) -> Look:
    placed = _placed(await ordering.track(item.order_ref or ""))
    if placed.left is not Left.ORDERED:
        return Look(placed.left, has_acted=True, ref=placed.ref)
    asked = await ordering.cancellation(item.order_ref or "")
    return Look(Left.ORDERED, has_acted=asked is not None, ref=placed.ref)


async def _removing(directory: Directory, item: OrderItem, found: ProviderOrder | None) -> Look:
    if found is not None and found.state is OrderItemState.COMPLETED:
        return Look(Left.NOTHING, has_acted=True, ref=found.ref)
    left = await _product_left(directory, item)
    has_acted = found is not None and found.state not in _ENDED
    return Look(left, has_acted, found.ref if found else None)


async def _product_left(directory: Directory, item: OrderItem) -> Left:
    """A product that can't be found is not believed to be gone: its order says that it was delivered."""
    inventory = _provider(directory, item).inventory
    if inventory is None:
        raise NotOffered(item.provider, "inventory")
    product = await inventory.product(item.product.ref) if item.product else None
    return Left.NOTHING if product is not None and product.status in GONE_STATUSES else Left.DELIVERED
