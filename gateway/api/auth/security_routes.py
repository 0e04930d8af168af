"""Where a manager gets the customer's security events as a file, and the operator everybody's."""

from collections.abc import AsyncIterator

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
from gateway.usecases.refusals import access_refused
from gateway.usecases.security_events import export_security_events

PATH = "/auth/security-events"
_HEADERS = {**NO_STORE, "content-disposition": 'attachment; filename="security-events.jsonl"'}


def security_routes(parts: AuthParts) -> list[Route]:
    """The one route."""
    identity = Identity(parts)

    async def export(request: Request) -> Response:
        try:
            caller = await identity.caller_of_request(request)
            await count_export(parts, caller)
        except RequestError as error:
            return _refused(error)
        customer_id = request.query_params.get("customerId")
        try:
            events = await export_security_events(parts.core, caller, customer_id)
        except AccessError as error:
            if caller.subject is None:
                return _refused(error)
            told = access_refused(caller, "exportSecurityEvents", parts.core.clock.now(), limit_key(caller.address))
            parts.core.refusals.note(told)
            return _refused(RequestError.at("NOT_ALLOWED", "customerId"))
        except RequestError as error:
            return _refused(error)
        return StreamingResponse(_lines(events), 200, _HEADERS, "application/jsonl; charset=utf-8")

    return [Route(PATH, export, methods=["GET"])]


def _refused(error: RequestError) -> Response:
    refused("accounts", error.problems[0].code)
    return problem_response(error)


async def _lines(events: AsyncIterator[SecurityEvent]) -> AsyncIterator[bytes]:
    async for event in events:
        yield orjson.dumps(_content(event)) + b"\n"


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
