"""One operator as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from providers.simulator.desk import Desk
from providers.simulator.endpoints import catalog, hub, ordering, qualification
from providers.simulator.endpoints.control import Control
from providers.simulator.endpoints.stored import reading
from providers.simulator.versions.editions import EDITIONS, Edition
from providers.simulator.web.api import BILLING, CATALOG, INVENTORY, ORDERING, QUALIFICATION
from providers.simulator.web.dropping import DropsQuietly
from providers.simulator.web.errors import TmfError, error_answer


def application(desk: Desk) -> ASGIApp:
    """Everything the operator serves; all else answers 404 or 405 in TM Forum's shape."""
    routes = [route for edition in EDITIONS for route in _edition(desk, edition)]
    if desk.settings.faults_enabled:
        routes.extend(Control(desk).routes())
    served = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
    served.router.redirect_slashes = False
    return DropsQuietly(served)


def _edition(desk: Desk, edition: Edition) -> list[BaseRoute]:
    """All APIs in one version."""
    apis = (CATALOG, ORDERING, INVENTORY, QUALIFICATION, BILLING)
    return [
        *catalog.routes(desk, edition),
        *ordering.routes(desk, edition),
        *reading(desk, INVENTORY, "product", edition),
        *qualification.routes(desk, edition),
        *reading(desk, BILLING, "customerBill", edition),
        *reading(desk, BILLING, "appliedCustomerBillingRate", edition),
        *(route for api in apis for route in hub.routes(desk, api, edition)),
    ]


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    codes = {404: ("NOT_FOUND", "there is nothing here"), 405: ("METHOD_NOT_ALLOWED", "this is not offered")}
    code, reason = codes.get(status, ("REFUSED", "the request is refused"))
    return error_answer(TmfError(status, code, reason))
