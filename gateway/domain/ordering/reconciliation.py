"""Where what we keep and what a provider keeps differ: pure comparisons of one customer's account there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.inventory import GONE_STATUSES, Product, ProductStatus
from gateway.domain.ordering.orders import OrderItem
from gateway.domain.ordering.states import FINAL_ITEM_STATES, ItemPhase, OrderItemState
from gateway.domain.parties import ProviderAccount


class DifferenceKind(StrEnum):
    """What differs, by who lacks what."""

    PRODUCT_NOT_ORDERED = "PRODUCT_NOT_ORDERED"
    """The provider has a product for the party that no order of ours made."""
    PRODUCT_MISSING = "PRODUCT_MISSING"
    """We believe a product active that the provider lacks."""
    PRODUCT_STATE = "PRODUCT_STATE"
    """The provider has the product in another state than we believe."""
    ORDER_MISSING = "ORDER_MISSING"
    """The provider lacks an order of ours."""
    ORDER_STATE = "ORDER_STATE"
    """The provider has the order in another state than we believe."""
    ORDER_UNKNOWN = "ORDER_UNKNOWN"
    """The provider has an order under a key of ours that we know nothing of."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `ref` is the provider's; `ours` and `theirs` are states, None for what is not there at all."""

    kind: DifferenceKind
    provider: str
    party: str
    ref: str
    order_id: str | None = None
    item_id: str | None = None
    ours: str | None = None
    theirs: str | None = None


_UNDONE = FINAL_ITEM_STATES - {OrderItemState.COMPLETED}
# What became of an order that made nothing.
HARMLESS = frozenset({OrderItemState.CANCELLED, OrderItemState.FAILED, OrderItemState.REJECTED})


def product_differences(
    account: ProviderAccount, items: Sequence[OrderItem], products: Iterable[Product], found_orders: Iterable[str] = ()
) -> list[Difference]:
    """What differs in the products of that account.

    `items` are all of the customer's at that provider; `found_orders` are the provider's orders that are told of
    already: what they made is no other difference.
    """
    own = {each.ref: each for each in products if each.party == account.ref}
    made = {each.product.ref for each in items if each.product is not None}
    orders = {ref for each in items for ref in (each.order_ref, each.removal_ref) if ref} | set(found_orders)
    found = [
        Difference(DifferenceKind.PRODUCT_NOT_ORDERED, account.provider, account.ref, each.ref, theirs=each.status)
        for each in own.values()
        if each.ref not in made and not orders & set(each.order_refs)
    ]
    return found + [
        each for item in items if item.party == account.ref and (each := _product_difference(item, own)) is not None
    ]


def _product_difference(item: OrderItem, own: dict[str, Product]) -> Difference | None:
    if item.product is None:
        return None
    theirs = own.get(item.product.ref)
    if item.phase is ItemPhase.DONE and item.product.status is ProductStatus.ACTIVE:
        if theirs is None:
            return _of(item, DifferenceKind.PRODUCT_MISSING, item.product.ref, ProductStatus.ACTIVE, None)
        if theirs.status is not ProductStatus.ACTIVE:
            return _of(item, DifferenceKind.PRODUCT_STATE, theirs.ref, ProductStatus.ACTIVE, theirs.status)
    if item.state in _UNDONE and item.phase is ItemPhase.ENDED and theirs and theirs.status not in GONE_STATUSES:
        return _of(item, DifferenceKind.PRODUCT_STATE, theirs.ref, item.state, theirs.status)
    return None


def order_difference(item: OrderItem, ref: str, theirs: OrderItemState | None) -> Difference | None:
    """What differs in that order of the item's (the one that made its product, or that ends it); None: they agree.

    `theirs` is None where the provider lacks it. An item under way agrees with whatever can follow.
    """
    if theirs is None:
        return _of(item, DifferenceKind.ORDER_MISSING, ref, item.state, None)
    if ref == item.order_ref and theirs not in _expected(item):
        return _of(item, DifferenceKind.ORDER_STATE, ref, item.state, theirs)
    return None


def unknown_order(item: OrderItem, ref: str, theirs: OrderItemState) -> Difference | None:
    """The provider has it by a key of the item's, and the item does not have it; None: it made nothing."""
    if theirs in HARMLESS:
        return None
    return _of(item, DifferenceKind.ORDER_UNKNOWN, ref, item.state, theirs)


def _expected(item: OrderItem) -> frozenset[OrderItemState]:
    completed = frozenset({OrderItemState.COMPLETED})
    if item.phase in {ItemPhase.DONE, ItemPhase.ACTIVATING, ItemPhase.REMOVING, ItemPhase.REMOVAL_TRACKING}:
        return completed
    if item.phase is ItemPhase.TRACKING:
        return frozenset(OrderItemState) - FINAL_ITEM_STATES
    if item.phase is ItemPhase.ENDED:
        # Where there was a product, the order was complete once, and what became of the product is another question.
        return HARMLESS | (completed if item.product is not None else frozenset())
    return frozenset(OrderItemState)


def _of(item: OrderItem, kind: DifferenceKind, ref: str, ours: str, theirs: str | None) -> Difference:
    return Difference(kind, item.provider, item.party, ref, item.order_id, item.id, ours, theirs)
