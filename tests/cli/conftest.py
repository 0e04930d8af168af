"""A server of PostgreSQL for the commands that work on one."""

from tests.storage.conftest import postgres_server

__all__ = ["postgres_server"]
