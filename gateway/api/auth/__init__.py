"""Accounts and sessions over plain HTTP, and who the caller of any request is."""

from gateway.api.auth.identity import Identity
from gateway.api.auth.parts import AuthParts, AuthSettings, open_auth
from gateway.api.auth.routes import auth_routes

__all__ = ["AuthParts", "AuthSettings", "Identity", "auth_routes", "open_auth"]
