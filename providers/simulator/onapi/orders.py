"""An order as a document: made, moved from state to state, told of. Source: ON-API 2.6, orders."""

import uuid
from sqlite3 import Connection
from typing import Any

from providers.simulator.onapi.desk import BASE
from providers.simulator.onapi.log import tell, tell_of_order
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document

ORDER, CANCELLED = "onapiOrder", "onapiCancelledOrder"
RECEIVED, IN_PROGRESS, SUCCESS, FAILED = "RECEIVED", "IN_PROGRESS", "DONE_SUCCESS", "DONE_FAILED"
DONE = (SUCCESS, FAILED)


def new_order(sent: dict[str, Any]) -> Document:
    """The order as it was sent, received."""
    key = uuid.uuid4().hex
    return {**sent, "id": key, "path": f"{BASE}/orders/{key}", "orderId": key, "state": RECEIVED, "message": ""}


def created(db: Connection, order: Document, now: float) -> None:
    """Keeps a new order, and tells of it."""
    documents.put(db, ORDER, order)
    tell_of_order(db, "CREATE", order, now)


def moved(db: Connection, order: Document, state: str, now: float, message: str = "") -> None:
    """Gives the order another state, and tells of it."""
    order.update(state=state, message=message)
    documents.put(db, ORDER, order)
    tell_of_order(db, "UPDATE", order, now)


def cancelled(db: Connection, order: Document, now: float) -> None:
    """The API knows it no more; the control API counts it."""
    documents.remove(db, ORDER, order["id"])
    documents.put(db, CANCELLED, order)
    tell(db, "DELETE", "orders", order["id"], now)


def unfinished(db: Connection, **filters: str) -> list[Document]:
    """The orders that have not ended, the oldest first."""
    return [order for order in documents.find(db, ORDER, filters) if order["state"] not in DONE]
