"""GraphQL over HTTP: POST for everything but subscriptions, GET for queries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.api.context import Context
from gateway.api.operations.execution import Answer, Asked, Execution
from gateway.api.page import PAGE
from gateway.api.parts import ApiParts
from gateway.api.problems import Code, plain
from gateway.api.texts import tell
from gateway.api.texts.language import chosen_language
from gateway.api.transports.bodies import BodyTooLarge, BodyUnreadable, read_body, read_json
from gateway.api.transports.media import GRAPHQL, JSON, answer_type, is_json
from gateway.domain.errors import AccessError


@dataclass(frozen=True, slots=True)
class _Refusal(Exception):
    """A request that is no operation."""

    status: int
    message: str
    code: Code = Code.BAD_USER_INPUT
    headers: Mapping[str, str] | None = None


class GraphQLEndpoint:
    """The endpoint's handler of requests."""

    def __init__(self, parts: ApiParts, execution: Execution) -> None:
        self._parts = parts
        self._execution = execution

    async def handle(self, request: Request) -> Response:
        """The answer. Never a redirect, never a traceback."""
        if _is_visit(request):
            return HTMLResponse(PAGE)
        media_type = answer_type(request.headers.get("accept"))
        try:
            if media_type is None:
                raise _Refusal(406, f"Answers are {GRAPHQL} or {JSON}.")
            asked = await self._asked(request)
            context = await self._context(request)
        except _Refusal as refusal:
            return _refused(refusal, media_type or JSON)
        answered = await self._execution.run(asked, context)
        status = 400 if not answered.was_run and media_type == GRAPHQL else 200
        return _response(answered.body, status, media_type)

    async def _asked(self, request: Request) -> Asked:
        if request.method == "GET":
            return self._asked_by_get(request)
        if request.method != "POST":
            raise _Refusal(405, "Use POST, or GET for queries.", headers={"allow": "GET, POST"})
        if not is_json(request.headers.get("content-type")):
            raise _Refusal(415, f"The body must be {JSON} in UTF-8.")
        limit = self._parts.settings.body_limit
        try:
            return asked_of(read_json(await read_body(request, limit)))
        except BodyTooLarge:
            raise _Refusal(413, f"The body may have at most {limit} bytes.") from None
        except BodyUnreadable:
            raise _Refusal(400, "The body is not JSON.") from None

    def _asked_by_get(self, request: Request) -> Asked:
        given: dict[str, Any] = dict(request.query_params)
        for key in ("variables", "extensions"):
            try:
                given[key] = read_json(given[key]) if given.get(key) else None
            except BodyUnreadable:
                raise _Refusal(400, f"`{key}` is not JSON.") from None
        asked = asked_of(given)
        if self._execution.read(asked.query).kind(asked.operation_name) is OperationType.MUTATION:
            raise _Refusal(405, "A mutation needs POST.", headers={"allow": "POST"})
        return asked

    async def _context(self, request: Request) -> Context:
        locale = chosen_language(request.headers.get("accept-language"))
        try:
            caller = await self._parts.identity.caller_of_request(request)
        except AccessError as error:
            code = Code(error.problems[0].code)
            status = 403 if code is Code.FORBIDDEN else 401
            raise _Refusal(status, tell(locale, "problem", code, {}), code) from None
        return Context(self._parts.core, replace(caller, locale=locale), locale)


def asked_of(given: Any) -> Asked:
    """The operation in a request's JSON. Raises: a refusal with what is wrong."""
    if not isinstance(given, dict):
        raise _Refusal(400, "The body must be one JSON object: batches are not supported.")
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise _Refusal(400, "`query` must be a document.")
    variables, name, extensions = given.get("variables"), given.get("operationName"), given.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise _Refusal(400, "`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise _Refusal(400, "`operationName` must be a string.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _Refusal(400, "`extensions` must be an object.")
    return Asked(query, variables, name or None)


def _is_visit(request: Request) -> bool:
    accepts_page = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and accepts_page and "query" not in request.query_params


def _refused(refusal: _Refusal, media_type: str) -> Response:
    body: Answer = {"errors": [plain(refusal.code, refusal.message)]}
    return _response(body, refusal.status, media_type, refusal.headers)


def _response(body: Answer, status: int, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    # Answers are for one caller: no cache on the way may keep them.
    kept = {"cache-control": "no-store", "vary": "accept, accept-language", **(headers or {})}
    return Response(orjson.dumps(body), status, kept, f"{media_type}; charset=utf-8")
