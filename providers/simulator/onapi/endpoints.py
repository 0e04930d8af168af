"""What can only be read: accesses, services, subscriptions, events. Source: ON-API 2.6."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from providers.simulator.endpoints.operations import HandlerOf, operation
from providers.simulator.onapi import log, subscriptions
from providers.simulator.onapi.desk import BASE, NetworkDesk
from providers.simulator.onapi.lists import modified, settled
from providers.simulator.onapi.network import Access
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document
from providers.simulator.web.answers import answer
from providers.simulator.web.errors import TmfError, not_found

NAMES = ("accesses", "services", "orders", "orderevents", "subscriptions", "events")
DOCUMENTATION = "https://github.com/on-api/on-api/blob/master/2.6.0/spec"
# As the API has it for what nobody knows.
NEVER = "3030-12-12T00:00:01Z"
FORM = {
    "fixedIp": {"required": False, "values": [True, False]},
    "ipAddress": {"required": False},
    "SLA": {"required": False, "values": ["SLA-1", "SLA-2", "SLA-3"]},
}


def routes(desk: NetworkDesk) -> list[BaseRoute]:
    """A list is at its path with and without a slash at the end."""
    lists: dict[str, HandlerOf[NetworkDesk]] = {
        "accesses": _accesses,
        "services": _services,
        "subscriptions": _subscriptions,
        "events": _events,
        "orderevents": _order_events,
    }
    singles: dict[str, HandlerOf[NetworkDesk]] = {
        "accesses": _access,
        "services": _services_at,
        "subscriptions": _subscriptions_at,
    }
    found: list[BaseRoute] = [listed for name, handler in lists.items() for listed in both(desk, "GET", name, handler)]
    for name, handler in singles.items():
        found.append(operation(desk, "GET", f"{BASE}/{name}/{{id}}", f"{_one(name)}.get", handler))
    return [*found, operation(desk, "GET", f"{BASE}/", "endpoint.list", _endpoints)]


def both(desk: NetworkDesk, method: str, name: str, handler: HandlerOf[NetworkDesk]) -> list[BaseRoute]:
    """The route of a list, with and without a slash at the end."""
    verb = "create" if method == "POST" else "list"
    return [operation(desk, method, f"{BASE}/{name}{end}", f"{_one(name)}.{verb}", handler) for end in ("/", "")]


def _one(name: str) -> str:
    return {"accesses": "access"}.get(name, name.removesuffix("s"))


def shown(document: Document) -> Document:
    """Without what is the network's own."""
    return {name: value for name, value in document.items() if name != "id" and not name.startswith("_")}


async def _endpoints(_desk: NetworkDesk, _request: Request) -> Response:
    return answer(
        [
            {
                "name": name,
                "endpoint": f"{BASE}/{name}/",
                "version": "2.6",
                "documentation": f"{DOCUMENTATION}/{name}.md",
            }
            for name in NAMES
        ]
    )


async def _accesses(desk: NetworkDesk, request: Request) -> Response:
    rows = [(access.modified, access.body) for access in desk.network.accesses.values()]
    return modified(request, rows, desk.refusal(TmfError(404, "NOT_FOUND", "There are no accesses.")))


async def _access(desk: NetworkDesk, request: Request) -> Response:
    return answer(_found(desk, request).body)


async def _services(desk: NetworkDesk, request: Request) -> Response:
    held = await desk.look(partial(documents.find, kind=subscriptions.LIVE, filters={}))
    rows = [(access.modified, _offered(desk, access, held)) for access in desk.network.accesses.values()]
    return modified(request, rows)


async def _services_at(desk: NetworkDesk, request: Request) -> Response:
    access = _found(desk, request)
    held = await desk.look(partial(subscriptions.at_access, access_id=access.id))
    return answer(_offered(desk, access, held))


def _found(desk: NetworkDesk, request: Request) -> Access:
    access = desk.network.accesses.get(request.path_params["id"])
    if access is None:
        raise not_found("access")
    return access


def _offered(desk: NetworkDesk, access: Access, held: list[Document]) -> dict[str, Any]:
    types = desk.network.types
    taken = {types[each["service"]] for each in held if each["accessId"] == access.id}

    def row(service: str) -> dict[str, Any]:
        is_free = types[service] not in taken and types[service] not in access.claimed
        return {
            "service": service,
            "connectionDateTime": "2020-01-01T00:00:00Z",
            "availableDateTime": access.available if is_free else NEVER,
            "disconnectionDateTime": "",
            "forcedTakeoverPossible": False,
            **({"characteristics": FORM} if types[service] == "Broadband" else {}),
        }

    return {"accessId": access.id, "services": [row(service) for service in access.services]}


async def _subscriptions(desk: NetworkDesk, request: Request) -> Response:
    held = await desk.look(partial(documents.find, kind=subscriptions.LIVE, filters={}))
    by_access: dict[str, list[Document]] = {}
    for each in held:
        by_access.setdefault(each["accessId"], []).append(each)
    rows = [
        (max(each["_at"] for each in found), {"accessId": access_id, "subscriptions": [_held(each) for each in found]})
        for access_id, found in by_access.items()
    ]
    return modified(request, rows)


async def _subscriptions_at(desk: NetworkDesk, request: Request) -> Response:
    access = _found(desk, request)
    held = await desk.look(partial(subscriptions.at_access, access_id=access.id))
    return answer({"accessId": access.id, "subscriptions": [_held(each) for each in held]})


def _held(document: Document) -> Document:
    return {name: value for name, value in shown(document).items() if name != "accessId"}


async def _events(desk: NetworkDesk, request: Request) -> Response:
    return modified(request, settled([(row["_at"], shown(row)) for row in await _log(desk, log.EVENT)]))


async def _order_events(desk: NetworkDesk, request: Request) -> Response:
    rows = [{"event": row["id"], "order": row["order"]} for row in await _log(desk, log.ORDER_EVENT)]
    since = request.query_params.get("since")
    if since is not None:
        places = [number for number, row in enumerate(rows, 1) if row["event"] == since]
        if not places:
            raise TmfError(404, "NOT_FOUND", "There is no such event.")
        rows = rows[places[0] :]
    return answer(rows)


async def _log(desk: NetworkDesk, kind: str) -> list[Document]:
    return await desk.look(partial(documents.find, kind=kind, filters={}))
