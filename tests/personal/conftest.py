"""A server of accounts and sessions for each test."""

from tests.auth.conftest import client, server

__all__ = ["client", "server"]
