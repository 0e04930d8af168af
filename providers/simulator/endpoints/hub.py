"""The hub of each API: registering an address for its events. Source: TMF630 v4, `EventSubscriptionInput`."""

from functools import partial
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import Handler, operation
from providers.simulator.events import outbox
from providers.simulator.events.input import SubscriptionInput
from providers.simulator.versions.editions import Edition
from providers.simulator.web.answers import answer, no_content
from providers.simulator.web.api import Api
from providers.simulator.web.errors import TmfError, not_found


def routes(desk: Desk, api: Api, edition: Edition) -> list[BaseRoute]:
    """Register and unregister."""
    path = f"{edition.api(api).base}/hub"
    return [
        operation(desk, "POST", path, "hub.create", _register(api, edition)),
        operation(desk, "DELETE", path + "/{id:path}", "hub.delete", _unregister(edition.topic(api))),
    ]


def _register(api: Api, edition: Edition) -> Handler:
    async def registered(desk: Desk, request: Request) -> Response:
        body = await edition.read(request, SubscriptionInput)
        _check(body.callback)
        subscribe = partial(outbox.subscribe, api=edition.topic(api), callback=body.callback, query=body.query)
        made = await desk.look(subscribe)
        shown = {"id": made.id, "callback": made.callback, **({"query": made.query} if made.query is not None else {})}
        return answer(edition.show("hub", shown), 201, {"Location": f"{edition.api(api).base}/hub/{made.id}"})

    return registered


def _check(callback: str) -> None:
    try:
        address = urlsplit(callback)
        reachable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        reachable = False
    if not reachable or len(callback) > 2000:
        raise TmfError(400, "INVALID_CALLBACK", "callback must be an http or https address")


def _unregister(topic: str) -> Handler:
    async def unregistered(desk: Desk, request: Request) -> Response:
        unsubscribe = partial(outbox.unsubscribe, api=topic, key=request.path_params["id"])
        if not await desk.look(unsubscribe):
            raise not_found("hub")
        return no_content()

    return unregistered
