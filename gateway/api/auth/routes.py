"""The requests of accounts and sessions, and those of everything else below `/auth`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.auth.doors import Doors, answer_done, read_proof
from gateway.api.auth.endpoints import endpoint
from gateway.api.auth.forms import Form
from gateway.api.auth.identity import ACCESS_COOKIE, REFRESH_COOKIE
from gateway.api.auth.one_time_password_routes import one_time_password_routes
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.password_routes import password_routes
from gateway.api.auth.security_routes import security_routes
from gateway.api.auth.session_answers import json_answer
from gateway.api.auth.token_routes import token_routes
from gateway.domain.errors import AccessError, Problem
from gateway.domain.parties import CustomerKind
from gateway.usecases import parties, sessions, sign_in

END_SESSION_HEADER = "end-session-location"
"""Where a browser ends the session at the identity provider that it came by."""


def auth_routes(parts: AuthParts) -> list[Route]:
    """The routes of people, below `/auth`, and those of service clients."""
    sessions_ = _Sessions(parts)
    return [
        Route("/auth/accounts", endpoint({"POST": sessions_.create_account})),
        Route("/auth/session", endpoint({"POST": sessions_.sign_in, "DELETE": sessions_.sign_out})),
        Route("/auth/session/challenge", endpoint({"POST": sessions_.answer_challenge})),
        Route("/auth/refresh", endpoint({"POST": sessions_.refresh})),
        *one_time_password_routes(parts),
        *password_routes(parts),
        *token_routes(parts),
        *security_routes(parts),
    ]


class _Sessions(Doors):
    """The handlers of accounts and sessions."""

    async def create_account(self, request: Request) -> Response:
        form = await self.form(request)
        username, password, email = form.text("username"), form.text("password"), form.optional_text("email")
        asked = _invited(form, username, password, email) or _with_customer(form, username, password, email)
        form.check(*parties.sign_up_problems(asked))
        rules, address = self.parts.rules, self.limit_key(request)
        actor_id, customer_id = await parties.sign_up(self.parts.core, rules.passwords, rules.attempts, address, asked)
        return json_answer({"actorId": actor_id, "customerId": customer_id}, 201)

    async def sign_in(self, request: Request) -> Response:
        is_cookie = self.is_cookie_mode(request)
        form = await self.form(request)
        username, password = form.text("username"), form.text("password")
        code = form.optional_text("oneTimeCode")
        form.check()
        parts = self.parts
        begun = await sign_in.sign_in(parts.core, parts.rules, self.origin(request), username, password, code)
        return self.signed_in(begun, is_cookie)

    async def answer_challenge(self, request: Request) -> Response:
        is_cookie = self.is_cookie_mode(request)
        form = await self.form(request)
        challenge = form.text("challenge")
        proof, problems = read_proof(form)
        form.check(*problems)
        parts = self.parts
        begun = await sign_in.answer_challenge(parts.core, parts.rules, self.origin(request), challenge, proof)
        return self.signed_in(begun, is_cookie)

    async def refresh(self, request: Request) -> Response:
        is_cookie = self.is_cookie_mode(request)
        form = await self.form(request)
        token = request.cookies.get(REFRESH_COOKIE, "") if is_cookie else form.text("refresh_token")
        form.check()
        address = self.limit_key(request)
        return self.signed_in(await sessions.refresh(self.parts.core, self.parts.rules, token, address), is_cookie)

    async def sign_out(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        if caller.session_key is None:
            raise AccessError(Problem("UNAUTHENTICATED"))
        issuer = self.parts.issuer
        goes_on_at = await issuer.end_session_address(caller.session_key) if issuer else None
        await sessions.sign_out(self.parts.core, caller.session_key, self.limit_key(request))
        response = answer_done()
        if goes_on_at:
            response.headers[END_SESSION_HEADER] = goes_on_at
        for name in {ACCESS_COOKIE, REFRESH_COOKIE} & set(request.cookies):
            response.delete_cookie(name, secure=True, httponly=True, samesite="strict")
        return response


def _invited(form: Form, username: str, password: str, email: str | None) -> parties.SignUp | None:
    """An account for who comes with an invitation instead of a customer of their own."""
    token = form.optional_text("invitation")
    if token is None:
        return None
    form.without("customer", "NOT_WITH_INVITATION")
    return parties.SignUp(username, password, email=email, invitation=token)


def _with_customer(form: Form, username: str, password: str, email: str | None) -> parties.SignUp:
    customer = form.part("customer")
    name, kind = customer.text("name"), customer.choice("kind", CustomerKind, CustomerKind.HOUSEHOLD)
    return parties.SignUp(username, password, name, kind, email)
