"""The read operations of resources that are kept in the database."""

from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import Handler, operation
from providers.simulator.storage import documents
from providers.simulator.versions.editions import Edition
from providers.simulator.web.answers import answer
from providers.simulator.web.api import Api
from providers.simulator.web.errors import not_found
from providers.simulator.web.listing import cut, filtered, page, query_of


def reading(desk: Desk, api: Api, kind: str, edition: Edition) -> list[BaseRoute]:
    """List and get of one kind of resource."""
    path = f"{edition.api(api).base}/{kind}"
    return [
        operation(desk, "GET", path, f"{kind}.list", _list(kind, edition)),
        operation(desk, "GET", path + "/{id:path}", f"{kind}.get", _get(kind, edition)),
    ]


def _list(kind: str, edition: Edition) -> Handler:
    async def listed(desk: Desk, request: Request) -> Response:
        query = query_of(request, desk.settings.page_maximum)
        rows = await desk.look(partial(documents.find, kind=kind, filters=_kept(kind, query.filters, edition)))
        return page(filtered([edition.show(kind, row) for row in rows], query), query)

    return listed


def _kept(kind: str, filters: Mapping[str, str], edition: Edition) -> Mapping[str, str]:
    """Those of the filters by which documents are found quickly; all of them are looked at afterwards."""
    named = {edition.filters.get(name, name): wanted for name, wanted in filters.items()}
    return {name: wanted for name, wanted in named.items() if name in documents.INDEXED[kind]}


def _get(kind: str, edition: Edition) -> Handler:
    async def got(desk: Desk, request: Request) -> Response:
        found = await desk.look(partial(documents.get, kind=kind, key=request.path_params["id"]))
        if found is None:
            raise not_found(kind)
        return answer(cut(edition.show(kind, found), request.query_params.get("fields")))

    return got
