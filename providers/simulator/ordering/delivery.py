"""Delivering an order: begun, then finished or failed, when its timers say so."""

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Any

from providers.simulator.billing import month
from providers.simulator.clock import stamp
from providers.simulator.desk import Desk
from providers.simulator.inventory import products
from providers.simulator.ordering import orders
from providers.simulator.ordering.placing import FINISH
from providers.simulator.storage import documents, timers
from providers.simulator.storage.documents import Document

ASSESSMENT_S = 0.1
"""How long a delivery waits before it looks again whether a cancellation was refused."""


def start(desk: Desk, db: Connection, order_id: str, now: float) -> None:
    """Work on the order begins."""
    order = documents.get(db, "productOrder", order_id)
    if order is not None and order["state"] == "acknowledged":
        orders.moved(db, order, "inProgress", now)


def finish(desk: Desk, db: Connection, order_id: str, now: float) -> None:
    """Work on the order ends; harmless for an order that has ended already."""
    order = documents.get(db, "productOrder", order_id)
    if order is None or order["state"] in orders.FINAL:
        return
    if order["state"] in ("assessingCancellation", "pendingCancellation"):
        timers.schedule(db, now + ASSESSMENT_S, FINISH, order_id)
        return
    outcome, reason = db.execute("select outcome, reason from delivery where order_id = ?", (order_id,)).fetchone()
    if outcome == "fail_late":
        _fail(db, order, reason, now)
    else:
        _complete(desk, db, order, now)


def _complete(desk: Desk, db: Connection, order: Document, now: float) -> None:
    for item, product in of_order(db, order):
        if item["action"] == "add":
            products.moved(db, product, "active", now, startDate=stamp(now))
            month.activated(desk, db, product, now)
        else:
            products.moved(db, product, "terminated", now, terminationDate=stamp(now))
            month.terminated(desk, db, product["id"], now)
    orders.moved(db, order, "completed", now, completionDate=stamp(now))


def _fail(db: Connection, order: Document, reason: str, now: float) -> None:
    for item, product in of_order(db, order):
        products.moved(db, product, products.ABORTED if item["action"] == "add" else "active", now)
    orders.add_note(order, reason, now)
    orders.moved(db, order, "failed", now, completionDate=stamp(now))


def of_order(db: Connection, order: Document) -> Iterator[tuple[dict[str, Any], Document]]:
    """Each item with its product."""
    for item in order["productOrderItem"]:
        product = documents.get(db, "product", item["product"]["id"])
        if product is not None:
            yield item, product
