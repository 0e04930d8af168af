"""The read operations of resources that are kept in the database."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import Handler, operation
from providers.simulator.storage import documents
from providers.simulator.web.answers import answer
from providers.simulator.web.api import Api
from providers.simulator.web.errors import not_found
from providers.simulator.web.listing import cut, page, query_of


def reading(desk: Desk, api: Api, kind: str) -> list[BaseRoute]:
    """List and get of one kind of resource."""
    return [
        operation(desk, "GET", f"{api.base}/{kind}", f"{kind}.list", _list(kind)),
        operation(desk, "GET", f"{api.base}/{kind}/{{id:path}}", f"{kind}.get", _get(kind)),
    ]


def _list(kind: str) -> Handler:
    async def listed(desk: Desk, request: Request) -> Response:
        query = query_of(request, desk.settings.page_maximum)
        rows = await desk.look(partial(documents.find, kind=kind, filters=query.filters))
        return page(rows, query)

    return listed


def _get(kind: str) -> Handler:
    async def got(desk: Desk, request: Request) -> Response:
        found = await desk.look(partial(documents.get, kind=kind, key=request.path_params["id"]))
        if found is None:
            raise not_found(kind)
        return answer(cut(found, request.query_params.get("fields")))

    return got
