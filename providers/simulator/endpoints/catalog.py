"""TMF620 over HTTP, for reading; an unchanged catalogue answers 304 to the version that is known."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import Handler, operation
from providers.simulator.versions.editions import Edition
from providers.simulator.web.answers import answer
from providers.simulator.web.api import CATALOG
from providers.simulator.web.errors import not_found
from providers.simulator.web.listing import cut, filtered, page, query_of

RESOURCES = ("catalog", "category", "productOffering", "productOfferingPrice", "productSpecification")


def routes(desk: Desk, edition: Edition) -> list[BaseRoute]:
    """The read operations of each resource."""
    made: list[BaseRoute] = []
    for resource in RESOURCES:
        path = f"{edition.api(CATALOG).base}/{edition.name(resource)}"
        made.append(operation(desk, "GET", path, f"{resource}.list", _list(resource, edition)))
        made.append(operation(desk, "GET", path + "/{id:path}", f"{resource}.get", _get(resource, edition)))
    return made


def _list(resource: str, edition: Edition) -> Handler:
    async def listed(desk: Desk, request: Request) -> Response:
        if _is_known(desk, request):
            return Response(status_code=304, headers=_version(desk))
        query = query_of(request, desk.settings.page_maximum)
        shown = [edition.show(resource, row) for row in desk.catalogue.resources[resource].values()]
        rows = filtered(shown, query)
        return page(rows, query, _version(desk))

    return listed


def _get(resource: str, edition: Edition) -> Handler:
    async def got(desk: Desk, request: Request) -> Response:
        found = desk.catalogue.resources[resource].get(request.path_params["id"])
        if found is None:
            raise not_found(resource)
        if _is_known(desk, request):
            return Response(status_code=304, headers=_version(desk))
        shown = cut(edition.show(resource, found), request.query_params.get("fields"))
        return answer(shown, 200, _version(desk))

    return got


def _version(desk: Desk) -> dict[str, str]:
    return {"ETag": f'"{desk.catalogue.version}"'}


def _is_known(desk: Desk, request: Request) -> bool:
    known = request.headers.get("if-none-match", "")
    return desk.catalogue.version in (tag.strip().removeprefix("W/").strip('"') for tag in known.split(","))
