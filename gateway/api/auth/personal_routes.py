"""Where a person gets all that is kept of them as a file, and where an account or a closed customer is erased."""

from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.api.auth.doors import Doors, answer_done, count_export
from gateway.api.auth.endpoints import endpoint
from gateway.api.auth.identity import ACCESS_COOKIE, REFRESH_COOKIE
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE
from gateway.domain.one_time_passwords import Proof
from gateway.usecases.erasing import erase_own_account, erase_own_customer
from gateway.usecases.personal_export import Section, export_personal_data

FORMAT = 1
_HEADERS = {**NO_STORE, "content-disposition": 'attachment; filename="personal-data.json"'}


def personal_routes(parts: AuthParts) -> list[Route]:
    """The routes, for who is signed in."""
    desk = _Desk(parts)
    return [
        Route("/auth/personal-data", endpoint({"GET": desk.export})),
        Route("/auth/account", endpoint({"DELETE": desk.erase_account})),
        Route("/auth/customer", endpoint({"DELETE": desk.erase_customer})),
    ]


class _Desk(Doors):
    """The handlers."""

    async def export(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        await count_export(self.parts, caller)
        core = self.parts.core
        sections = await export_personal_data(core, caller, request.query_params.get("customerId"))
        content = _document(core.clock.now().isoformat(), sections)
        return StreamingResponse(content, 200, _HEADERS, "application/json")

    async def erase_account(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        password = form.optional_text("password")
        proof = Proof(form.optional_text("oneTimeCode"), form.optional_text("recoveryCode"))
        form.check()
        await erase_own_account(self.parts.core, self.parts.rules, caller, password, proof)
        response = answer_done()
        for name in {ACCESS_COOKIE, REFRESH_COOKIE} & set(request.cookies):
            response.delete_cookie(name, secure=True, httponly=True, samesite="strict")
        return response

    async def erase_customer(self, request: Request) -> Response:
        caller = await self.identity.caller_of_request(request)
        form = await self.form(request)
        customer_id, password = form.text("customerId"), form.optional_text("password")
        form.check()
        await erase_own_customer(self.parts.core, self.parts.rules, caller, customer_id, password)
        return answer_done()


async def _document(at: str, sections: AsyncIterator[Section]) -> AsyncIterator[bytes]:
    """One JSON object, a list for each kind; what is kept is never there as a whole."""
    yield b'{"format":%d,"createdAt":%s' % (FORMAT, orjson.dumps(at))
    kind, is_first = "", True
    async for name, rows in sections:
        if name != kind:
            yield (b"]" if kind else b"") + b",\n" + orjson.dumps(name) + b":["
            kind, is_first = name, True
        for row in rows:
            yield (b"" if is_first else b",\n") + orjson.dumps(row)
            is_first = False
    yield b"]}\n" if kind else b"}\n"
