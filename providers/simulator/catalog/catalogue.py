"""One operator's catalogue, as it stands: the TMF620 resources, a version of their content, and changes to them."""

import hashlib
from typing import Any
from urllib.parse import quote

import orjson

from providers.simulator.catalog.characteristics import specification
from providers.simulator.catalog.offerings import CATEGORIES, LAST_UPDATE, offering
from providers.simulator.catalog.prices import prices
from providers.simulator.catalog.sheet import CatalogueSheet

BASE = "/tmf-api/productCatalogManagement/v4"
Resource = dict[str, Any]


class Catalogue:
    """Starts as the file says; a change lasts until the process ends."""

    def __init__(self, owner: str, name: str, sheet: CatalogueSheet) -> None:
        self.sheet = sheet
        self.items = {item.ref: item for item in sheet.offering}
        self.resources: dict[str, dict[str, Resource]] = {
            "catalog": _by_id("catalog", [_catalog(owner, name)]),
            "category": _by_id("category", [_category(slug) for slug in _used(sheet)]),
            "productOffering": _by_id("productOffering", [offering(sheet, item) for item in sheet.offering]),
            "productOfferingPrice": _by_id("productOfferingPrice", [p for i in sheet.offering for p in prices(i)]),
            "productSpecification": _by_id(
                "productSpecification", [specification(sheet, item) for item in sheet.offering]
            ),
        }
        self.version = self._version()

    def _version(self) -> str:
        return hashlib.sha256(orjson.dumps(self.resources, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    def offering(self, ref: str) -> Resource | None:
        """The offering, or None."""
        return self.resources["productOffering"].get(ref)

    def prices_of(self, ref: str) -> list[Resource]:
        """The offering's prices, whole."""
        known = self.resources["productOfferingPrice"]
        return [known[price["id"]] for price in self.resources["productOffering"][ref]["productOfferingPrice"]]

    def discounts_of(self, bundle: str, part: str) -> list[Resource]:
        """What a bundle of ours takes off its parts; nothing where the part is none of them."""
        offered = self.resources["productOffering"].get(bundle, {})
        if part not in [each["id"] for each in offered.get("bundledProductOffering", ())]:
            return []
        return [price for price in self.prices_of(bundle) if price["priceType"] == "discount"]

    def specification_of(self, ref: str) -> Resource:
        """The specification that the offering has, its own or a shared one."""
        owner = self.resources["productOffering"][ref]["productSpecification"]["id"]
        return self.resources["productSpecification"][owner]

    def change_offering(self, ref: str, changes: Resource) -> Resource:
        """Sets attributes of an offering (its status, its name …)."""
        self.resources["productOffering"][ref].update(changes)
        self.version = self._version()
        return self.resources["productOffering"][ref]

    def change_price(self, ref: str, price_id: str, value: float) -> Resource:
        """Sets the amount of one price, where it stands by itself and where it is embedded."""
        price = self.resources["productOfferingPrice"][price_id]
        shown = next(p for p in self.resources["productOffering"][ref]["productOfferingPrice"] if p["id"] == price_id)
        price["price"] = {**price["price"], "value": value}
        if "price" in shown:
            shown["price"] = price["price"]
        self.version = self._version()
        return price


def _by_id(resource: str, rows: list[Resource]) -> dict[str, Resource]:
    found = {row["id"]: {**row, "href": f"{BASE}/{resource}/{quoted(row['id'])}"} for row in rows}
    if len(found) != len(rows):
        raise ValueError(f"a {resource} stands twice in the catalogue")
    return found


def quoted(ref: str) -> str:
    """The id as one segment of a path."""
    return quote(ref, safe="")


def _used(sheet: CatalogueSheet) -> list[str]:
    used = {item.category for item in sheet.offering}
    return [slug for slug in CATEGORIES if slug in used]


def _catalog(slug: str, name: str) -> Resource:
    return {"id": slug, "name": name, "lifecycleStatus": "Active", "lastUpdate": LAST_UPDATE, "@type": "Catalog"}


def _category(slug: str) -> Resource:
    return {
        "id": slug,
        "name": CATEGORIES[slug],
        "isRoot": True,
        "lifecycleStatus": "Active",
        "lastUpdate": LAST_UPDATE,
        "@type": "Category",
    }
