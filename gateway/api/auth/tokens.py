"""Access tokens: signed JWTs that name a session, or a service client. Whether it still lives is looked up."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, JoseError
from joserfc.jwt import JWTClaimsRegistry

from gateway.api.auth.keys import KeyRing
from gateway.domain.parties import ServiceClient

ISSUER = "telecom-gateway"
AUDIENCE = "telecom-gateway-api"
ALGORITHM = "ES256"
TYPE = "at+jwt"  # RFC 9068: no other kind of JWT passes for an access token
LIMIT = 4096
# How far the clocks of two gateways may differ, that one takes at once what the other has just issued.
SKEW_S = 60

_SESSION = {"sub": {"essential": True}, "sid": {"essential": True}}
_CLIENT = {"sub": {"essential": True}, "client_id": {"essential": True}, "jti": {"essential": True}}


@dataclass(frozen=True, slots=True)
class Access:
    """What a session's good token says."""

    session_key: str
    actor_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ClientAccess:
    """What a service client's good token says; `generation` is the number of the secret that it came by."""

    client_id: str
    scopes: frozenset[str]
    generation: int
    expires_at: datetime


class Tokens:
    """Signs with the key whose time it is, checks with each.

    A session's tokens are for the gateway alone. A client's name as their issuer the gateway's own address, at which
    others find what they need to check them (RFC 8414).
    """

    def __init__(self, ring: KeyRing, lifetime_s: int, issuer: str) -> None:
        self._ring = ring
        self.lifetime_s = lifetime_s
        self.issuer = issuer

    def key_ids(self) -> Sequence[str]:
        """The ids of the keys that check, the newest first."""
        return self._ring.keys.ids

    def public_keys(self) -> Mapping[str, Any]:
        """The keys that check, as a JSON Web Key Set."""
        return self._ring.keys.signing.as_dict(private=False)

    def issue(self, session_key: str, actor_id: str, now: datetime) -> str:
        """A token of that session from now on."""
        return self._signed({"iss": ISSUER, "sub": actor_id, "sid": session_key}, now)

    def issue_for_client(self, client: ServiceClient, now: datetime) -> str:
        """A token of that client with its scopes from now on (RFC 9068)."""
        claims = {
            "iss": self.issuer,
            "sub": client.id,
            "client_id": client.id,
            "scope": " ".join(sorted(client.scopes)),
            "generation": client.generation,
            "jti": secrets.token_urlsafe(16),
        }
        return self._signed(claims, now)

    def _signed(self, claims: Mapping[str, Any], now: datetime) -> str:
        key, at = self._ring.keys.signer(now), int(now.timestamp())
        whole = {**claims, "aud": AUDIENCE, "iat": at, "nbf": at, "exp": at + self.lifetime_s}
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}, whole, key, [ALGORITHM])

    def read(self, token: str, now: datetime) -> Access | ClientAccess | None:
        """What it says; None for one that is not ours, changed, not yet or no longer good."""
        if len(token) > LIMIT:
            return None
        try:
            keys = self._ring.keys.signing
            read = jwt.decode(token, keys, [ALGORITHM])
            if read.header.get("kid") not in self.key_ids() or read.header.get("typ") != TYPE:
                return None
            return self._checked(read.claims, now)
        except (JoseError, ValueError, TypeError):
            return None

    def refusal(self, token: str, now: datetime) -> str:
        """Why `read` answers None for that token, by a code: for the security events, never for who sent it."""
        if len(token) > LIMIT:
            return "TOO_LONG"
        try:
            header = jws.extract_compact(token.encode()).headers()
            if header.get("alg") != ALGORITHM:
                return "ALGORITHM"
            if header.get("kid") not in self.key_ids():
                return "UNKNOWN_KEY"
            claims = jwt.decode(token, self._ring.keys.signing, [ALGORITHM]).claims
        except BadSignatureError:
            return "SIGNATURE"
        except (JoseError, ValueError, TypeError, AttributeError):
            return "MALFORMED"
        return _wrong_claim(claims, int(now.timestamp())) if header.get("typ") == TYPE else "TYPE"

    def _checked(self, claims: Mapping[str, Any], now: datetime) -> Access | ClientAccess | None:
        if "sid" in claims and "client_id" in claims:
            return None  # a token is of one kind
        if "client_id" not in claims:
            _check(claims, now, ISSUER, _SESSION)
            return Access(claims["sid"], claims["sub"], _until(claims))
        _check(claims, now, self.issuer, _CLIENT)
        scopes = frozenset(str(claims.get("scope", "")).split())
        if claims["client_id"] != claims["sub"]:
            return None
        return ClientAccess(claims["sub"], scopes, int(claims.get("generation", 0)), _until(claims))


def _wrong_claim(claims: Mapping[str, Any], now: int) -> str:
    audience = claims.get("aud")
    if AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
        return "AUDIENCE"
    begins, ends = claims.get("nbf"), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        return "CLAIMS"
    if ends <= now:
        return "EXPIRED"
    return "NOT_YET" if begins > now else "CLAIMS"


def _until(claims: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(claims["exp"], UTC)


def _check(claims: Mapping[str, Any], now: datetime, issuer: str, of_kind: Mapping[str, Any]) -> None:
    """Raises: JoseError."""
    rules = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=SKEW_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": AUDIENCE},
        nbf={"essential": True},
        exp={"essential": True},
        **of_kind,
    )
    rules.validate(dict(claims))
    # The skew makes no token last longer.
    if _until(claims) <= now:
        raise ExpiredTokenError("exp")
