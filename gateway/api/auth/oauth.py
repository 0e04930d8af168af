"""OAuth 2.0 as it is read and answered: a request's form, how a client says who it is, and errors.

Authlib's own server reads its clients synchronously, and lets a malformed header out as a fault: hence these few lines.
Source: RFC 6749, sections 2.3.1, 3.2, 4.4 and 5.2.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.auth.problems import NO_STORE
from gateway.api.bodies import BodyTooLarge, BodyUnreadable, read_body

FORM = "application/x-www-form-urlencoded"
MAXIMUM_FIELDS = 20
CHALLENGE = 'Basic realm="telecom-gateway", charset="UTF-8"'


class OAuthError(Exception):
    """A refusal in OAuth's words."""

    def __init__(self, error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None):
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.headers = headers or {}

    def response(self) -> Response:
        """The answer."""
        return oauth_json({"error": self.error, "error_description": self.description}, self.status, self.headers)


def oauth_json(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that no cache keeps."""
    return Response(orjson.dumps(content), status, {**NO_STORE, **(headers or {})}, "application/json")


def invalid_client() -> OAuthError:
    """Says nothing of why: wrong, unknown, ended and locked look the same."""
    return OAuthError(
        "invalid_client", "The client is unknown, or its secret is wrong.", 401, {"www-authenticate": CHALLENGE}
    )


def invalid_request(description: str, status: int = 400) -> OAuthError:
    """The request itself is not as it must be."""
    return OAuthError("invalid_request", description, status)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """Who a client says that it is, and what shows it."""

    client_id: str
    secret: str = field(repr=False)


async def read_form(request: Request, limit: int) -> Mapping[str, str]:
    """The body's fields, without the empty ones. Raises: OAuthError invalid_request, also for a field that is twice."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise invalid_request(f"Send a form, with the content type {FORM}.")
    try:
        body = await read_body(request.receive, limit)
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_FIELDS)
    except BodyTooLarge:
        raise invalid_request(f"The body has more than {limit} bytes.", 413) from None
    except (BodyUnreadable, ValueError):
        raise invalid_request("The body is not a form in UTF-8.") from None
    found = dict(fields)
    if len(found) != len(fields):
        raise invalid_request("A field is there twice.")
    return {name: value for name, value in found.items() if value}


def read_client(request: Request, form: Mapping[str, str]) -> ClientSecret:
    """The client of the Authorization header (client_secret_basic), else of the form (client_secret_post).

    Raises: OAuthError invalid_client where neither says who it is, invalid_request where both do.
    """
    authorization = request.headers.get("authorization")
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise invalid_client()
        return ClientSecret(form["client_id"], form["client_secret"])
    found = _basic(authorization)
    if "client_secret" in form or form.get("client_id", found.client_id) != found.client_id:
        raise invalid_request("The client says who it is in two ways.")
    return found


def _basic(authorization: str) -> ClientSecret:
    scheme, _, encoded = authorization.partition(" ")
    try:
        # Each part is encoded as in a form before they are joined.
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
        if scheme.lower() != "basic" or not colon:
            raise ValueError(scheme)
        return ClientSecret(unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict"))
    except (binascii.Error, ValueError):
        raise invalid_client() from None
