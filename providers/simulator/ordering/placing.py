"""Taking an order in: the key, the order, its products and its timers commit together."""

import random
from dataclasses import dataclass
from sqlite3 import Connection

from providers.simulator import clock
from providers.simulator.catalog.form import filled_in
from providers.simulator.desk import Desk
from providers.simulator.faults import FATES, KEYLESS, Fault
from providers.simulator.inventory import products
from providers.simulator.ordering import orders
from providers.simulator.ordering.checks import check_sense, offering_ref, reasons_to_reject, values_of
from providers.simulator.ordering.input import OrderInput, OrderItemInput
from providers.simulator.storage import documents, keys, timers
from providers.simulator.storage.documents import Document
from providers.simulator.web.errors import TmfError

START, FINISH = "start-delivery", "finish-delivery"
START_SHARE = 0.25
"""The share of a delivery's time after which work on it begins."""


@dataclass(frozen=True)
class OrderRequest:
    """An order as it came: its keys, the print of its body, and the body as text (for the faults)."""

    body: OrderInput
    keys: tuple[str, ...]
    fingerprint: str
    text: str


def place(desk: Desk, db: Connection, request: OrderRequest) -> Document:
    """Takes the order in, once for a key: the same request again answers the same order, as it is by then.

    Raises: TmfError 400 for an order that makes no sense, 409 for a key that came with another order.
    """
    has_forgotten = desk.faults.take("productOrder.create", KEYLESS, request.text) is not None
    known = None if has_forgotten else _known(db, request)
    if known is not None:
        return known
    check_sense(desk.catalogue, request.body)
    fate = desk.faults.take("productOrder.create", FATES, request.text)
    order, now = orders.new_order(request.body, clock.now()), clock.now()
    reasons = list(reasons_to_reject(desk.catalogue, db, request.body))
    if fate and fate.kind == "reject":
        reasons.insert(0, fate.reason)
    if reasons:
        _reject(order, reasons, now)
    else:
        _accept(desk, db, request.body, order, fate, now)
    orders.created(db, order, now)
    keys.remember(db, request.keys, "productOrder", request.fingerprint, order["id"])
    return order


def _known(db: Connection, request: OrderRequest) -> Document | None:
    try:
        made = keys.recall(db, request.keys, "productOrder", request.fingerprint)
    except keys.KeyReused:
        raise TmfError(409, "KEY_REUSED", "this key came with another order") from None
    return None if made is None else documents.get(db, "productOrder", made)


def _reject(order: Document, reasons: list[str], now: float) -> None:
    orders.set_state(order, "rejected")
    for offset, reason in enumerate(reversed(reasons)):
        orders.add_note(order, reason, now + offset / 1000)


def _accept(desk: Desk, db: Connection, body: OrderInput, order: Document, fate: Fault | None, now: float) -> None:
    for item, shown in zip(body.productOrderItem, order["productOrderItem"], strict=True):
        if item.action == "add":
            _make_product(desk, db, item, shown, order, now)
        else:
            _mark_product(db, shown, now)
    _plan(desk, db, order, fate, now)


def _make_product(
    desk: Desk, db: Connection, item: OrderItemInput, shown: Document, order: Document, now: float
) -> None:
    ref = offering_ref(item)
    values = filled_in(desk.catalogue, ref, values_of(item))
    product = products.new_product(desk.catalogue, ref, values, shown["quantity"], order, shown, now)
    shown["product"] = {**shown.get("product", {}), "id": product["id"], "href": product["href"]}
    products.created(db, product, now)


def _mark_product(db: Connection, shown: Document, now: float) -> None:
    product = documents.need(db, "product", shown["product"]["id"])
    products.moved(db, product, "pendingTerminate", now)


def _plan(desk: Desk, db: Connection, order: Document, fate: Fault | None, now: float) -> None:
    settings = desk.settings
    duration = random.uniform(settings.delivery_min_s, settings.delivery_max_s)
    order["expectedCompletionDate"] = clock.stamp(now + duration)
    outcome = fate.kind if fate else "complete"
    never = outcome == "never_finish"
    no_return = float("inf") if never else now + duration * settings.point_of_no_return
    reason = fate.reason if fate else ""
    db.execute("insert into delivery values (?, ?, ?, ?)", (order["id"], no_return, outcome, reason))
    timers.schedule(db, now + duration * START_SHARE, START, order["id"])
    if not never:
        timers.schedule(db, now + duration, FINISH, order["id"])
