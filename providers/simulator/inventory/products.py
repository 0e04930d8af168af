"""A product's life: pendingActive, active, pendingTerminate, terminated; or it never came to be.

Source: TMF637 v4.0.0, `Product`; the trailing blank of `aborted ` is the file's.
"""

import uuid
from collections.abc import Mapping
from sqlite3 import Connection
from typing import Any

from providers.simulator.billing.charges import charges, product_price
from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.form import Values, facts
from providers.simulator.clock import stamp
from providers.simulator.events.outbox import publish
from providers.simulator.storage import documents
from providers.simulator.storage.documents import Document
from providers.simulator.web.api import INVENTORY

ABORTED = "aborted "


def new_product(
    catalogue: Catalogue, ref: str, values: Values, quantity: int, order: Document, item: Mapping[str, Any], now: float
) -> Document:
    """A product that is still to be delivered, at the prices of now."""
    key = str(uuid.uuid4())
    shown = catalogue.resources["productOffering"][ref]
    discounts = [price for bundle in _bundles(item) for price in catalogue.discounts_of(bundle, ref)]
    agreed = charges([*catalogue.prices_of(ref), *discounts], values, quantity)
    return {
        "id": key,
        "href": INVENTORY.href("product", key),
        "name": shown["name"],
        "isBundle": False,
        "isCustomerVisible": True,
        "orderDate": stamp(now),
        "status": "pendingActive",
        "productOffering": {"id": ref, "name": shown["name"], "@referredType": "ProductOffering"},
        "productSpecification": {"id": shown["productSpecification"]["id"]},
        "productCharacteristic": _characteristics({**facts(catalogue, ref), **values}),
        "productPrice": [product_price(charge) for charge in agreed],
        "productTerm": [_term(term) for term in shown["productOfferingTerm"]],
        "productOrderItem": [{"productOrderId": order["id"], "orderItemId": item["id"], "orderItemAction": "add"}],
        "place": (item.get("product") or {}).get("place", []),
        "relatedParty": order["relatedParty"],
        "billingAccount": account(order, item),
        "@type": "Product",
    }


def _bundles(item: Mapping[str, Any]) -> list[str]:
    related = (item.get("product") or {}).get("productRelationship") or ()
    bundles = [each["product"] for each in related if each["relationshipType"] == "bundled"]
    return [each["productOffering"]["id"] for each in bundles if each.get("productOffering")]


def account(order: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """Who pays: the account named, or that of the party that orders."""
    return item.get("billingAccount") or order.get("billingAccount") or {"id": order["relatedParty"][0]["id"]}


def _characteristics(values: Values) -> list[dict[str, Any]]:
    return [{"name": name, "value": given[0] if len(given) == 1 else given} for name, given in values.items() if given]


def _term(term: Mapping[str, Any]) -> dict[str, Any]:
    return {name: term[name] for name in ("name", "description", "duration") if name in term}


def created(db: Connection, product: Document, now: float) -> None:
    """Keeps a new product, and tells of it."""
    documents.put(db, "product", product)
    publish(db, now, INVENTORY.name, "ProductCreateEvent", "product", product)


def moved(db: Connection, product: Document, status: str, now: float, **changes: Any) -> None:
    """Gives the product another status, and tells of it."""
    product.update(changes, status=status)
    documents.put(db, "product", product)
    publish(db, now, INVENTORY.name, "ProductStateChangeEvent", "product", product)


def withdrawn(db: Connection, product: Document, now: float) -> None:
    """Forgets a product whose order was cancelled before it was delivered."""
    product["status"] = "cancelled"
    documents.remove(db, "product", product["id"])
    publish(db, now, INVENTORY.name, "ProductDeleteEvent", "product", product)
