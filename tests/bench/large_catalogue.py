"""A provider with as many offerings as wanted: copies of the demo's, served as TMF620 from this process."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import count, islice
from typing import Any

from aiohttp import web

from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.sheet import sheet
from providers.simulator.market import market
from tests.web import serving

BASE = "/productCatalogManagement/v4"
OFFERINGS, SPECIFICATIONS, PRICES = "productOffering", "productSpecification", "productOfferingPrice"
Row = dict[str, Any]
Resources = Mapping[str, Mapping[str, Row]]


@asynccontextmanager
async def large_provider(offerings: int) -> AsyncIterator[str]:
    """Serves it from entry to exit; yields the root of its APIs."""
    resources = resources_of(offerings)

    async def handle(request: web.Request) -> web.Response:
        kind, _, key = request.path.removeprefix(f"{BASE}/").partition("/")
        rows = resources.get(kind, {})
        if key:
            return web.json_response(rows[key]) if key in rows else web.Response(status=404)
        offset, limit = int(request.query.get("offset", "0")), int(request.query.get("limit", "100"))
        headers = {"X-Total-Count": str(len(rows))}
        return web.json_response(list(rows.values())[offset : offset + limit], headers=headers)

    async with serving(handle) as root:
        yield root


def resources_of(offerings: int) -> Resources:
    """The rows by kind, then by id."""
    found: dict[str, dict[str, Row]] = {OFFERINGS: {}, SPECIFICATIONS: {}, PRICES: {}}
    for copied in islice(_copies(), offerings):
        for kind, rows in copied.items():
            found[kind].update(rows)
    return found


def _copies() -> Iterator[Resources]:
    """Single offerings that are sold (a bundle's parts are others'), each with what it refers to, under new ids."""
    for number in count(1):
        for entry in market().operators:
            catalogue = Catalogue(entry.slug, entry.name, sheet(entry.slug))
            for ref, offering in catalogue.resources[OFFERINGS].items():
                if _is_plain(offering):
                    yield _copy(catalogue, ref, f"{entry.slug}-{number}-")


def _is_plain(offering: Row) -> bool:
    is_sold = offering["isSellable"] and offering["lifecycleStatus"] == "Active" and "validFor" not in offering
    return is_sold and not offering["isBundle"]


def _copy(catalogue: Catalogue, ref: str, prefix: str) -> Resources:
    offering, prices = catalogue.resources[OFFERINGS][ref], catalogue.prices_of(ref)
    specification = catalogue.specification_of(ref)
    own = frozenset({ref, specification["id"], *(price["id"] for price in prices)})
    return {
        OFFERINGS: _by_id(_renamed(offering, own, prefix)),
        SPECIFICATIONS: _by_id(_renamed(specification, own, prefix)),
        PRICES: _by_id(*(_renamed(price, own, prefix) for price in prices)),
    }


def _by_id(*rows: Row) -> dict[str, Row]:
    return {row["id"]: row for row in rows}


def _renamed(value: Any, own: frozenset[str], prefix: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(each, own, prefix) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, own, prefix) for each in value]
    return prefix + value if isinstance(value, str) and value in own else value
