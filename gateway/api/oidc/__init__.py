"""Signing in by the operator's own identity provider (OpenID Connect), and its tokens for service clients."""

from gateway.api.oidc.issuer import Issuer, greeted, open_issuer
from gateway.api.oidc.parts import OidcSettings, OperatorClaim
from gateway.api.oidc.routes import oidc_routes

__all__ = ["Issuer", "OidcSettings", "OperatorClaim", "greeted", "oidc_routes", "open_issuer"]
