"""Access tokens: signed JWTs that name a session. Whether it still lives is looked up, not believed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

ISSUER = "telecom-gateway"
AUDIENCE = "telecom-gateway-api"
ALGORITHM = "ES256"
TYPE = "at+jwt"  # RFC 9068: no other kind of JWT passes for an access token
LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Access:
    """What a good token says."""

    session_key: str
    actor_id: str
    expires_at: datetime


class Tokens:
    """Signs with the first key, checks with each."""

    def __init__(self, keys: KeySet, lifetime_s: int) -> None:
        self._keys = keys
        self._ids = {key.kid for key in keys.keys}
        self.lifetime_s = lifetime_s

    def issue(self, session_key: str, actor_id: str, now: datetime) -> str:
        """A token of that session from now on."""
        key, at = self._keys.keys[0], int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": actor_id,
            "sid": session_key,
            "iat": at,
            "nbf": at,
            "exp": at + self.lifetime_s,
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}, claims, key, [ALGORITHM])

    def read(self, token: str, now: datetime) -> Access | None:
        """What it says; None for one that is not ours, changed, not yet or no longer good."""
        if len(token) > LIMIT:
            return None
        try:
            read = jwt.decode(token, self._keys, [ALGORITHM])
            if read.header.get("kid") not in self._ids or read.header.get("typ") != TYPE:
                return None
            self._rules(now).validate(read.claims)
        except (JoseError, ValueError):
            return None
        claims = read.claims
        return Access(claims["sid"], claims["sub"], datetime.fromtimestamp(claims["exp"], UTC))

    def _rules(self, now: datetime) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            sid={"essential": True},
            nbf={"essential": True},
            exp={"essential": True},
        )
