"""TMF679 over HTTP. Answers are kept in memory, the last thousand."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator import clock
from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import operation
from providers.simulator.qualification.input import QualificationInput
from providers.simulator.qualification.verdicts import qualify
from providers.simulator.versions.editions import Edition
from providers.simulator.versions.input import QueryInput
from providers.simulator.versions.querying import available
from providers.simulator.web.answers import answer
from providers.simulator.web.api import QUALIFICATION
from providers.simulator.web.bodies import read
from providers.simulator.web.errors import not_found
from providers.simulator.web.listing import cut, filtered, page, query_of

KEPT = 1000
RESOURCE = "productOfferingQualification"
CHECK, QUERY = "checkProductOfferingQualification", "queryProductOfferingQualification"
Decide = Callable[[Desk, Request], Awaitable[dict[str, Any]]]


def routes(desk: Desk, edition: Edition) -> list[BaseRoute]:
    """The one form of v4, or the two of v5; a fault for one is a fault for all."""
    base = edition.api(QUALIFICATION).base
    if edition.is_kept:
        return Qualifications(f"{base}/{RESOURCE}", _checked(edition, RESOURCE)).routes(desk)
    checks = Qualifications(f"{base}/{CHECK}", _checked(edition, CHECK))
    return [*checks.routes(desk), *Qualifications(f"{base}/{QUERY}", _queried).routes(desk)]


def _checked(edition: Edition, name: str) -> Decide:
    async def decide(desk: Desk, request: Request) -> dict[str, Any]:
        made = qualify(desk.catalogue, await edition.read(request, QualificationInput), clock.now())
        href = f"{edition.api(QUALIFICATION).base}/{name}/{made['id']}"
        return {**edition.show(RESOURCE, made), "href": href}

    return decide


async def _queried(desk: Desk, request: Request) -> dict[str, Any]:
    return available(desk.catalogue, await read(request, QueryInput), clock.now())


class Qualifications:
    """The endpoints of one form, with the answers given so far."""

    def __init__(self, path: str, decide: Decide) -> None:
        self._path = path
        self._decide = decide
        self._given: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def routes(self, desk: Desk) -> list[BaseRoute]:
        """Create, list and get."""
        return [
            operation(desk, "POST", self._path, f"{RESOURCE}.create", self._create),
            operation(desk, "GET", self._path, f"{RESOURCE}.list", self._list),
            operation(desk, "GET", self._path + "/{id:path}", f"{RESOURCE}.get", self._get),
        ]

    async def _create(self, desk: Desk, request: Request) -> Response:
        made = await self._decide(desk, request)
        self._given[made["id"]] = made
        while len(self._given) > KEPT:
            self._given.popitem(last=False)
        return answer(made, 201, {"Location": made["href"]})

    async def _list(self, desk: Desk, request: Request) -> Response:
        query = query_of(request, desk.settings.page_maximum)
        return page(filtered(list(self._given.values()), query), query)

    async def _get(self, desk: Desk, request: Request) -> Response:
        found = self._given.get(request.path_params["id"])
        if found is None:
            raise not_found(RESOURCE)
        return answer(cut(found, request.query_params.get("fields")))
