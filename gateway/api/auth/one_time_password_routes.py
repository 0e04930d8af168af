"""The requests that switch a one-time password on and off."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.auth.doors import Doors, answer_done, locale_of, read_proof
from gateway.api.auth.endpoints import endpoint
from gateway.api.auth.one_time_codes import qr_code
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.session_answers import json_answer
from gateway.usecases import one_time_passwords


def one_time_password_routes(parts: AuthParts) -> list[Route]:
    """The routes, for who is signed in."""
    desk = _Desk(parts)
    path = "/auth/one-time-password"
    return [
        Route(path, endpoint({"GET": desk.show, "POST": desk.begin, "DELETE": desk.end})),
        Route(f"{path}/confirm", endpoint({"POST": desk.confirm})),
        Route(f"{path}/recovery-codes", endpoint({"POST": desk.renew_codes})),
    ]


class _Desk(Doors):
    """The handlers."""

    async def show(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        state = await one_time_passwords.state_of(self.parts.core, self.parts.rules, caller)
        content = {
            "isOn": state.is_on,
            "isRequired": state.is_required,
            "recoveryCodesLeft": state.recovery_codes_left,
        }
        return json_answer(content)

    async def begin(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        password = form.text("password")
        form.check()
        begun = await one_time_passwords.begin_enrolment(self.parts.core, self.parts.rules, caller, password)
        return json_answer({"secret": begun.secret, "otpauthUri": begun.uri, "qrCode": qr_code(begun.uri)})

    async def confirm(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        code = form.text("oneTimeCode")
        form.check()
        core, rules = self.parts.core, self.parts.rules
        codes = await one_time_passwords.confirm_enrolment(core, rules, caller, code, locale_of(request))
        return json_answer({"recoveryCodes": codes})

    async def renew_codes(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        password = form.text("password")
        proof, problems = read_proof(form)
        form.check(*problems)
        core, rules = self.parts.core, self.parts.rules
        codes = await one_time_passwords.renew_recovery_codes(core, rules, caller, password, proof)
        return json_answer({"recoveryCodes": codes})

    async def end(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        password = form.text("password")
        proof, problems = read_proof(form)
        form.check(*problems)
        core, rules, locale = self.parts.core, self.parts.rules, locale_of(request)
        await one_time_passwords.end_enrolment(core, rules, caller, password, proof, locale)
        return answer_done()
