"""What becomes of an order: begun, done, changed or cancelled while it is RECEIVED. Source: ON-API 2.6, orders."""

from http import HTTPStatus
from sqlite3 import Connection
from typing import Any

from providers.simulator import clock
from providers.simulator.onapi import orders
from providers.simulator.onapi.desk import NetworkDesk
from providers.simulator.onapi.log import tell
from providers.simulator.onapi.placing import apply
from providers.simulator.storage import documents, timers
from providers.simulator.storage.documents import Document
from providers.simulator.web.errors import TmfError


def start(_desk: NetworkDesk, db: Connection, order_id: str, now: float) -> None:
    """From now on it can't be changed."""
    order = documents.get(db, orders.ORDER, order_id)
    if order is not None and order["state"] == orders.RECEIVED:
        orders.moved(db, order, orders.IN_PROGRESS, now)


def finish(_desk: NetworkDesk, db: Connection, order_id: str, now: float) -> None:
    """Done, or failed; harmless for an order that has ended already."""
    order = documents.get(db, orders.ORDER, order_id)
    if order is None or order["state"] in orders.DONE:
        return
    if "_fails" in order:
        orders.moved(db, order, orders.FAILED, now, order["_fails"])
        return
    apply(db, order, now)
    orders.moved(db, order, orders.SUCCESS, now)


def cancel(_desk: NetworkDesk, db: Connection, order_id: str) -> None:
    """Raises: TmfError 404, or 409 for an order that is no longer RECEIVED."""
    order = _changeable(db, order_id)
    timers.unschedule(db, order_id)
    orders.cancelled(db, order, clock.now())


def change(_desk: NetworkDesk, db: Connection, order_id: str, attributes: dict[str, Any]) -> None:
    """Raises: TmfError 404, or 409 for an order that is no longer RECEIVED."""
    order = _changeable(db, order_id)
    order.update(attributes)
    documents.put(db, orders.ORDER, order)
    tell(db, "UPDATE", "orders", order_id, clock.now())


def _changeable(db: Connection, order_id: str) -> Document:
    order = documents.get(db, orders.ORDER, order_id)
    if order is None:
        raise TmfError(HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is no such order.")
    if order["state"] != orders.RECEIVED:
        raise TmfError(HTTPStatus.CONFLICT, "STATE", f"The order is {order['state']}: no changes are allowed.")
    return order
