"""The control API of a network, `/_control/…`: the same words as the others' for what is the same."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from providers.simulator import clock
from providers.simulator.endpoints.control import OfficeControl, json_of
from providers.simulator.onapi.desk import NetworkDesk
from providers.simulator.onapi.placing import FINISH
from providers.simulator.web.answers import answer
from providers.simulator.web.errors import not_found

ORDERS = (
    "select case kind when 'onapiOrder' then json_extract(cast(body as text), '$.state') else 'CANCELLED' end, count(*)"
    " from document where kind in ('onapiOrder', 'onapiCancelledOrder') group by 1 order by 1"
)
ORDERS_BY = (
    "select json_extract(cast(body as text), ?1) as value, count(*) from document"
    " where kind in ('onapiOrder', 'onapiCancelledOrder') and value is not null group by 1 order by 1"
)
SUBSCRIPTIONS = (
    "select case kind when 'onapiSubscription' then json_extract(cast(body as text), '$.operationalState')"
    " else 'ENDED' end, count(*)"
    " from document where kind in ('onapiSubscription', 'onapiEndedSubscription') group by 1 order by 1"
)


class NetworkControl(OfficeControl[NetworkDesk]):
    """What tests may ask of it. Orders are counted by state, operation and the caller's own reference."""

    grouped = (
        ("orders", ORDERS, ()),
        ("ordersByAction", ORDERS_BY, ("$.operation",)),
        ("products", SUBSCRIPTIONS, ()),
        ("ordersByExternalId", ORDERS_BY, ("$.spSubscriptionId",)),
    )
    finish = FINISH

    def routes(self) -> list[BaseRoute]:
        """All of it."""
        return [*super().routes(), Route("/_control/accesses/{id}", self.access, methods=["PATCH"])]

    async def access(self, request: Request) -> Response:
        """PATCH an access: its attributes, as the API names them."""
        changed = self._desk.network.change(request.path_params["id"], await json_of(request), clock.now())
        return self._desk.refusal(not_found("access")) if changed is None else answer(changed.body)
