"""Resources as documents, found by id or by the attributes that matter."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import orjson

from providers.simulator.storage.attributes import matches, values

Document = dict[str, Any]

INDEXED: Mapping[str, tuple[str, ...]] = {
    "productOrder": ("externalId", "relatedParty.id"),
    "cancelProductOrder": ("productOrder.id",),
    "product": ("relatedParty.id", "billingAccount.id"),
    "customerBill": ("relatedParty.id", "billingAccount.id"),
    "appliedCustomerBillingRate": ("bill.id", "product.id", "billingAccount.id", "isBilled"),
    "onapiOrder": ("accessId", "subscriptionId", "spSubscriptionId"),
    "onapiCancelledOrder": (),
    "onapiSubscription": ("accessId",),
    "onapiEndedSubscription": (),
    "onapiEvent": (),
    "onapiOrderEvent": (),
}


def get(db: sqlite3.Connection, kind: str, key: str) -> Document | None:
    """The document, or None."""
    row = db.execute("select body from document where kind = ? and id = ?", (kind, key)).fetchone()
    return None if row is None else orjson.loads(row[0])


def need(db: sqlite3.Connection, kind: str, key: str) -> Document:
    """The document that must be there. Raises: LookupError."""
    found = get(db, kind, key)
    if found is None:
        raise LookupError(f"there is no {kind} {key}")
    return found


def put(db: sqlite3.Connection, kind: str, body: Document) -> None:
    """Keeps the document under its `id`, in the place of an earlier one."""
    (seq,) = db.execute(
        "insert into document (kind, id, body) values (?, ?, ?)"
        " on conflict (kind, id) do update set body = excluded.body returning seq",
        (kind, body["id"], orjson.dumps(body)),
    ).fetchone()
    db.execute("delete from lookup where seq = ?", (seq,))
    rows = [(kind, name, value, seq) for name in INDEXED[kind] for value in set(values(body, name))]
    db.executemany("insert into lookup values (?, ?, ?, ?)", rows)


def remove(db: sqlite3.Connection, kind: str, key: str) -> None:
    """Forgets the document; harmless where there is none."""
    db.execute("delete from document where kind = ? and id = ?", (kind, key))


def find(db: sqlite3.Connection, kind: str, filters: Mapping[str, str]) -> list[Document]:
    """All documents that have each attribute asked for, the oldest first."""
    indexed = next((name for name in filters if name in INDEXED[kind]), None)
    if indexed is None:
        rows = db.execute("select body from document where kind = ? order by seq", (kind,))
    else:
        rows = _looked_up(db, kind, indexed, filters[indexed])
    found = (orjson.loads(row[0]) for row in rows)
    return [body for body in found if all(matches(body, name, wanted) for name, wanted in filters.items())]


def _looked_up(db: sqlite3.Connection, kind: str, name: str, wanted: str) -> sqlite3.Cursor:
    choices = orjson.dumps([wanted, *wanted.split(",")]).decode()
    return db.execute(
        "select body from document where seq in (select seq from lookup"
        " where kind = ? and name = ? and value in (select value from json_each(?))) order by seq",
        (kind, name, choices),
    )


def count(db: sqlite3.Connection, kind: str) -> int:
    """How many there are."""
    (number,) = db.execute("select count(*) from document where kind = ?", (kind,)).fetchone()
    return int(number)
