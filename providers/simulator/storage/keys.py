"""Idempotency keys: which request made which resource."""

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Any

import orjson


class KeyReused(Exception):
    """The key came before, with another request."""


def fingerprint(body: Any) -> str:
    """The same for the same JSON, whatever the order of its members."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def recall(db: sqlite3.Connection, keys: Iterable[str], kind: str, print_: str) -> str | None:
    """The id that a request with one of these keys made before. Raises: KeyReused."""
    for key in keys:
        row = db.execute("select fingerprint, kind, id from idempotency where key = ?", (key,)).fetchone()
        if row is None:
            continue
        if row[:2] != (print_, kind):
            raise KeyReused
        return str(row[2])
    return None


def remember(db: sqlite3.Connection, keys: Iterable[str], kind: str, print_: str, made: str) -> None:
    """Keeps that these keys made this."""
    rows = [(key, print_, kind, made) for key in keys]
    db.executemany("insert or ignore into idempotency values (?, ?, ?, ?)", rows)
