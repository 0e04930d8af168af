"""Cancelling an order: possible until the point of no return. Source: TMF622 v4.0.0, `CancelProductOrder`."""

import uuid
from dataclasses import dataclass
from sqlite3 import Connection

from providers.simulator import clock
from providers.simulator.desk import Desk
from providers.simulator.events.outbox import publish
from providers.simulator.faults import FATES, Fault
from providers.simulator.inventory import products
from providers.simulator.ordering import orders
from providers.simulator.ordering.delivery import of_order
from providers.simulator.ordering.input import CancelInput
from providers.simulator.storage import documents, keys, timers
from providers.simulator.storage.documents import Document
from providers.simulator.web.api import ORDERING
from providers.simulator.web.errors import TmfError

CANCEL, REFUSE = "finish-cancellation", "refuse-cancellation"
KIND = "cancelProductOrder"
REFUSAL_S = 0.2
"""How long a refusal is thought over where no time is set for cancellations."""


@dataclass(frozen=True)
class CancelRequest:
    """A request to cancel as it came; see `OrderRequest`."""

    body: CancelInput
    keys: tuple[str, ...]
    fingerprint: str
    text: str


def cancel(desk: Desk, db: Connection, request: CancelRequest) -> Document:
    """Begins (and, with no time set for it, ends) a cancellation; once for a key.

    Raises: TmfError 400 for an unknown order, 409 for one that cannot be cancelled any more.
    """
    known = _known(db, request)
    if known is not None:
        return known
    now = clock.now()
    order = _cancellable(db, request.body.productOrder.id, now)
    fate = desk.faults.take("cancelProductOrder.create", FATES, request.text)
    if fate and fate.kind == "reject":
        raise TmfError(409, "CANCELLATION_REFUSED", fate.reason)
    task = _new_task(request.body, order, now)
    publish(db, now, ORDERING.name, "CancelProductOrderCreateEvent", KIND, task)
    _begin(desk, db, task, order, fate, now)
    keys.remember(db, request.keys, KIND, request.fingerprint, task["id"])
    return task


def _known(db: Connection, request: CancelRequest) -> Document | None:
    try:
        made = keys.recall(db, request.keys, KIND, request.fingerprint)
    except keys.KeyReused:
        raise TmfError(409, "KEY_REUSED", "this key came with another request") from None
    return None if made is None else documents.get(db, KIND, made)


def _cancellable(db: Connection, order_id: str, now: float) -> Document:
    order = documents.get(db, "productOrder", order_id)
    if order is None:
        raise TmfError(400, "UNKNOWN_ORDER", "there is no such productOrder")
    if order["state"] not in ("acknowledged", "inProgress"):
        raise TmfError(409, "NOT_CANCELLABLE", f"the order is {order['state']}")
    (no_return,) = db.execute("select no_return from delivery where order_id = ?", (order_id,)).fetchone()
    if now >= no_return:
        raise TmfError(409, "POINT_OF_NO_RETURN", "the order is past its point of no return")
    return order


def _new_task(body: CancelInput, order: Document, now: float) -> Document:
    key = str(uuid.uuid4())
    return {
        **body.as_json(),
        "id": key,
        "href": ORDERING.href(KIND, key),
        "productOrder": {"id": order["id"], "href": order["href"], "@referredType": "ProductOrder"},
        "requestedCancellationDate": clock.stamp(now),
        "state": "acknowledged",
        "@type": "CancelProductOrder",
    }


def _begin(desk: Desk, db: Connection, task: Document, order: Document, fate: Fault | None, now: float) -> None:
    if fate is None and desk.settings.cancel_s == 0:
        orders.moved(db, order, "pendingCancellation", now)
        _cancelled(db, task, order, now)
        return
    _moved(db, task, "inProgress", now)
    orders.moved(db, order, "assessingCancellation" if fate else "pendingCancellation", now)
    if fate is None:
        timers.schedule(db, now + desk.settings.cancel_s, CANCEL, task["id"])
    elif fate.kind == "fail_late":
        db.execute("update delivery set reason = ? where order_id = ?", (fate.reason, order["id"]))
        timers.schedule(db, now + (desk.settings.cancel_s or REFUSAL_S), REFUSE, task["id"])
    else:
        timers.unschedule(db, order["id"])


def finish(desk: Desk, db: Connection, task_id: str, now: float) -> None:
    """A cancellation that took its time ends, well."""
    task, order = _both(db, task_id)
    _cancelled(db, task, order, now)


def refuse(desk: Desk, db: Connection, task_id: str, now: float) -> None:
    """A cancellation that was looked at is refused; the delivery goes on."""
    task, order = _both(db, task_id)
    (reason,) = db.execute("select reason from delivery where order_id = ?", (order["id"],)).fetchone()
    orders.add_note(order, reason, now)
    orders.moved(db, order, "inProgress", now)
    _moved(db, task, "terminatedWithError", now)


def _both(db: Connection, task_id: str) -> tuple[Document, Document]:
    task = documents.need(db, KIND, task_id)
    return task, documents.need(db, "productOrder", task["productOrder"]["id"])


def _cancelled(db: Connection, task: Document, order: Document, now: float) -> None:
    timers.unschedule(db, order["id"])
    for item, product in of_order(db, order):
        if item["action"] == "add":
            products.withdrawn(db, product, now)
        else:
            products.moved(db, product, "active", now)
    reason = task.get("cancellationReason", "Cancelled at the customer's request")
    orders.moved(db, order, "cancelled", now, cancellationDate=clock.stamp(now), cancellationReason=reason)
    _moved(db, task, "done", now, effectiveCancellationDate=clock.stamp(now))


def _moved(db: Connection, task: Document, state: str, now: float, **changes: str) -> None:
    task.update(changes, state=state)
    documents.put(db, KIND, task)
    publish(db, now, ORDERING.name, "CancelProductOrderStateChangeEvent", KIND, task)
