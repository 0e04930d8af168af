"""ON-API's states as the gateway's; a new one survives as its own text. Source: ON-API 2.6, data formats."""

from gateway.contract import OrderItemState, ProductStatus

SUCCESS, FAILED = "DONE_SUCCESS", "DONE_FAILED"
_ORDERS = {
    "RECEIVED": OrderItemState.ACKNOWLEDGED,
    "IN_PROGRESS": OrderItemState.IN_PROGRESS,
    SUCCESS: OrderItemState.COMPLETED,
    FAILED: OrderItemState.FAILED,
}
_SUBSCRIPTIONS = {"ACTIVATED": ProductStatus.ACTIVE, "SUSPENDED": ProductStatus.SUSPENDED}


def order_state(raw: str) -> OrderItemState:
    """An unknown one is IN_PROGRESS, so it is looked at again."""
    return _ORDERS.get(raw.upper(), OrderItemState.IN_PROGRESS)


def product_status(raw: str) -> ProductStatus:
    """An unknown one is UNKNOWN."""
    return _SUBSCRIPTIONS.get(raw.upper(), ProductStatus.UNKNOWN)
