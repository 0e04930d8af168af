"""TMF622 over HTTP."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import operation, said
from providers.simulator.endpoints.stored import reading
from providers.simulator.ordering.cancellation import CancelRequest, cancel
from providers.simulator.ordering.input import CancelInput, OrderInput
from providers.simulator.ordering.placing import OrderRequest, place
from providers.simulator.storage import keys
from providers.simulator.web.answers import answer
from providers.simulator.web.api import ORDERING
from providers.simulator.web.bodies import read, read_raw


def routes(desk: Desk) -> list[BaseRoute]:
    """Orders and cancellations."""
    base = ORDERING.base
    return [
        operation(desk, "POST", f"{base}/productOrder", "productOrder.create", create_order),
        operation(desk, "POST", f"{base}/cancelProductOrder", "cancelProductOrder.create", create_cancellation),
        *reading(desk, ORDERING, "productOrder"),
        *reading(desk, ORDERING, "cancelProductOrder"),
    ]


async def create_order(desk: Desk, request: Request) -> Response:
    """Takes an order in; `externalId` and the header `Idempotency-Key` are its keys."""
    body = await read(request, OrderInput)
    found = [_header_key(request), f"order {body.externalId}" if body.externalId else None]
    known = tuple(key for key in found if key)
    sent = OrderRequest(body, known, keys.fingerprint(await read_raw(request)), await said(request))
    return _made(await desk.change(lambda desk, db: place(desk, db, sent)))


async def create_cancellation(desk: Desk, request: Request) -> Response:
    """Cancels an order; the header `Idempotency-Key` is the key."""
    body = await read(request, CancelInput)
    key = _header_key(request)
    print_ = keys.fingerprint(await read_raw(request))
    sent = CancelRequest(body, (key,) if key else (), print_, await said(request))
    return _made(await desk.change(lambda desk, db: cancel(desk, db, sent)))


def _header_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    return f"header {key}" if key else None


def _made(resource: dict[str, Any]) -> Response:
    return answer(resource, 201, {"Location": resource["href"]})
