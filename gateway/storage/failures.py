"""Why a start on a database is refused: one clear line each."""

from gateway.domain.errors import GatewayError


class StorageUnavailable(GatewayError):
    """The database can't be opened: its folder, file, server or address is wrong."""


class UnknownRevision(GatewayError):
    """The database has a revision that this gateway does not know: a newer version wrote it."""

    def __init__(self, found: str, newest: str) -> None:
        super().__init__(
            f"the database is at revision {found}, which this version (newest: {newest}) does not know: "
            "a newer gateway wrote it; start that one, or use another data folder"
        )
        self.found = found
        self.newest = newest


class AuditKeysUnreadable(GatewayError):
    """The keys of the security events' chain can't be read or made."""
