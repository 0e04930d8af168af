"""Orders over HTTP. Source: ON-API 2.6, orders."""

from functools import partial
from sqlite3 import Connection

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.endpoints.operations import operation, said
from providers.simulator.onapi import delivery, orders
from providers.simulator.onapi.desk import BASE, NetworkDesk
from providers.simulator.onapi.endpoints import both, shown
from providers.simulator.onapi.input import ChangeInput, OrderInput
from providers.simulator.onapi.placing import Sent, place
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document
from providers.simulator.web.answers import answer, no_content
from providers.simulator.web.bodies import read
from providers.simulator.web.errors import not_found


def routes(desk: NetworkDesk) -> list[BaseRoute]:
    """Create, list, get, change, cancel."""
    one = f"{BASE}/orders/{{id}}"
    return [
        *both(desk, "POST", "orders", _create),
        *both(desk, "GET", "orders", _list),
        operation(desk, "GET", one, "order.get", _get),
        operation(desk, "PUT", one, "order.replace", _change),
        operation(desk, "PATCH", one, "order.change", _change),
        operation(desk, "DELETE", one, "order.delete", _delete),
    ]


async def _create(desk: NetworkDesk, request: Request) -> Response:
    sent = Sent(await read(request, OrderInput), await said(request))
    taken = await desk.change(lambda desk, db: place(desk, db, sent))
    path = taken.order.get("path")
    return answer(shown(taken.order), taken.status, {"Location": path} if path else {})


async def _list(desk: NetworkDesk, request: Request) -> Response:
    # The API's own example has the state in quotes.
    given = {name: value.strip('"') for name, value in request.query_params.items()}
    return answer([shown(each) for each in await desk.look(partial(_asked, given=given))])


def _asked(db: Connection, given: dict[str, str]) -> list[Document]:
    """All that have not ended, unless the question says which."""
    filters: dict[str, str] = {name: given[name] for name in ("accessId", "state") if name in given}
    return documents.find(db, orders.ORDER, filters) if filters else orders.unfinished(db)


async def _get(desk: NetworkDesk, request: Request) -> Response:
    found = await desk.look(partial(documents.get, kind=orders.ORDER, key=request.path_params["id"]))
    if found is None:
        raise not_found("order")
    return answer(shown(found))


async def _change(desk: NetworkDesk, request: Request) -> Response:
    attributes, key = (await read(request, ChangeInput)).as_json(), request.path_params["id"]
    await desk.change(lambda desk, db: delivery.change(desk, db, key, attributes))
    return no_content()


async def _delete(desk: NetworkDesk, request: Request) -> Response:
    key = request.path_params["id"]
    await desk.change(lambda desk, db: delivery.cancel(desk, db, key))
    return no_content()
