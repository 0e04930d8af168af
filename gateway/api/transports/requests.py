"""Reads a request: its headers, its caller, and the operation that it asks for."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope

from gateway.api.bodies import BodyTooLarge, BodyUnreadable, read_body, read_json
from gateway.api.context import Context
from gateway.api.operations.asked import Asked, Malformed, asked_of
from gateway.api.parts import ApiParts
from gateway.api.problems import Code
from gateway.api.texts import tell
from gateway.api.texts.language import chosen_language
from gateway.api.transports.media import JSON, Accepted, accepted, is_json, reads_gzip
from gateway.api.transports.replies import Refusal
from gateway.domain.errors import AccessError

MAXIMUM_PARAMETERS = 20
# Source: RFC 6750, section 3: OAuth's libraries get a new token by it.
BAD_TOKEN = {"www-authenticate": 'Bearer error="invalid_token"'}


@dataclass(slots=True)
class Heard:
    """A request's head: its headers by their names in small letters."""

    scope: Scope
    headers: dict[bytes, bytes]

    @classmethod
    def of(cls, scope: Scope) -> "Heard":
        """Reads it."""
        given = scope["headers"]
        headers = dict(given)
        return cls(scope, headers if len(headers) == len(given) else _joined(given))

    def header(self, name: bytes) -> str:
        """A header's value; empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def method(self) -> str:
        """The method."""
        return str(self.scope["method"])

    @property
    def accepted(self) -> Accepted:
        """What the client reads."""
        return accepted(self.header(b"accept"))

    @property
    def reads_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        return reads_gzip(self.header(b"accept-encoding"))

    @property
    def locale(self) -> str:
        """The language of the texts in the answer."""
        return chosen_language(self.header(b"accept-language") or None)

    @property
    def parameters(self) -> dict[str, str]:
        """What stands in the address. Raises: Refusal."""
        try:
            given = parse_qsl(self.scope["query_string"].decode("ascii"), max_num_fields=MAXIMUM_PARAMETERS)
        except ValueError:
            raise Refusal(400, "The address can't be read.") from None
        return dict(given)


def _joined(given: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Several lines of one header are one list. Source: RFC 9110, 5.3."""
    headers: dict[bytes, bytes] = {}
    for name, value in given:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


async def asked_by_post(heard: Heard, receive: Receive, limit: int) -> Asked:
    """The operation in the body. Raises: Refusal."""
    if not is_json(heard.header(b"content-type")):
        raise Refusal(415, f"The body must be {JSON} in UTF-8.")
    if heard.header(b"content-encoding").strip().lower() not in {"", "identity"}:
        raise Refusal(415, "The body must not be compressed.")
    try:
        return _asked(heard, read_json(await read_body(receive, limit)))
    except BodyTooLarge:
        raise Refusal(413, f"The body may have at most {limit} bytes.") from None
    except BodyUnreadable:
        raise Refusal(400, "The body is not JSON.") from None


def asked_by_get(heard: Heard) -> Asked:
    """The operation in the address. Raises: Refusal."""
    given: dict[str, Any] = dict(heard.parameters)
    for key in ("variables", "extensions"):
        try:
            given[key] = read_json(given[key]) if given.get(key) else None
        except BodyUnreadable:
            raise Refusal(400, f"`{key}` is not JSON.") from None
    return _asked(heard, given)


def _asked(heard: Heard, given: Any) -> Asked:
    try:
        asked = asked_of(given)
    except Malformed as malformed:
        raise Refusal(400, str(malformed)) from None
    last_seen = heard.headers.get(b"last-event-id")
    return replace(asked, resume_after=last_seen.decode("latin-1")) if last_seen else asked


async def context_of(heard: Heard, parts: ApiParts, asked: Asked | None = None) -> Context:
    """Who asks, and in which language. Raises: Refusal for a token good no more, or a cookie that must not count."""
    locale = heard.locale
    try:
        caller = await parts.identity.caller_of_request(HTTPConnection(heard.scope))
    except AccessError as error:
        code = Code(error.problems[0].code)
        message = tell(locale, "problem", code, {})
        if code is Code.FORBIDDEN:
            raise Refusal(403, message, code) from None
        raise Refusal(401, message, code, BAD_TOKEN) from None
    if caller.locale != locale:
        caller = replace(caller, locale=locale)
    return Context(parts.core, caller, locale, parts.attempts, asked.resume_after if asked else None)
