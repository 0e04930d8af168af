"""What the network tells of by lists: changes of objects, and of orders. Source: ON-API 2.6, events and orderevents."""

import uuid
from sqlite3 import Connection

from providers.simulator import clock
from providers.simulator.onapi.desk import BASE
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document

EVENT, ORDER_EVENT = "onapiEvent", "onapiOrderEvent"
TOLD_OF_ORDERS = ("path", "accessId", "service", "operation", "state", "message")


def tell(db: Connection, kind: str, object_type: str, key: str, now: float, path_key: str | None = None) -> None:
    """Keeps that an object was made, changed or deleted (`CREATE`, `UPDATE`, `DELETE`)."""
    path = {} if kind == "DELETE" else {"path": f"{BASE}/{object_type}/{path_key or key}"}
    documents.put(
        db,
        EVENT,
        {
            "id": uuid.uuid4().hex,
            "_at": now,
            "type": kind,
            "objectType": object_type,
            "objectId": key,
            **path,
            "time": clock.stamp(now),
        },
    )


def tell_of_order(db: Connection, kind: str, order: Document, now: float) -> None:
    """An event of each kind, for an order that came into another state."""
    tell(db, kind, "orders", order["orderId"], now)
    told = {name: order[name] for name in TOLD_OF_ORDERS if name in order}
    documents.put(db, ORDER_EVENT, {"id": uuid.uuid4().hex, "order": told})
