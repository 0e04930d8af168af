"""What an access token of the issuer's must be to stand for a service client.

Source: RFC 9068, section 4 (`at+jwt`); Keycloak 26, Server Administration Guide, "Service accounts" (its own shape).
"""

from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry, Token
from joserfc.util import urlsafe_b64decode

from gateway.api.oidc.id_tokens import LEEWAY_S, refused_claim, text_of
from gateway.api.oidc.keys import LIMIT
from gateway.api.oidc.refusal import TokenRefused

TYPES = frozenset({"at+jwt", "application/at+jwt"})
# Only a person's session has one.
OF_PEOPLE = frozenset({"sid", "session_state", "nonce"})


@dataclass(frozen=True, slots=True)
class ClientToken:
    """The client's id at the issuer, and the scopes that it was given there."""

    issuer_client: str
    scopes: frozenset[str]
    expires_at: datetime


def names_issuer(token: str, issuer: str) -> bool:
    """Whether it says that it is of that issuer: nothing is sure yet, but another's need not be looked at."""
    parts = token.split(".")
    if len(token) > LIMIT or len(parts) != 3:
        return False
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1].encode()))
    except (NotBase64, ValueError):
        return False
    return isinstance(claims, dict) and claims.get("iss") == issuer


def read_client_token(token: Token, issuer: str, audience: str, now: datetime) -> ClientToken:
    """Which client it stands for. The signature has been checked. Raises: TokenRefused, also for a person's token."""
    claims = token.claims
    rules = JWTClaimsRegistry(
        int(now.timestamp()),
        LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        iat={"essential": True},
        exp={"essential": True},
    )
    try:
        rules.validate(claims)
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (JoseError, ValueError, TypeError, OverflowError) as error:
        raise TokenRefused(refused_claim(error)) from None
    if OF_PEOPLE & claims.keys():
        raise TokenRefused("OF_A_PERSON")
    client = _client(token.header, claims)
    if client is None:
        raise TokenRefused("CLIENT_ID")
    return ClientToken(client, frozenset(str(claims.get("scope", "")).split()), expires_at)


def _client(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str | None:
    """The client, where the token is its own and not a person's who uses it."""
    client = text_of(claims, "client_id")
    if str(header.get("typ", "")).lower() in TYPES:
        # By client credentials the subject is the client. Source: RFC 9068, section 2.2.
        return client if client == claims["sub"] else None
    # Keycloak: the subject is the client's service account, which has a name that no person may take.
    is_keycloak = header.get("typ") == "JWT" and claims.get("typ") == "Bearer" and client is not None
    is_own = claims.get("azp") == client and claims.get("preferred_username") == f"service-account-{client}".lower()
    return client if is_keycloak and is_own else None
