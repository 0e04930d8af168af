"""TMF622 over HTTP."""

from functools import partial
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
from providers.simulator.versions.editions import Edition
from providers.simulator.web.answers import answer
from providers.simulator.web.api import ORDERING
from providers.simulator.web.bodies import read_raw


def routes(desk: Desk, edition: Edition) -> list[BaseRoute]:
    """Orders and cancellations."""
    base = edition.api(ORDERING).base
    order, cancellation = partial(create_order, edition), partial(create_cancellation, edition)
    return [
        operation(desk, "POST", f"{base}/productOrder", "productOrder.create", order),
        operation(desk, "POST", f"{base}/cancelProductOrder", "cancelProductOrder.create", cancellation),
        *reading(desk, ORDERING, "productOrder", edition),
        *reading(desk, ORDERING, "cancelProductOrder", edition),
    ]


async def create_order(edition: Edition, desk: Desk, request: Request) -> Response:
    """Takes an order in; `externalId` and the header `Idempotency-Key` are its keys."""
    body = await edition.read(request, OrderInput)
    found = [_header_key(request), f"order {body.externalId}" if body.externalId else None]
    known = tuple(key for key in found if key)
    sent = OrderRequest(body, known, keys.fingerprint(await read_raw(request)), await said(request))
    return _made(edition.show("productOrder", await desk.change(lambda desk, db: place(desk, db, sent))))


async def create_cancellation(edition: Edition, desk: Desk, request: Request) -> Response:
    """Cancels an order; the header `Idempotency-Key` is the key."""
    body = await edition.read(request, CancelInput)
    key = _header_key(request)
    print_ = keys.fingerprint(await read_raw(request))
    sent = CancelRequest(body, (key,) if key else (), print_, await said(request))
    return _made(edition.show("cancelProductOrder", await desk.change(lambda desk, db: cancel(desk, db, sent))))


def _header_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    return f"header {key}" if key else None


def _made(resource: dict[str, Any]) -> Response:
    return answer(resource, 201, {"Location": resource["href"]})
