"""Where a manager gets the customer's security events as a file, and the operator everybody's."""

from collections.abc import AsyncIterator, Callable, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.api.auth.addresses import limit_key
from gateway.api.auth.doors import count_export
from gateway.api.auth.identity import Identity
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.problems import NO_STORE, problem_response
from gateway.api.telemetry.traces import refused
from gateway.domain.errors import AccessError, RequestError
from gateway.domain.security import SecurityEvent
from gateway.domain.security_table import header_line, table_line
from gateway.usecases.refusals import access_refused
from gateway.usecases.security_events import export_security_events

PATH = "/auth/security-events"
_Events = AsyncIterator[SecurityEvent]


def security_routes(parts: AuthParts) -> list[Route]:
    """The one route."""
    identity = Identity(parts)

    async def export(request: Request) -> Response:
        try:
            caller = await identity.caller_of_request(request)
            await count_export(parts, caller)
        except RequestError as error:
            return _refused(error)
        customer_id, form = request.query_params.get("customerId"), request.query_params.get("format", "jsonl")
        try:
            _check_form(form)
            events = await export_security_events(parts.core, caller, customer_id)
        except AccessError as error:
            if caller.subject is None:
                return _refused(error)
            told = access_refused(caller, "exportSecurityEvents", parts.core.clock.now(), limit_key(caller.address))
            parts.core.refusals.note(told)
            return _refused(RequestError.at("NOT_ALLOWED", "customerId"))
        except RequestError as error:
            return _refused(error)
        write, media_type = _FORMS[form]
        disposition = f'attachment; filename="security-events.{form}"'
        return StreamingResponse(write(events), 200, {**NO_STORE, "content-disposition": disposition}, media_type)

    return [Route(PATH, export, methods=["GET"])]


def _refused(error: RequestError) -> Response:
    refused("accounts", error.problems[0].code)
    return problem_response(error)


def _check_form(form: str) -> None:
    """Before the export is told as an event."""
    if form not in _FORMS:
        raise RequestError.at("UNKNOWN_VALUE", "format")


async def _lines(events: _Events) -> AsyncIterator[bytes]:
    async for event in events:
        yield orjson.dumps(_content(event)) + b"\n"


async def _table(events: _Events) -> AsyncIterator[bytes]:
    yield header_line().encode()
    async for event in events:
        yield table_line(event).encode()


_FORMS: Mapping[str, tuple[Callable[[_Events], AsyncIterator[bytes]], str]] = {
    "jsonl": (_lines, "application/jsonl; charset=utf-8"),
    "csv": (_table, "text/csv; charset=utf-8; header=present"),
}


def _content(event: SecurityEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "occurredAt": event.occurred_at.isoformat(),
        "actorId": event.actor_id,
        "customerId": event.customer_id,
        "subject": event.subject,
        "parameters": dict(event.params),
        "address": event.address,
        "times": event.times,
        "digest": event.digest,
    }
