"""What an ID token must be to be believed. Source: OpenID Connect Core 1.0, sections 2, 3.1.3.7 and 3.3.2.11."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from joserfc.jwt import Token

from gateway.api.oidc.parts import OidcSettings
from gateway.api.oidc.refusal import TokenRefused
from gateway.domain.credentials import email_problem
from gateway.domain.issuer import SUBJECT_LIMIT, IssuerSignIn, IssuerSubject

LEEWAY_S = 30
"""How much the issuer's clock may differ from ours."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What this browser's sign-in has asked for."""

    nonce: str
    access_token: str | None = field(repr=False)


def read_id_token(token: Token, text: str, expected: Expected, settings: OidcSettings, now: datetime) -> IssuerSignIn:
    """Who has signed in. The signature has been checked. Raises: TokenRefused."""
    if token.header.get("typ", "JWT") != "JWT":
        raise TokenRefused("TYPE")  # an access token or a logout token, both of the same keys
    claims = CodeIDToken(
        token.claims,
        token.header,
        {"iss": {"essential": True, "value": settings.issuer}, "aud": {"essential": True, "value": settings.client_id}},
        {"nonce": expected.nonce, "client_id": settings.client_id, "access_token": expected.access_token},
    )
    try:
        claims.validate(int(now.timestamp()), LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(refused_claim(error)) from None
    return _sign_in(token.claims, text, settings)


def _sign_in(claims: Mapping[str, Any], text: str, settings: OidcSettings) -> IssuerSignIn:
    email = text_of(claims, "email")
    is_verified = claims.get("email_verified") is True and email is not None and email_problem(email) is None
    operator = settings.operator
    return IssuerSignIn(
        IssuerSubject(settings.issuer, subject_of(claims)),
        text_of(claims, "sid"),
        text_of(claims, "preferred_username"),
        text_of(claims, "name"),
        email if is_verified else None,
        is_operator=operator is not None and operator.is_in(claims),
        id_token=text,
    )


def subject_of(claims: Mapping[str, Any]) -> str:
    """Raises: TokenRefused for what can be nobody's."""
    subject = claims.get("sub")
    is_right = isinstance(subject, str) and 0 < len(subject) <= SUBJECT_LIMIT and subject.isprintable()
    if not isinstance(subject, str) or not is_right:
        raise TokenRefused("SUB")
    return subject


def text_of(claims: Mapping[str, Any], name: str) -> str | None:
    """The claim where it is a text that can be kept; None for any other."""
    value = claims.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= SUBJECT_LIMIT and value.isprintable() else None


def refused_claim(error: Exception) -> str:
    """The name of the claim that is wrong, as a code."""
    name = getattr(error, "claim", None)
    return str(name).upper()[:20] if isinstance(name, str) and name.isidentifier() else "CLAIMS"
