"""TMF679 over HTTP. Answers are kept in memory, the last thousand."""

from collections import OrderedDict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator import clock
from providers.simulator.desk import Desk
from providers.simulator.endpoints.operations import operation
from providers.simulator.qualification.input import QualificationInput
from providers.simulator.qualification.verdicts import qualify
from providers.simulator.web.answers import answer
from providers.simulator.web.api import QUALIFICATION
from providers.simulator.web.bodies import read
from providers.simulator.web.errors import not_found
from providers.simulator.web.listing import cut, filtered, page, query_of

KEPT = 1000
RESOURCE = "productOfferingQualification"


class Qualifications:
    """The endpoints, with the answers given so far."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def routes(self, desk: Desk) -> list[BaseRoute]:
        """Create, list and get."""
        path = f"{QUALIFICATION.base}/{RESOURCE}"
        return [
            operation(desk, "POST", path, f"{RESOURCE}.create", self._create),
            operation(desk, "GET", path, f"{RESOURCE}.list", self._list),
            operation(desk, "GET", path + "/{id:path}", f"{RESOURCE}.get", self._get),
        ]

    async def _create(self, desk: Desk, request: Request) -> Response:
        made = qualify(desk.catalogue, await read(request, QualificationInput), clock.now())
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
