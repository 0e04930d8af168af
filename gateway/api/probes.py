"""Whether the gateway lives, whether it is ready, and what it has counted; and the providers' hub callbacks."""

import asyncio

from limits import parse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.api.auth.addresses import read_address
from gateway.api.bodies import BodyTooLarge, BodyUnreadable, read_body
from gateway.api.parts import ApiParts
from gateway.api.telemetry.open_orders import OpenOrders
from gateway.federation.posts import Receipt

FORWARDED = frozenset({"forwarded", "x-forwarded-for"})

STATUSES = {
    Receipt.TAKEN: 204,
    Receipt.UNKNOWN: 404,
    Receipt.MALFORMED: 400,
    Receipt.UNPROVEN: 401,
    Receipt.REPEATED: 409,
    Receipt.TOO_MANY: 429,
}


class Probes:
    """The handlers of everything beside GraphQL and accounts."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._windows = parts.windows
        self._rate = parse(parts.settings.hub_rate)
        self._orders = OpenOrders(parts.core.storage, parts.telemetry.metrics)

    async def live(self, request: Request) -> Response:
        """200 as long as the process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """200 when all that is asked about is ready, else 503; either way with each part's word."""
        parts = dict(await self._parts.readiness())
        is_ready = all(parts.values())
        return JSONResponse({"status": "ok" if is_ready else "waiting", "parts": parts}, 200 if is_ready else 503)

    async def metrics(self, request: Request) -> Response:
        """What is counted, for those networks that may see it; 404 for others."""
        if not self._may_see_metrics(request):
            return Response(status_code=404)
        await self._orders.refresh()
        body = await asyncio.to_thread(self._parts.telemetry.metrics.exposed)
        return Response(body, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})

    def _may_see_metrics(self, request: Request) -> bool:
        address = self._parts.identity.address_of(request)
        is_believed = request.client is not None and address != request.client.host
        if not is_believed and FORWARDED & set(request.headers):
            return False  # it came through a proxy that is not trusted: nobody knows who asks
        found = read_address(address)
        return found is not None and any(found in network for network in self._parts.settings.metrics_networks)

    async def hub(self, request: Request) -> Response:
        """Takes a provider's event: 204, known or not; 404 for who does not know the secret, whatever else is wrong."""
        slug, secret = request.path_params["slug"], request.path_params["secret"]
        if not self._parts.is_hub_secret(slug, secret):
            return Response(status_code=404)
        if not self._windows.hit(self._rate, f"events/{slug}"):
            return Response(status_code=429, headers={"retry-after": "60"})
        try:
            body = await read_body(request.receive, self._parts.settings.hub_body_limit)
        except BodyTooLarge:
            return Response(status_code=413)
        except BodyUnreadable:
            return Response(status_code=400)
        headers = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
        receipt = await self._parts.receive(slug, headers, body)
        return Response(status_code=STATUSES[receipt])
