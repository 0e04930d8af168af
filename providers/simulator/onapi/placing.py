"""Taking an order in. Source: ON-API 2.6, orders, and responses ("behaviour when creating an order").

The same again is no second order: an order that is under way is answered as it is (200), what is so already as
`DONE_SUCCESS` without an order (200).
"""

import random
from dataclasses import dataclass
from http import HTTPStatus
from sqlite3 import Connection

from providers.simulator import clock
from providers.simulator.faults import FATES, Fault
from providers.simulator.onapi import orders, subscriptions
from providers.simulator.onapi.desk import NetworkDesk
from providers.simulator.onapi.input import OrderInput
from providers.simulator.onapi.network import Access
from providers.simulator.storage import timers
from providers.simulator.storage.documents import Document
from providers.simulator.web.errors import TmfError

START, FINISH = "start-onapi-order", "finish-onapi-order"
AT_ONCE = frozenset({"SUSPEND", "RESUME", "MODIFY", "CHANGE"})


@dataclass(frozen=True)
class Sent:
    """An order as it came, and all that was said, for the faults."""

    body: OrderInput
    text: str


@dataclass(frozen=True)
class Taken:
    """The answer: 201 for a new order, 200 for what was so already."""

    status: HTTPStatus
    order: Document


def place(desk: NetworkDesk, db: Connection, sent: Sent) -> Taken:
    """Raises: TmfError 400 for an order that makes no sense, 409 for one that is against another."""
    known = _known(desk, db, sent.body)
    if known is not None:
        return Taken(HTTPStatus.OK, known)
    fate = desk.faults.take("order.create", FATES, sent.text)
    if fate and fate.kind == "reject":
        raise TmfError(HTTPStatus.BAD_REQUEST, "REJECTED", fate.reason)
    now = clock.now()
    order = orders.new_order({**sent.body.as_json(), **_completed(db, sent.body)})
    if sent.body.operation in AT_ONCE:
        order["state"] = orders.SUCCESS
        orders.created(db, order, now)
        apply(db, order, now)
    else:
        _plan(desk, db, sent.body, order, fate, now)
        orders.created(db, order, now)
    return Taken(HTTPStatus.CREATED, order)


def _completed(db: Connection, body: OrderInput) -> Document:
    """What the network knows of it: the access of the subscription, or the key of the subscription to be."""
    if body.operation == "ACTIVATE":
        return {"subscriptionId": subscriptions.new_id()}
    subscription = subscriptions.live(db, body.subscriptionId or "") or {}
    return {name: subscription[name] for name in ("accessId", "service") if name in subscription and not body.service}


def _known(desk: NetworkDesk, db: Connection, body: OrderInput) -> Document | None:
    """What answers the order without a new one; None for a new one that may be taken."""
    return _known_activation(desk, db, body) if body.operation == "ACTIVATE" else _known_change(db, body)


def _known_activation(desk: NetworkDesk, db: Connection, body: OrderInput) -> Document | None:
    access, service = _orderable(desk, body)
    kind = desk.network.types[service]
    if kind in access.claimed:
        raise TmfError(HTTPStatus.CONFLICT, "CLAIMED", "ServiceType is already claimed by other Service Provider.")
    under_way = [each for each in orders.unfinished(db, accessId=access.id) if each["operation"] == "ACTIVATE"]
    for each in under_way:
        if each["service"] == service:
            return each
    active = subscriptions.at_access(db, access.id)
    if any(each["service"] == service for each in active):
        return _so_already({"accessId": access.id, "service": service, "operation": "ACTIVATE"})
    if any(desk.network.types[each["service"]] == kind for each in (*active, *under_way)):
        raise TmfError(HTTPStatus.CONFLICT, "ACTIVE", f"Another Service of ServiceType '{kind}' is already active.")
    return None


def _orderable(desk: NetworkDesk, body: OrderInput) -> tuple[Access, str]:
    if not body.accessId or not body.service:
        raise _wrong("accessId and service are required for ACTIVATE")
    access = desk.network.accesses.get(body.accessId)
    if access is None:
        raise _wrong(f"Unknown access: '{body.accessId}'")
    if body.service not in access.services:
        raise _wrong(f"Unknown service: '{body.service}'")
    if access.body["accessState"] != "CONNECTED":
        raise _wrong(f"The access is {access.body['accessState']}")
    asked = body.requestedDateTime.timestamp() if body.requestedDateTime else clock.now()
    if asked < clock.seconds(access.available):
        raise _wrong(f"The service is available from {access.available}")
    return access, body.service


def _known_change(db: Connection, body: OrderInput) -> Document | None:
    if not body.subscriptionId:
        raise _wrong(f"subscriptionId is required for {body.operation}")
    subscription = subscriptions.live(db, body.subscriptionId)
    if subscription is None and body.operation == "DEACTIVATE" and subscriptions.was(db, body.subscriptionId):
        return _so_already({"subscriptionId": body.subscriptionId, "operation": "DEACTIVATE"})
    if subscription is None:
        raise _wrong(f"Unknown subscription: '{body.subscriptionId}'")
    under_way = orders.unfinished(db, subscriptionId=body.subscriptionId)
    for each in under_way:
        if each["operation"] == body.operation:
            return each
    _check_state(subscription, body)
    return None


def _check_state(subscription: Document, body: OrderInput) -> None:
    wanted = {"SUSPEND": "ACTIVATED", "RESUME": "SUSPENDED"}.get(body.operation)
    state = subscription["operationalState"]
    if wanted is not None and state != wanted:
        raise TmfError(HTTPStatus.CONFLICT, "STATE", f"The subscription is {state}")
    if body.operation == "CHANGE" and not body.service:
        raise _wrong("service is required for CHANGE")


def _so_already(about: Document) -> Document:
    return {**about, "state": orders.SUCCESS, "message": ""}


def _wrong(reason: str) -> TmfError:
    return TmfError(HTTPStatus.BAD_REQUEST, "INVALID", reason)


def _plan(desk: NetworkDesk, db: Connection, body: OrderInput, order: Document, fate: Fault | None, now: float) -> None:
    settings = desk.settings
    begin = max(now, body.requestedDateTime.timestamp()) if body.requestedDateTime else now
    duration = random.uniform(settings.delivery_min_s, settings.delivery_max_s)
    order["expectedCompletionDate"] = clock.stamp(begin + duration)
    if fate and fate.kind == "fail_late":
        order["_fails"] = fate.reason
    timers.schedule(db, begin + duration * settings.point_of_no_return, START, order["id"])
    if not (fate and fate.kind == "never_finish"):
        timers.schedule(db, begin + duration, FINISH, order["id"])


def apply(db: Connection, order: Document, now: float) -> None:
    """Does to the subscription what the order says."""
    operation = order["operation"]
    if operation == "ACTIVATE":
        subscriptions.make(db, order, now)
        return
    subscription = subscriptions.live(db, order["subscriptionId"])
    if subscription is None:
        return
    if operation == "DEACTIVATE":
        subscriptions.end(db, subscription, now)
    else:
        subscriptions.change(db, subscription, now, **_attributes(order))


def _attributes(order: Document) -> Document:
    match order["operation"]:
        case "SUSPEND":
            return {"operationalState": "SUSPENDED", "note": order.get("externalNote", "")}
        case "RESUME":
            return {"operationalState": "ACTIVATED", "note": ""}
        case "CHANGE":
            return {"service": order["service"]}
        case _:
            names = ("spReference", "spSubscriptionId", "characteristics", "equipment")
            return {name: order[name] for name in names if name in order}
