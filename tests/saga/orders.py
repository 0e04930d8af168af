"""Orders to test with."""

from datetime import UTC, datetime

from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.identity import own_id, provider_id
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import (
    CompletionPolicy,
    ItemAction,
    ItemIntent,
    ItemPhase,
    OrderItemState,
    OrderState,
)

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ORDER_ID = own_id("Order", "01932f00-0000-7000-8000-000000000001")


def item_id(position: int) -> str:
    """The id of the item at that position."""
    return own_id("OrderItem", f"01932f00-0000-7000-8000-0000000000{position:02d}")


def an_item(position: int, depends_on: tuple[int, ...] = ()) -> OrderItem:
    """An item as it is when the order is placed."""
    return OrderItem(
        id=item_id(position),
        order_id=ORDER_ID,
        position=position,
        action=ItemAction.ADD,
        intent=ItemIntent.ORDER,
        state=OrderItemState.ACKNOWLEDGED,
        phase=ItemPhase.QUALIFYING,
        phase_since=NOW,
        provider=f"provider-{position}",
        role=ProviderRole.SERVICE_PROVIDER,
        offering_id=provider_id("ProductOffering", f"provider-{position}", "ref"),
        offering_name=f"Offering {position}",
        offering_ref="ref",
        party="party",
        depends_on=tuple(item_id(each) for each in depends_on),
    )


def an_order(*items: OrderItem, policy: CompletionPolicy = CompletionPolicy.ALL_OR_NOTHING) -> Order:
    """An order as it is when it is placed."""
    return Order(
        id=ORDER_ID,
        customer_id=own_id("Customer", "01932f00-0000-7000-8000-000000000002"),
        bundle_id=own_id("Bundle", "01932f00-0000-7000-8000-000000000003"),
        state=OrderState.ACKNOWLEDGED,
        completion_policy=policy,
        placed_at=NOW,
        items=items,
    )


def a_chain(policy: CompletionPolicy = CompletionPolicy.ALL_OR_NOTHING) -> Order:
    """Access line, then service, then content."""
    return an_order(an_item(1, (2,)), an_item(2), an_item(3, (1,)), policy=policy)
