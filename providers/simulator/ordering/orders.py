"""A product order as a resource: made, moved from state to state, told of. Source: TMF622 v4.0.0, `ProductOrder`."""

import uuid
from sqlite3 import Connection
from typing import Any

from providers.simulator.clock import stamp
from providers.simulator.events.outbox import publish
from providers.simulator.ordering.input import OrderInput
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document
from providers.simulator.web.api import ORDERING

FINAL = ("rejected", "completed", "failed", "partial", "cancelled")


def new_order(request: OrderInput, now: float) -> Document:
    """The order as it was sent, acknowledged, with all that TM Forum leaves to us."""
    key = str(uuid.uuid4())
    order = {
        "relatedParty": [],
        "note": [],
        **request.as_json(),
        "id": key,
        "href": ORDERING.href("productOrder", key),
        "orderDate": stamp(now),
        "state": "acknowledged",
        "@type": "ProductOrder",
    }
    for item in order["productOrderItem"]:
        item["state"] = "acknowledged"
        item.setdefault("quantity", 1)
    return order


def created(db: Connection, order: Document, now: float) -> None:
    """Keeps a new order, and tells of it."""
    documents.put(db, "productOrder", order)
    publish(db, now, ORDERING.name, "ProductOrderCreateEvent", "productOrder", order)


def moved(db: Connection, order: Document, state: str, now: float, **changes: Any) -> None:
    """Gives the order and its items another state, and tells of it."""
    set_state(order, state)
    order.update(changes)
    documents.put(db, "productOrder", order)
    publish(db, now, ORDERING.name, "ProductOrderStateChangeEvent", "productOrder", order)


def set_state(order: Document, state: str) -> None:
    """All items go through the states together with their order."""
    order["state"] = state
    for item in order["productOrderItem"]:
        item["state"] = state


def add_note(order: Document, text: str, now: float) -> None:
    """Writes a remark on the order; the newest date is the latest word."""
    note = {"id": str(len(order["note"]) + 1), "author": "operator", "date": stamp(now), "text": text}
    order["note"].append(note)
