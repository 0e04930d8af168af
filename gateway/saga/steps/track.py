"""Track and activate.

Reads of the provider's order until it ends, and of its product until it is ACTIVE. Undo: `remove.py`.
"""

from gateway.contract.ordering import ProviderOrder
from gateway.domain.errors import ContractBroken, NotOffered, ProviderError
from gateway.domain.identity import provider_id
from gateway.domain.inventory import GONE_STATUSES, Product, ProductStatus
from gateway.domain.ordering.orders import Failure, Order, OrderedProduct, OrderItem
from gateway.domain.ordering.reasons import FailureCode
from gateway.domain.ordering.states import ItemPhase, OrderItemState
from gateway.saga import changes
from gateway.saga.ledger import with_expected_completion
from gateway.saga.work import Work

_FAILURES = {
    OrderItemState.FAILED: FailureCode.PROVIDER_FAILED,
    OrderItemState.REJECTED: FailureCode.PROVIDER_REJECTED,
    OrderItemState.CANCELLED: FailureCode.PROVIDER_CANCELLED,
}


async def track(work: Work, order: Order, item: OrderItem) -> float:
    """One look at the provider's order; when it is complete, at its product too, so that one write is enough."""
    try:
        found = await work.ordering(item).track(item.order_ref or "")
        if found.state is OrderItemState.COMPLETED:
            return await _delivered(work, order, item, found)
    except ProviderError as error:
        return await work.stalled(order, item, error)
    if found.state in _FAILURES:
        return await ended_by_provider(work, order, item, found)
    if _is_later(order, found):
        await work.write(order, item, lambda o, i: with_expected_completion(o, found.expected_completion_at))
    return await work.waiting(order, item)


def _is_later(order: Order, found: ProviderOrder) -> bool:
    return with_expected_completion(order, found.expected_completion_at) is not order


async def ended_by_provider(work: Work, order: Order, item: OrderItem, found: ProviderOrder) -> float:
    """The provider's order ended without a product: the item failed, and nothing is left of it."""
    failure = Failure(_FAILURES[found.state], {"reason": found.reason or ""}, found.text)
    await work.write(order, item, lambda o, i: changes.failed(o, i, failure, work.clock.now()))
    return 0.0


async def _delivered(work: Work, order: Order, item: OrderItem, found: ProviderOrder) -> float:
    if found.product_ref is None:
        raise ContractBroken(item.provider, "ordering", f"order {found.ref} is complete without a product")
    product = OrderedProduct(
        id=provider_id("Product", item.provider, found.product_ref),
        ref=found.product_ref,
        name=item.offering_name,
        status=ProductStatus.CREATED,
    )
    read = await _read(work, item, found.product_ref)
    if read is not None and read.status is ProductStatus.ACTIVE:
        return await _activated(work, order, item, _snapshot(product, read))
    await work.write(
        order, item, lambda o, i: changes.moved(o, i, ItemPhase.ACTIVATING, work.clock.now(), product=product)
    )
    return 0.0


async def activate(work: Work, order: Order, item: OrderItem) -> float:
    """One look at the product; the item is COMPLETED when it reads ACTIVE."""
    if item.product is None:
        return await work.stalled(order, item, ContractBroken(item.provider, "inventory", "no product"))
    try:
        read = await _read(work, item, item.product.ref)
    except ProviderError as error:
        return await work.stalled(order, item, error)
    if read is None or read.status not in {ProductStatus.ACTIVE, *GONE_STATUSES}:
        return await work.waiting(order, item)
    snapshot = _snapshot(item.product, read)
    if read.status is ProductStatus.ACTIVE:
        return await _activated(work, order, item, snapshot)
    failure = Failure(FailureCode.PROVIDER_FAILED, {"reason": read.provider_status})
    await work.write(order, item, lambda o, i: changes.failed(o, i, failure, work.clock.now()))
    return 0.0


async def _read(work: Work, item: OrderItem, product_ref: str) -> Product | None:
    inventory = work.provider(item).inventory
    if inventory is None:
        raise NotOffered(item.provider, "inventory")
    return await inventory.product(product_ref)


def _snapshot(product: OrderedProduct, read: Product) -> OrderedProduct:
    return OrderedProduct(product.id, product.ref, read.name or product.name, read.status)


async def _activated(work: Work, order: Order, item: OrderItem, product: OrderedProduct) -> float:
    await work.write(order, item, lambda o, i: changes.activated(o, i, product, work.clock.now()))
    return 0.0
