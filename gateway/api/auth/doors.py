"""What the handlers of accounts, sessions, passwords and one-time passwords share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.auth.addresses import limit_key
from gateway.api.auth.devices import device_of
from gateway.api.auth.forms import Form, read_object
from gateway.api.auth.identity import ACCESS_COOKIE, REFRESH_COOKIE, Identity
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE, problem_response
from gateway.api.telemetry.traces import refused
from gateway.api.texts.language import chosen_language
from gateway.domain.errors import Problem, RequestError
from gateway.domain.one_time_passwords import Proof
from gateway.usecases.sessions import SignedIn
from gateway.usecases.sign_in import Origin

Handler = Callable[[Request], Awaitable[Response]]


def endpoint(handlers: Mapping[str, Handler]) -> ASGIApp:
    """An address with these methods; what is refused is answered as problem details."""

    async def answer(request: Request) -> Response:
        handler = handlers.get(request.method)
        if handler is None:
            return _refused(RequestError.at("METHOD_NOT_ALLOWED"), {"allow": ", ".join(handlers)})
        try:
            return await handler(request)
        except RequestError as error:
            return _refused(error)

    class Endpoint:
        """An ASGI app, so that Starlette passes it every method."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            await (await answer(request))(scope, receive, send)

    return Endpoint()


def _refused(error: RequestError, headers: Mapping[str, str] | None = None) -> Response:
    refused("accounts", error.problems[0].code)
    return problem_response(error, headers)


class Doors:
    """Reads requests, and answers them."""

    def __init__(self, parts: AuthParts) -> None:
        self.parts = parts
        self.identity = Identity(parts)

    async def form(self, request: Request) -> Form:
        """The body's fields. Raises: RequestError."""
        return Form(await read_object(request, self.parts.settings.body_limit))

    def limit_key(self, request: Request) -> str:
        """What attempts are counted by."""
        return limit_key(self.identity.address_of(request))

    def origin(self, request: Request) -> Origin:
        """Where the request comes from."""
        address = self.identity.address_of(request)
        return Origin(limit_key(address), device_of(request, address))

    def is_cookie_mode(self, request: Request) -> bool:
        """Whether the tokens go into cookies. Raises: RequestError, AccessError where they must not."""
        mode = request.query_params.get("mode")
        if mode is None:
            return False
        if mode != "cookie":
            raise RequestError.at("UNKNOWN_VALUE", "mode")
        self.identity.check_cookie_use(request)
        return True

    def signed_in(self, signed_in: SignedIn, is_cookie: bool) -> Response:
        """The session's tokens; and whether it can do nothing yet but switch on a one-time password."""
        tokens, core = self.parts.tokens, self.parts.core
        access = tokens.issue(signed_in.session_key, signed_in.actor_id, core.clock.now())
        limited = {"oneTimePasswordRequired": True} if signed_in.must_enrol else {}
        if is_cookie:
            response = answer_json({"expires_in": tokens.lifetime_s, **limited})
            _set_cookie(response, ACCESS_COOKIE, access, tokens.lifetime_s)
            _set_cookie(response, REFRESH_COOKIE, signed_in.refresh_token, int(self.parts.settings.session_s))
            return response
        return answer_json(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": tokens.lifetime_s,
                "refresh_token": signed_in.refresh_token,
                **limited,
            }
        )


def locale_of(request: Request) -> str:
    """The language of the sentences."""
    return chosen_language(request.headers.get("accept-language"))


def read_proof(form: Form) -> tuple[Proof, list[Problem]]:
    """A one-time code or a recovery code, and what is wrong with what was given: one of the two it must be."""
    proof = Proof(form.optional_text("oneTimeCode"), form.optional_text("recoveryCode"))
    if proof.one_time_code is not None and proof.recovery_code is not None:
        return proof, [Problem("ONLY_ONE", ("recoveryCode",))]
    if proof.one_time_code is None and proof.recovery_code is None:
        return proof, [Problem("MISSING", ("oneTimeCode",))]
    return proof, []


def answer_json(content: Mapping[str, Any], status: int = 200) -> Response:
    """The content as JSON that nobody keeps."""
    return Response(orjson.dumps(content), status, NO_STORE, "application/json")


def answer_done(status: int = 204) -> Response:
    """Nothing to say."""
    return Response(status_code=status, headers=NO_STORE)


def _set_cookie(response: Response, name: str, value: str, lifetime_s: int) -> None:
    # `__Host-` makes browsers insist on Secure, the path / and no Domain.
    response.set_cookie(name, value, lifetime_s, path="/", secure=True, httponly=True, samesite="strict")
