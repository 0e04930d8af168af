"""What is kept: the ports on SQLite and PostgreSQL, the wake-up bus in process, the schema's revisions."""

from gateway.storage.clock import SystemClock
from gateway.storage.failures import StorageUnavailable, UnknownRevision
from gateway.storage.opening import SqlStorage, Starter, open_executors, open_storage, open_wakeups
from gateway.storage.wakeups import MemoryWakeUps

__all__ = [
    "MemoryWakeUps",
    "SqlStorage",
    "Starter",
    "StorageUnavailable",
    "SystemClock",
    "UnknownRevision",
    "open_executors",
    "open_storage",
    "open_wakeups",
]
