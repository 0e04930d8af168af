"""The control API, `/_control/…`: for tests, outside TM Forum's paths."""

import asyncio
from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from providers.simulator import clock
from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.desk import Desk, Office
from providers.simulator.events.outbox import publish
from providers.simulator.faults import Rule
from providers.simulator.ordering.placing import FINISH
from providers.simulator.storage import timers
from providers.simulator.web.answers import answer, no_content
from providers.simulator.web.api import CATALOG
from providers.simulator.web.errors import TmfError, error_answer, not_found

AnOffice = TypeVar("AnOffice", bound=Office)
Grouped = Sequence[tuple[str, str, tuple[str, ...]]]
Counted = Sequence[tuple[str, str]]
BY_STATE = "select json_extract(cast(body as text), ?2), count(*) from document where kind = ?1 group by 1 order by 1"
GROUPED = (
    ("orders", BY_STATE, ("productOrder", "$.state")),
    ("ordersByAction", BY_STATE, ("productOrder", "$.productOrderItem[0].action")),
    ("cancellations", BY_STATE, ("cancelProductOrder", "$.state")),
    ("products", BY_STATE, ("product", "$.status")),
    (
        "ordersByExternalId",
        "select value, count(*) from lookup where kind = 'productOrder' and name = 'externalId' group by value",
        (),
    ),
)
COUNTED = (
    ("bills", "select count(*) from document where kind = 'customerBill'"),
    ("keys", "select count(*) from idempotency"),
    ("subscriptions", "select count(*) from subscription"),
    ("outbox", "select count(*) from outbox"),
)


class OfficeControl(Generic[AnOffice]):
    """What tests may ask of any operator: `grouped` and `counted` are the queries behind its counts."""

    grouped: Grouped = ()
    counted: Counted = ()
    finish = FINISH

    def __init__(self, desk: AnOffice) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        """All of it."""
        return [
            Route("/_control/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/_control/faults/{id:int}", self.fault, methods=["DELETE"]),
            Route("/_control/counts", self.counts, methods=["GET"]),
            Route("/_control/deliveries", self.deliveries, methods=["POST"]),
        ]

    async def faults(self, request: Request) -> Response:
        """GET the rules in force, POST one more, DELETE them all."""
        if request.method == "DELETE":
            self._desk.faults.remove()
            return no_content()
        if request.method == "GET":
            return answer([rule.model_dump() for rule in self._desk.faults.rules])
        try:
            rule = Rule.model_validate_json(await request.body())
        except ValidationError as error:
            return error_answer(TmfError(400, "INVALID_BODY", str(error)))
        return answer(self._desk.faults.add(rule).model_dump(), 201)

    async def fault(self, request: Request) -> Response:
        """DELETE one rule."""
        self._desk.faults.remove(request.path_params["id"])
        return no_content()

    async def counts(self, _request: Request) -> Response:
        """GET how many there are of what, and how often each operation was called."""
        counted = await self._desk.look(self._count)
        return answer({"calls": dict(self._desk.calls), **counted})

    async def deliveries(self, request: Request) -> Response:
        """POST makes deliveries due now: of the order named in `{"orderId": …}`, or all; answers how many."""
        order_id = (await json_of(request)).get("orderId")
        hastened = await self._desk.change(
            lambda desk, db: timers.hasten(db, self.finish, clock.now(), order_id),
        )
        return answer({"hastened": hastened})

    def _count(self, db: Connection) -> dict[str, Any]:
        grouped = {name: dict(db.execute(query, given).fetchall()) for name, query, given in self.grouped}
        return {**grouped, **{name: int(db.execute(query).fetchone()[0]) for name, query in self.counted}}


class Control(OfficeControl[Desk]):
    """What tests may ask of one that speaks TM Forum Open APIs."""

    grouped = GROUPED
    counted = COUNTED

    def routes(self) -> list[BaseRoute]:
        """All of it."""
        return [*super().routes(), Route("/_control/offerings/{ref:path}", self.offering, methods=["PATCH"])]

    async def offering(self, request: Request) -> Response:
        """PATCH an offering: `set` its attributes, `prices` by their id or name; tells of it by events."""
        ref, changes = request.path_params["ref"], await json_of(request)
        if self._desk.catalogue.offering(ref) is None:
            return error_answer(not_found("productOffering"))
        changed = await asyncio.to_thread(_change, self._desk.catalogue, ref, changes)
        await self._desk.change(lambda desk, db: _tell(db, changed))
        return answer(self._desk.catalogue.offering(ref))


async def json_of(request: Request) -> dict[str, Any]:
    """The body as an object, empty where there is none."""
    return dict(await request.json()) if await request.body() else {}


Change = tuple[str, str, dict[str, Any]]


def _change(catalogue: Catalogue, ref: str, changes: dict[str, Any]) -> list[Change]:
    told: list[Change] = []
    for name, value in changes.get("prices", {}).items():
        price = next(p for p in catalogue.prices_of(ref) if name in (p["id"], p["name"]))
        changed = catalogue.change_price(ref, price["id"], value)
        told.append(("ProductOfferingPriceAttributeValueChangeEvent", "productOfferingPrice", changed))
    what = "StateChange" if "lifecycleStatus" in changes.get("set", {}) else "AttributeValueChange"
    shown = catalogue.change_offering(ref, changes.get("set", {}))
    told.append((f"ProductOffering{what}Event", "productOffering", shown))
    return told


def _tell(db: Connection, changed: list[Change]) -> None:
    for event, resource, body in changed:
        publish(db, clock.now(), CATALOG.name, event, resource, body)
