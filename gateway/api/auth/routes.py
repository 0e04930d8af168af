"""The four requests of accounts and sessions."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.auth.addresses import limit_key
from gateway.api.auth.endpoints import endpoint
from gateway.api.auth.forms import Form, read_object
from gateway.api.auth.identity import ACCESS_COOKIE, REFRESH_COOKIE, Identity
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE
from gateway.api.auth.security_routes import security_routes
from gateway.api.auth.session_answers import json_answer, put_cookies, token_answer
from gateway.api.auth.token_routes import token_routes
from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.parties import CustomerKind
from gateway.usecases import parties, sessions
from gateway.usecases.sessions import SignedIn

END_SESSION_HEADER = "end-session-location"
"""Where a browser ends the session at the identity provider that it came by."""


def auth_routes(parts: AuthParts) -> list[Route]:
    """The routes of people, below `/auth`, and those of service clients."""
    doors = _Doors(parts)
    return [
        Route("/auth/accounts", endpoint({"POST": doors.create_account})),
        Route("/auth/session", endpoint({"POST": doors.sign_in, "DELETE": doors.sign_out})),
        Route("/auth/refresh", endpoint({"POST": doors.refresh})),
        *token_routes(parts),
        *security_routes(parts),
    ]


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
        return json_answer({"actorId": actor_id, "customerId": customer_id}, 201)

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
        issuer = self._parts.issuer
        goes_on_at = await issuer.end_session_address(caller.session_key) if issuer else None
        await sessions.sign_out(self._parts.core, caller.session_key, self._limit_key(request))
        response = Response(status_code=204, headers=NO_STORE)
        if goes_on_at:
            response.headers[END_SESSION_HEADER] = goes_on_at
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
        if not is_cookie:
            return token_answer(self._parts, signed_in)
        response = json_answer({"expires_in": self._parts.tokens.lifetime_s})
        put_cookies(response, self._parts, signed_in)
        return response
