"""TM Forum's states as the gateway's; a new one survives as its own text. Source: TMF622, 637 and 678, v4 and v5."""

from collections.abc import Sequence

from gateway.contract import BillState, CancellationState, OrderItemState, ProductStatus

# The further on the list, the more it decides where the order and its one item differ.
ITEM_STATES = {
    "acknowledged": OrderItemState.ACKNOWLEDGED,
    "inprogress": OrderItemState.IN_PROGRESS,
    "inprogress.accepted": OrderItemState.IN_PROGRESS,
    "draft": OrderItemState.PENDING,
    "pending": OrderItemState.PENDING,
    "held": OrderItemState.HELD,
    "assessingcancellation": OrderItemState.ASSESSING_CANCELLATION,
    "pendingcancellation": OrderItemState.PENDING_CANCELLATION,
    "completed": OrderItemState.COMPLETED,
    "cancelled": OrderItemState.CANCELLED,
    "failed": OrderItemState.FAILED,
    "rejected": OrderItemState.REJECTED,
}
FINAL = frozenset({OrderItemState.COMPLETED, OrderItemState.CANCELLED, OrderItemState.FAILED, OrderItemState.REJECTED})
_UNDER_WAY = frozenset({OrderItemState.ACKNOWLEDGED, OrderItemState.IN_PROGRESS})
_ORDER = tuple(dict.fromkeys(ITEM_STATES.values()))
_CANCELLATIONS = {
    "acknowledged": CancellationState.ACKNOWLEDGED,
    "inprogress": CancellationState.IN_PROGRESS,
    "done": CancellationState.DONE,
    "terminatedwitherror": CancellationState.REFUSED,
    "rejected": CancellationState.REFUSED,
    "cancelled": CancellationState.REFUSED,
}
_PRODUCTS = {status.value.replace("_", "").lower(): status for status in ProductStatus}
_BILLS = {state.value.replace("_", "").lower(): state for state in BillState}


def _word(raw: str | None) -> str:
    return (raw or "").strip().replace("_", "").lower()


def item_state(order: str | None, item: str | None) -> tuple[OrderItemState, str]:
    """The state of an order with one item, and the raw text it was read from.

    The item's decides where it is final, then the order's where that is; else the one further on (a hold or a
    cancellation often shows at one of the two alone). `partial` says nothing of a single item. Where both are unknown
    it is IN_PROGRESS, so it is looked at again.
    """
    known = [(ITEM_STATES[_word(raw)], raw or "") for raw in (item, order) if _word(raw) in ITEM_STATES]
    if not known:
        return OrderItemState.IN_PROGRESS, order or item or ""
    final = next((each for each in known if each[0] in FINAL), None)
    return final or max(known, key=lambda each: _ORDER.index(each[0]))


def goes_on(order: str | None, items: Sequence[str | None]) -> bool:
    """Whether an order in these states is surely under way, with nothing that asks for a look."""
    return all(ITEM_STATES.get(_word(each)) in _UNDER_WAY for each in (order, *items))


def cancellation_state(raw: str | None) -> CancellationState:
    """An unknown one is IN_PROGRESS, so it is looked at again."""
    return _CANCELLATIONS.get(_word(raw), CancellationState.IN_PROGRESS)


def product_status(raw: str | None) -> ProductStatus:
    """An unknown one is UNKNOWN."""
    return _PRODUCTS.get(_word(raw), ProductStatus.UNKNOWN)


def bill_state(raw: str | None) -> BillState:
    """An unknown one is UNKNOWN."""
    return _BILLS.get(_word(raw), BillState.UNKNOWN)
