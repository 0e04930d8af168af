"""What a logout token must be to end sessions. Source: OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6."""

from datetime import UTC, datetime, timedelta

from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry, Token

from gateway.api.oidc.id_tokens import LEEWAY_S, refused_claim, subject_of, text_of
from gateway.api.oidc.parts import OidcSettings
from gateway.api.oidc.refusal import TokenRefused
from gateway.usecases.single_sign_on import IssuerLogout

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = frozenset({"JWT", "logout+jwt"})
LONGEST_LIFE = timedelta(hours=1)
"""What would be good for longer would have to be remembered for as long."""


def read_logout_token(token: Token, settings: OidcSettings, now: datetime) -> IssuerLogout:
    """Whose sessions end. The signature has been checked. Raises: TokenRefused."""
    claims = token.claims
    if token.header.get("typ", "JWT") not in TYPES:
        raise TokenRefused("TYPE")
    rules = JWTClaimsRegistry(
        int(now.timestamp()),
        LEEWAY_S,
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.client_id},
        iat={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        rules.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(refused_claim(error)) from None
    events, jti, sid = claims.get("events"), text_of(claims, "jti"), text_of(claims, "sid")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise TokenRefused("EVENTS")
    if "nonce" in claims:
        raise TokenRefused("NONCE")  # an ID token
    if jti is None:
        raise TokenRefused("JTI")
    if "sub" not in claims and sid is None:
        raise TokenRefused("SUB")
    return IssuerLogout(
        settings.issuer, jti, subject_of(claims) if "sub" in claims else None, sid, _until(float(claims["exp"]), now)
    )


def _until(exp: float, now: datetime) -> datetime:
    if exp > (now + LONGEST_LIFE).timestamp():
        raise TokenRefused("EXP")
    # It is refused from then on even by the clock's leeway.
    return datetime.fromtimestamp(exp + LEEWAY_S + 1, UTC)
