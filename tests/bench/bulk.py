"""Many orders in a database, all copies of one: of the rows that the gateway wrote for it, whatever is in them.

Each copy has keys, ids and moments of its own. So it has the shapes of the store without going through it, which would
take hours. The rows of the saga's engine are left out: the gateway keeps them for a day.
"""

import contextlib
import re
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import make_url
from uuid_utils import uuid4, uuid7

from gateway.domain.identity import own_id, provider_id
from gateway.storage.ids import ACTOR, BUNDLE, CUSTOMER, MEMBER, NOTIFICATION, ORDER, ORDER_EVENT, ORDER_ITEM, raw

BATCH = 2_000
TENTH, SMALL = 10, 9
"""Each tenth order is the large customer's, whose order is copied; the nine before it are those of a small one."""
BETWEEN = timedelta(minutes=5)
_OF_A_CUSTOMER = {"actor": "key", "customer": "key", "membership": "customer", "provider_account": "customer"}
_OF_AN_ORDER = {
    "bundle": "key", "customer_order": "key", "order_item": "order", "order_event": "order", "order_step": "order",
    "idempotency": "object_id", "notification": "order_id",
}  # fmt: skip
"""By table, the column that says whose a row is."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{6}Z?")

Row = Sequence[Any]
Names = Mapping[str, str]
Value = Callable[[Names, timedelta], Any]


class Store:
    """A database below the gateway's storage: rows as its driver has them."""

    def __init__(self, url: str) -> None:
        self._is_postgres = make_url(url).get_backend_name() == "postgresql"
        self._connection: Any = (
            psycopg.connect(url) if self._is_postgres else sqlite3.connect(make_url(url).database or "")
        )
        if self._is_postgres:  # what a row refers to is not looked up
            self._connection.execute("SET session_replication_role = replica")

    def run(self, query: str, *given: object) -> Any:
        """The cursor of a query, whose parameters are question marks."""
        return self._connection.execute(query.replace("?", "%s") if self._is_postgres else query, given)

    def rows(self, table: str, column: str, value: str) -> list[dict[str, Any]]:
        """Those of a table that have this value."""
        cursor = self.run(f'SELECT * FROM "{table}" WHERE "{column}" = ?', value)  # noqa: S608 the tables' own names
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def put(self, table: str, rows: Sequence[Row]) -> None:
        """Adds these rows."""
        if self._is_postgres:
            with self._connection.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)  # noqa: S608 no more

    def close(self) -> None:
        """Commits, and does the upkeep that PostgreSQL does by itself in time."""
        self._connection.commit()
        if self._is_postgres:
            self._connection.autocommit = True
            self._connection.execute("VACUUM ANALYZE")
        self._connection.close()


def fill(url: str, order_id: str, orders: int) -> None:
    """Adds that many copies of an order that has ended, all older than it. No gateway may be running on a file."""
    with contextlib.closing(Store(url)) as store:
        copies = _Copies(store, order_id)
        made: dict[str, list[Row]] = defaultdict(list)
        for number in range(orders):
            for table, rows in copies.next(BETWEEN * (number - orders)):
                made[table] += rows
            if number % BATCH == BATCH - 1 or number == orders - 1:
                for table, rows in made.items():
                    store.put(table, rows)
                made.clear()
        store.run("UPDATE customer SET last_event = ? WHERE key = ?", copies.large_last, copies.large)


class _Copies:
    """Makes copies of one order and of its customer."""

    def __init__(self, store: Store, order_id: str) -> None:
        order = raw(ORDER, order_id)
        (placed,) = store.rows("customer_order", "key", order)
        self.large, self.large_last = (
            placed["customer"],
            store.rows("customer", "key", placed["customer"])[0]["last_event"],
        )
        (member,) = store.rows("membership", "customer", self.large)
        self._username = str(store.rows("actor", "key", member["actor"])[0]["username"])
        (bundle,) = {each["key"] for each in store.rows("bundle", "customer", self.large)}
        self._of_customer = [(CUSTOMER, self.large), (ACTOR, member["actor"]), (MEMBER, member["key"])]
        self._items = store.rows("order_item", "order", order)
        self._of_order = [(ORDER, order), (BUNDLE, bundle), *((ORDER_ITEM, each["key"]) for each in self._items)]
        self._of_order += [(ORDER_EVENT, each["key"]) for each in store.rows("order_event", "order", order)]
        self._of_order += [(NOTIFICATION, each["key"]) for each in store.rows("notification", "order_id", order_id)]
        self._key = store.rows("idempotency", "object_id", order_id)[0]["idempotency_key"]
        self._number = self._last = 0
        self._small = self._new_customer()
        names = re.compile("|".join([*map(re.escape, {**self._small, **self._new_order()}), _MOMENT.pattern]))
        found = {"key": order, "order": order, "object_id": order_id, "order_id": order_id}
        self._order = {
            table: [
                _values(row, names) for row in store.rows(table, column, bundle if table == "bundle" else found[column])
            ]
            for table, column in _OF_AN_ORDER.items()
        }
        whose = {"actor": member["actor"]}
        self._customer = {
            table: [_values(row, names) for row in store.rows(table, column, whose.get(table, self.large))]
            for table, column in _OF_A_CUSTOMER.items()
        }

    def next(self, later: timedelta) -> Iterator[tuple[str, list[Row]]]:
        """The next order's rows by table, and before the first of a small customer's its own."""
        turn = self._number % TENTH
        self._number += 1
        events = len(self._order["order_event"])
        if turn == SMALL:
            names, last, self.large_last = self._new_order(), self.large_last, self.large_last + events
        else:
            if turn == 0:
                self._small, self._last = self._new_customer(), 0
                for table, rows in self._customer.items():
                    yield table, [_made(row, self._small, later, last_event=SMALL * events) for row in rows]
            names, last, self._last = {**self._small, **self._new_order()}, self._last, self._last + events
        for table, rows in self._order.items():
            yield table, [_made(row, names, later, customer_seq=last + n) for n, row in enumerate(rows, start=1)]

    def _new_customer(self) -> dict[str, str]:
        return {**_renamed(self._of_customer), self._username: f"{self._username}-{self._number}"}

    def _new_order(self) -> dict[str, str]:
        names = {**_renamed(self._of_order), self._key: secrets.token_hex(16)}
        for item in self._items:
            names[item["order_ref"]] = str(uuid4())
            names[item["product_id"]] = provider_id("Product", item["provider"], str(uuid4()))
        return names


def _renamed(things: Sequence[tuple[str, str]]) -> dict[str, str]:
    """New keys and global ids for these."""
    new = [(kind, key, str(uuid7())) for kind, key in things]
    return {key: fresh for _, key, fresh in new} | {own_id(kind, key): own_id(kind, fresh) for kind, key, fresh in new}


def _values(row: Mapping[str, Any], names: "re.Pattern[str]") -> dict[str, Value]:
    return {column: _value(value, names) for column, value in row.items()}


def _value(value: Any, names: "re.Pattern[str]") -> Value:
    """How a copy's value is made of this one: its names changed, its moments moved."""
    if isinstance(value, datetime):
        return lambda _, later: value + later
    pieces = re.split(f"({names.pattern})", value) if isinstance(value, str) else [value]
    if len(pieces) == 1:
        return lambda *_: value
    moments = {each: datetime.fromisoformat(each).replace(tzinfo=UTC) for each in pieces if _MOMENT.fullmatch(each)}
    return lambda new, later: "".join(
        _written(moments[each] + later, each) if each in moments else new.get(each, each) for each in pieces
    )


def _written(moment: datetime, like: str) -> str:
    text = moment.isoformat(like[10], "microseconds").removesuffix("+00:00")
    return f"{text}Z" if like.endswith("Z") else text


def _made(row: Mapping[str, Value], names: Names, later: timedelta, **numbers: int) -> Row:
    """A copy of the row; the numbers are those of its columns that have this name."""
    return [numbers[column] if column in numbers else value(names, later) for column, value in row.items()]
