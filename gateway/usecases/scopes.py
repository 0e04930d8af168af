"""What of an order, a bundle or a list a member's scopes cover: the policy decides on each thing in it."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.authorizations import SelfServiceFunction, Thing
from gateway.domain.inventory import Product
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.parties import Caller
from gateway.usecases import policy
from gateway.usecases.core import Core


def thing_sold(core: Core, offering_id: str | None, provider: str, product_id: str | None = None) -> Thing:
    """An offering, or what was made of it; one that left the catalogue is in no category any more."""
    offering = core.offerings.get(offering_id) if offering_id else None
    categories = frozenset(each.slug for each in offering.categories) if offering else frozenset()
    return Thing(provider, categories, product_id)


def thing_ordered(core: Core, item: OrderItem) -> Thing:
    """What an item is about: the product, once there is one, and the offering."""
    return thing_sold(core, item.offering_id, item.provider, item.product.id if item.product else None)


def thing_held(core: Core, product: Product) -> Thing:
    """A product as its provider keeps it."""
    return thing_sold(core, product.offering_id, product.provider.slug, product.id)


def things_of(core: Core, bundle: Bundle) -> list[Thing]:
    """What a bundle's items are about."""
    return [thing_sold(core, item.offering_id, item.provider) for item in bundle.items]


def seen_order(core: Core, caller: Caller, order: Order) -> Order | None:
    """The order with those items that the caller may see; None where there is none of them."""
    if policy.can(caller, order.customer_id, SelfServiceFunction.SEE_ORDERS):
        return order
    items = tuple(
        item
        for item in order.items
        if policy.can_on(caller, order.customer_id, SelfServiceFunction.SEE_ORDERS, thing_ordered(core, item))
    )
    return replace(order, items=items) if items else None


def covers(caller: Caller, customer_id: str, function: SelfServiceFunction, things: Iterable[Thing]) -> bool:
    """Whether the caller may use the function on each of them; on none of them, whether on anything at all."""
    return policy.can_some(caller, customer_id, function) and all(
        policy.can_on(caller, customer_id, function, each) for each in things
    )
