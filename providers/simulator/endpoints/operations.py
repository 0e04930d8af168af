"""Operations: an endpoint with a name, counted, and with the faults that it was told to have."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.simulator.desk import Desk, Office
from providers.simulator.faults import TRANSPORT, Fault
from providers.simulator.web.answers import answer
from providers.simulator.web.dropping import Dropped, drop
from providers.simulator.web.errors import TmfError

Handler = Callable[[Desk, Request], Awaitable[Response]]
AnOffice = TypeVar("AnOffice", bound=Office)
HandlerOf = Callable[[AnOffice, Request], Awaitable[Response]]
# What is still to be done of calls whose line was cut: a loop forgets a task that nobody holds.
_late: set[asyncio.Task[None]] = set()


def operation(desk: AnOffice, method: str, path: str, name: str, handler: HandlerOf[AnOffice]) -> Route:
    """A route for one operation; `name` is `<resource>.<verb>`."""

    async def endpoint(request: Request) -> Response:
        desk.calls[name] += 1
        fault = desk.faults.take(name, TRANSPORT, await said(request)) if desk.settings.faults_enabled else None
        return await _faulty(desk, request, handler, fault) if fault else await _served(desk, request, handler)

    return Route(path, endpoint, methods=[method], name=name)


async def said(request: Request) -> str:
    """All that a request says, as one text, for the faults to match: path, query and body."""
    body = await request.body()
    try:
        plain = orjson.dumps(orjson.loads(body)).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        plain = body.decode(errors="replace")
    return f"{request.url.path} {request.scope['path']} {unquote(request.url.query)} {plain}"


async def _served(desk: AnOffice, request: Request, handler: HandlerOf[AnOffice]) -> Response:
    try:
        return await handler(desk, request)
    except TmfError as error:
        return desk.refusal(error)


async def _faulty(desk: AnOffice, request: Request, handler: HandlerOf[AnOffice], fault: Fault) -> Response:
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return await _served(desk, request, handler)
    if fault.kind == "drop_after" or fault.does_work:
        await _served(desk, request, handler)
    if fault.kind == "late":
        task = asyncio.create_task(_served_late(desk, request, handler, fault.seconds))
        _late.add(task)
        task.add_done_callback(_late.discard)
    if fault.kind in ("drop_before", "drop_after", "late"):
        drop(request.scope)
        raise Dropped
    return _broken(desk, fault) if fault.kind == "status" else _nonsense(fault)


async def _served_late(desk: AnOffice, request: Request, handler: HandlerOf[AnOffice], seconds: float) -> None:
    """Nobody waits for the answer any more."""
    await asyncio.sleep(seconds)
    await _served(desk, request, handler)


def _broken(desk: Office, fault: Fault) -> Response:
    response = desk.refusal(TmfError(fault.status, "TOLD_TO_FAIL", fault.reason))
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _nonsense(fault: Fault) -> Response:
    shapes: dict[str, Any] = {
        "list": [[]],
        "wrong": {"id": 7, "state": {"of": "confusion"}, "productOrderItem": "none"},
    }
    if fault.shape in shapes:
        return answer(shapes[fault.shape])
    text = "" if fault.shape == "empty" else "<html><body>Welcome to the portal</body></html>"
    return Response(text, 200, media_type="text/html")
