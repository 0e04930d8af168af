"""A storage of each kind, and a server of accounts."""

from tests.auth.conftest import client, server
from tests.storage.conftest import (
    clock,
    emptied_postgres,
    emptied_url,
    kept_postgres,
    new_postgres,
    postgres_server,
    storage,
    wakeups,
)

__all__ = [
    "client",
    "clock",
    "emptied_postgres",
    "emptied_url",
    "kept_postgres",
    "new_postgres",
    "postgres_server",
    "server",
    "storage",
    "wakeups",
]
