"""Why a database can't be used, at the start or later: one clear line each."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from gateway.domain.errors import GatewayError, StorageUnavailable

__all__ = ["ForeignDatabase", "StorageUnavailable", "UnknownRevision", "told_as_unavailable", "unavailable"]


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """A database that is away, full or locked is StorageUnavailable; what is wrong with a statement is not."""
    try:
        yield
    except (OperationalError, InterfaceError, NoConnectionFree, OSError) as error:
        if _is_wrong(error):
            raise
        raise unavailable(error) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise unavailable(error) from error


def _is_wrong(error: Exception) -> bool:
    """SQLite tells of a statement that is wrong, or not allowed, in the same words as of a file that is."""
    code: int | None = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY}


def unavailable(error: Exception) -> StorageUnavailable:
    """What a failure of a database's driver is told as."""
    # Not the statement: it may hold what belongs into no log.
    cause = getattr(error, "orig", None) or error
    return StorageUnavailable(f"the database can't be used: {type(cause).__name__}")


class UnknownRevision(GatewayError):
    """The database has a revision that this gateway does not know: a newer version wrote it."""

    def __init__(self, found: str, newest: str) -> None:
        super().__init__(
            f"the database is at revision {found}, which this version (newest: {newest}) does not know: "
            "a newer gateway wrote it; start that one, or use another data folder"
        )
        self.found = found
        self.newest = newest


class ForeignDatabase(GatewayError):
    """The database holds tables, and none of them tells that a gateway made it."""

    def __init__(self, tables: Sequence[str]) -> None:
        shown = ", ".join(tables[:3]) + (", …" if len(tables) > 3 else "")
        super().__init__(f"the database is something else's: it has tables ({shown}) and no revision; use an empty one")


class AuditKeysUnreadable(GatewayError):
    """The keys of the security events' chain can't be read or made."""
