"""How a session is handed over: as tokens in JSON, or in cookies that no script reads."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from gateway.api.auth.identity import ACCESS_COOKIE, REFRESH_COOKIE
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE
from gateway.usecases.sessions import SignedIn


def json_answer(content: Mapping[str, Any], status: int = 200) -> Response:
    """JSON that no cache keeps."""
    return Response(orjson.dumps(content), status, NO_STORE, "application/json")


def token_answer(parts: AuthParts, signed_in: SignedIn) -> Response:
    """For an app: the tokens."""
    return json_answer(
        {
            "access_token": _access_token(parts, signed_in),
            "token_type": "Bearer",
            "expires_in": parts.tokens.lifetime_s,
            "refresh_token": signed_in.refresh_token,
            **limits_of(signed_in),
        }
    )


def limits_of(signed_in: SignedIn) -> Mapping[str, bool]:
    """What is said of a session that can do nothing yet but switch on a one-time password."""
    return {"oneTimePasswordRequired": True} if signed_in.must_enrol else {}


def put_cookies(response: Response, parts: AuthParts, signed_in: SignedIn) -> None:
    """For a browser: the cookies."""
    _set_cookie(response, ACCESS_COOKIE, _access_token(parts, signed_in), parts.tokens.lifetime_s)
    _set_cookie(response, REFRESH_COOKIE, signed_in.refresh_token, int(parts.settings.session_s))


def _access_token(parts: AuthParts, signed_in: SignedIn) -> str:
    return parts.tokens.issue(signed_in.session_key, signed_in.actor_id, parts.core.clock.now())


def _set_cookie(response: Response, name: str, value: str, lifetime_s: int) -> None:
    # `__Host-` makes browsers insist on Secure, the path / and no Domain.
    response.set_cookie(name, value, lifetime_s, path="/", secure=True, httponly=True, samesite="strict")
