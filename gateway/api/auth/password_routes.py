"""The requests that change a password, and that set it anew where it is forgotten."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.auth.doors import Doors, answer_done, locale_of
from gateway.api.auth.endpoints import endpoint
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.session_answers import json_answer
from gateway.domain.errors import Problem
from gateway.usecases import passwords


def password_routes(parts: AuthParts) -> list[Route]:
    """The routes: a change for who is signed in, a reset for anybody."""
    desk = _Desk(parts)
    return [
        Route("/auth/password", endpoint({"PUT": desk.change, "POST": desk.set_anew})),
        Route("/auth/password/reset", endpoint({"POST": desk.ask_reset})),
    ]


class _Desk(Doors):
    """The handlers."""

    async def change(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        old, new = form.text("oldPassword"), form.text("password")
        form.check()
        await passwords.change_password(self.parts.core, self.parts.rules, caller, old, new, locale_of(request))
        return answer_done()

    async def ask_reset(self, request: Request) -> Response:
        form = await self.form(request)
        username, email = form.optional_text("username"), form.optional_text("email")
        problems = []
        if username is not None and email is not None:
            problems = [Problem("ONLY_ONE", ("email",))]
        elif username is None and email is None:
            problems = [Problem("MISSING", ("username",))]
        form.check(*problems)
        core, rules, address = self.parts.core, self.parts.rules, self.limit_key(request)
        await passwords.ask_reset(core, rules, address, username, email, locale_of(request))
        return json_answer({}, 202)

    async def set_anew(self, request: Request) -> Response:
        form = await self.form(request)
        token, password = form.text("token"), form.text("password")
        form.check()
        core, rules, address = self.parts.core, self.parts.rules, self.limit_key(request)
        await passwords.set_password(core, rules, address, token, password, locale_of(request))
        return answer_done()
