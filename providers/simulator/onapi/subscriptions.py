"""A subscription: made, changed, ended. Source: ON-API 2.6, subscriptions."""

import uuid
from sqlite3 import Connection
from typing import Any

from providers.simulator.clock import stamp
from providers.simulator.onapi.log import tell
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document

LIVE, ENDED = "onapiSubscription", "onapiEndedSubscription"
COPIED = ("service", "spReference", "spSubscriptionId", "characteristics", "equipment")
DAY_LENGTH = len("2026-01-31")


def new_id() -> str:
    """A key for a subscription, given out before there is one."""
    return uuid.uuid4().hex


def live(db: Connection, key: str) -> Document | None:
    """The subscription that is there now."""
    return documents.get(db, LIVE, key)


def at_access(db: Connection, access_id: str) -> list[Document]:
    """All that are there now, the oldest first."""
    return documents.find(db, LIVE, {"accessId": access_id})


def make(db: Connection, order: Document, now: float) -> None:
    """The subscription that an order activates."""
    key = order["subscriptionId"]
    body = {
        "id": key,
        "accessId": order["accessId"],
        "subscriptionId": key,
        "operationalState": "ACTIVATED",
        "connectionDate": stamp(now)[:DAY_LENGTH],
        "disconnectionDate": "",
        **{name: order[name] for name in COPIED if name in order},
        "dhcpIdentifier": {"ipv4CircuitId": f"CO-{order['accessId']}"},
        "_at": now,
    }
    documents.put(db, LIVE, body)
    tell(db, "CREATE", "subscriptions", key, now, order["accessId"])


def change(db: Connection, subscription: Document, now: float, **attributes: Any) -> None:
    """Keeps it with other attributes."""
    subscription.update(attributes, _at=now)
    documents.put(db, LIVE, subscription)
    tell(db, "UPDATE", "subscriptions", subscription["id"], now, subscription["accessId"])


def end(db: Connection, subscription: Document, now: float) -> None:
    """It is no longer listed."""
    documents.remove(db, LIVE, subscription["id"])
    documents.put(db, ENDED, {**subscription, "disconnectionDate": stamp(now)[:DAY_LENGTH]})
    tell(db, "DELETE", "subscriptions", subscription["id"], now)


def was(db: Connection, key: str) -> bool:
    """Whether there was such a subscription."""
    return documents.get(db, ENDED, key) is not None
