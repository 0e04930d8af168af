"""Events to be posted: written down with what they tell of, so that none is lost and none tells of what never was.

Source: TMF630 v4 (hub), and the event types of TMF620 v4.1.0, 622, 637 and 678 v4.0.0.
"""

import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from providers.simulator.clock import stamp
from providers.simulator.web.shapes import RESOURCES


@dataclass(frozen=True)
class Subscription:
    """Someone who wants to hear of an API's events; `query` may limit them (`eventType=…`)."""

    id: str
    api: str
    callback: str
    query: str | None


@dataclass(frozen=True)
class Letter:
    """An event on its way to a subscription."""

    id: int
    subscription_id: str
    callback: str
    body: bytes
    attempts: int
    tampered: bool


def subscribe(db: sqlite3.Connection, api: str, callback: str, query: str | None) -> Subscription:
    """Registers the address; the same again answers the registration that is there."""
    row = db.execute(
        "select id from subscription where api = ? and callback = ? and query is ?", (api, callback, query)
    ).fetchone()
    if row is not None:
        db.execute("update subscription set given_up = 0 where id = ?", row)
        return Subscription(row[0], api, callback, query)
    made = Subscription(str(uuid.uuid4()), api, callback, query)
    db.execute(
        "insert into subscription (id, api, callback, query) values (?, ?, ?, ?)",
        (made.id, api, callback, query),
    )
    return made


def unsubscribe(db: sqlite3.Connection, api: str, key: str) -> bool:
    """Ends it, and drops what is still on its way; False where there is none."""
    return db.execute("delete from subscription where api = ? and id = ?", (api, key)).rowcount > 0


def publish(db: sqlite3.Connection, now: float, api: str, event_type: str, resource: str, body: dict[str, Any]) -> None:
    """Writes one letter to each who wants to hear of it, in the version asked for. It is `<Resource><What>Event`."""
    found = db.execute("select id, api, callback, query from subscription where api in (?, ?)", (api, topic_v5(api)))
    wanted = [each for each in (Subscription(*row) for row in found) if _wants(each.query, event_type)]
    if not wanted:
        return
    envelope = _envelope(now, api, event_type, resource, body)
    letters = {api: orjson.dumps(envelope), topic_v5(api): orjson.dumps(_envelope_v5(envelope))}
    rows = [(each.id, letters[each.api], now) for each in wanted]
    db.executemany("insert into outbox (subscription_id, body, due) values (?, ?, ?)", rows)


def _wants(query: str | None, event_type: str) -> bool:
    asked = parse_qs(query or "").get("eventType")
    return asked is None or any(event_type in each.split(",") for each in asked)


def _envelope(now: float, api: str, event_type: str, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventId": str(uuid.uuid4()),
        "eventTime": stamp(now),
        "timeOcurred": stamp(now),
        "eventType": event_type,
        "domain": api,
        "title": event_type,
        "priority": "Normal",
        "event": {resource: body},
        "@type": event_type,
    }


def topic_v5(api: str) -> str:
    """What the registrations at the hub of v5 are kept under."""
    return f"{api}/v5"


def _envelope_v5(envelope: dict[str, Any]) -> dict[str, Any]:
    """Source: TMF622 v5.0.0, `Event`: a letter of v4's is mended, and all in it has its type."""
    kept = {name: value for name, value in envelope.items() if name != "timeOcurred"}
    shown = {resource: RESOURCES[resource](body) for resource, body in envelope["event"].items()}
    return {**kept, "timeOccurred": envelope["timeOcurred"], "event": shown}


def next_due(db: sqlite3.Connection, without: set[str]) -> float | None:
    """When the next letter is due, not counting those to the subscriptions named."""
    (due,) = db.execute(
        "select min(due) from outbox where subscription_id not in (select value from json_each(?))", (_list(without),)
    ).fetchone()
    return None if due is None else float(due)


def due_letters(db: sqlite3.Connection, now: float, without: set[str]) -> list[Letter]:
    """What is to be posted now, the oldest first."""
    rows = db.execute(
        "select o.id, s.id, s.callback, o.body, o.attempts, o.tampered from outbox o"
        " join subscription s on s.id = o.subscription_id"
        " where o.due <= ? and s.id not in (select value from json_each(?)) order by o.id limit 200",
        (now, _list(without)),
    )
    return [Letter(*row) for row in rows]


def _list(values: set[str]) -> str:
    return orjson.dumps(sorted(values)).decode()


def delivered(db: sqlite3.Connection, letter: Letter) -> None:
    """The letter has arrived (or is lost on purpose)."""
    db.execute("delete from outbox where id = ?", (letter.id,))
    db.execute("update subscription set given_up = 0 where id = ? and given_up > 0", (letter.subscription_id,))


def postpone(db: sqlite3.Connection, letter: Letter, due: float) -> None:
    """The letter is to be held back, once."""
    db.execute("update outbox set due = ?, tampered = 1 where id = ?", (due, letter.id))


def retry(db: sqlite3.Connection, letter: Letter, due: float) -> None:
    """The letter did not arrive; it is tried again later."""
    db.execute("update outbox set due = ?, attempts = attempts + 1 where id = ?", (due, letter.id))


def give_up(db: sqlite3.Connection, letter: Letter, patience: int = 20) -> None:
    """The letter never arrives; a subscription that loses `patience` letters in a row is ended."""
    db.execute("delete from outbox where id = ?", (letter.id,))
    db.execute("update subscription set given_up = given_up + 1 where id = ?", (letter.subscription_id,))
    db.execute("delete from subscription where id = ? and given_up >= ?", (letter.subscription_id, patience))
