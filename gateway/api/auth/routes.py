"""The four requests of accounts and sessions."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.auth.addresses import limit_key
from gateway.api.auth.forms import Form, read_object
from gateway.api.auth.identity import ACCESS_COOKIE, REFRESH_COOKIE, Identity
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE, problem_response, unavailable_response
from gateway.api.auth.security_routes import security_routes
from gateway.api.auth.token_routes import token_routes
from gateway.api.telemetry.traces import refused
from gateway.domain.errors import AccessError, Problem, RequestError, StorageUnavailable
from gateway.domain.parties import CustomerKind
from gateway.usecases import parties, sessions
from gateway.usecases.sessions import SignedIn

Handler = Callable[[Request], Awaitable[Response]]


def auth_routes(parts: AuthParts) -> list[Route]:
    """The routes of people, below `/auth`, and those of service clients."""
    doors = _Doors(parts)
    return [
        Route("/auth/accounts", _endpoint({"POST": doors.create_account})),
        Route("/auth/session", _endpoint({"POST": doors.sign_in, "DELETE": doors.sign_out})),
        Route("/auth/refresh", _endpoint({"POST": doors.refresh})),
        *token_routes(parts),
        *security_routes(parts),
    ]


def _endpoint(handlers: Mapping[str, Handler]) -> ASGIApp:
    async def answer(request: Request) -> Response:
        handler = handlers.get(request.method)
        if handler is None:
            return _refused(RequestError.at("METHOD_NOT_ALLOWED"), {"allow": ", ".join(handlers)})
        try:
            return await handler(request)
        except RequestError as error:
            return _refused(error)
        except StorageUnavailable as error:
            return unavailable_response(error)

    class Endpoint:
        """An ASGI app, so that Starlette passes it every method."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            await (await answer(request))(scope, receive, send)

    return Endpoint()


def _refused(error: RequestError, headers: Mapping[str, str] | None = None) -> Response:
    refused("accounts", error.problems[0].code)
    return problem_response(error, headers)


class _Doors:
    """The handlers."""

    def __init__(self, parts: AuthParts) -> None:
        self._parts = parts
        self._identity = Identity(parts)

    async def create_account(self, request: Request) -> Response:
        form = await self._form(request)
        username, password, email = form.text("username"), form.text("password"), form.optional_text("email")
        customer = form.part("customer")
        name, kind = customer.text("name"), customer.choice("kind", CustomerKind, CustomerKind.HOUSEHOLD)
        asked = parties.SignUp(username, password, name, kind, email)
        form.check(*parties.sign_up_problems(asked))
        rules, address = self._parts.rules, self._limit_key(request)
        actor_id, customer_id = await parties.sign_up(self._parts.core, rules.passwords, rules.attempts, address, asked)
        return _json({"actorId": actor_id, "customerId": customer_id}, 201)

    async def sign_in(self, request: Request) -> Response:
        is_cookie = self._is_cookie_mode(request)
        form = await self._form(request)
        username, password = form.text("username"), form.text("password")
        form.optional_text("oneTimeCode")  # no account has one-time codes yet
        form.check()
        address = self._limit_key(request)
        signed_in = await sessions.sign_in(self._parts.core, self._parts.rules, address, username, password)
        return self._signed_in(signed_in, is_cookie)

    async def refresh(self, request: Request) -> Response:
        is_cookie = self._is_cookie_mode(request)
        form = await self._form(request)
        token = request.cookies.get(REFRESH_COOKIE, "") if is_cookie else form.text("refresh_token")
        form.check()
        address = self._limit_key(request)
        return self._signed_in(await sessions.refresh(self._parts.core, self._parts.rules, token, address), is_cookie)

    async def sign_out(self, request: Request) -> Response:
        caller = await self._identity.caller_of_request(request)
        if caller.session_key is None:
            raise AccessError(Problem("UNAUTHENTICATED"))
        await sessions.sign_out(self._parts.core, caller.session_key, self._limit_key(request))
        response = Response(status_code=204, headers=NO_STORE)
        for name in {ACCESS_COOKIE, REFRESH_COOKIE} & set(request.cookies):
            response.delete_cookie(name, secure=True, httponly=True, samesite="strict")
        return response

    async def _form(self, request: Request) -> Form:
        return Form(await read_object(request, self._parts.settings.body_limit))

    def _limit_key(self, request: Request) -> str:
        return limit_key(self._identity.address_of(request))

    def _is_cookie_mode(self, request: Request) -> bool:
        mode = request.query_params.get("mode")
        if mode is None:
            return False
        if mode != "cookie":
            raise RequestError.at("UNKNOWN_VALUE", "mode")
        self._identity.check_cookie_use(request)
        return True

    def _signed_in(self, signed_in: SignedIn, is_cookie: bool) -> Response:
        tokens, core = self._parts.tokens, self._parts.core
        access = tokens.issue(signed_in.session_key, signed_in.actor_id, core.clock.now())
        if is_cookie:
            response = _json({"expires_in": tokens.lifetime_s})
            _set_cookie(response, ACCESS_COOKIE, access, tokens.lifetime_s)
            _set_cookie(response, REFRESH_COOKIE, signed_in.refresh_token, int(self._parts.settings.session_s))
            return response
        return _json(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": tokens.lifetime_s,
                "refresh_token": signed_in.refresh_token,
            }
        )


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, NO_STORE, "application/json")


def _set_cookie(response: Response, name: str, value: str, lifetime_s: int) -> None:
    # `__Host-` makes browsers insist on Secure, the path / and no Domain.
    response.set_cookie(name, value, lifetime_s, path="/", secure=True, httponly=True, samesite="strict")
