"""What makes an order malformed (it is refused with 400), and what is a reason to reject it."""

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Any

from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.coverage import Place, obstacle
from providers.simulator.catalog.form import Values, problems
from providers.simulator.ordering.input import OrderInput, OrderItemInput, PlaceInput
from providers.simulator.storage import documents
from providers.simulator.web.errors import TmfError


def check_sense(catalogue: Catalogue, request: OrderInput) -> None:
    """Raises: TmfError 400 when the order cannot be understood, whoever orders."""
    if len({item.id for item in request.productOrderItem}) != len(request.productOrderItem):
        raise TmfError(400, "INVALID_BODY", "the ids of the items must differ")
    for item in request.productOrderItem:
        _check_item(catalogue, item)


def _check_item(catalogue: Catalogue, item: OrderItemInput) -> None:
    if item.action in ("modify", "noChange"):
        raise TmfError(400, "UNSUPPORTED_ACTION", f"the action {item.action} is not offered; add and delete are")
    if item.productOrderItem:
        raise TmfError(400, "UNSUPPORTED_NESTING", "items within items are not offered")
    if item.quantity is not None and not 1 <= item.quantity <= 1000:
        raise TmfError(400, "INVALID_QUANTITY", "quantity must be from 1 to 1000")
    if item.action == "delete":
        product_id(item)
    elif catalogue.offering(offering_ref(item)) is None:
        raise TmfError(400, "UNKNOWN_OFFERING", "there is no such productOffering")


def offering_ref(item: OrderItemInput) -> str:
    """What is to be added. Raises: TmfError 400."""
    if item.productOffering is None:
        raise TmfError(400, "OFFERING_MISSING", "an item with the action add names its productOffering")
    return item.productOffering.id


def product_id(item: OrderItemInput) -> str:
    """What is to be ended. Raises: TmfError 400."""
    if item.product is None or item.product.id is None:
        raise TmfError(400, "PRODUCT_MISSING", "an item with the action delete names its product.id")
    return item.product.id


def reasons_to_reject(catalogue: Catalogue, db: Connection, request: OrderInput) -> Iterator[str]:
    """What speaks against an order that can be understood."""
    if not request.relatedParty:
        yield "CUSTOMER_MISSING: relatedParty names nobody"
        return
    for item in request.productOrderItem:
        if item.action == "add":
            yield from _against_adding(catalogue, item)
        else:
            yield from _against_ending(db, item, request.relatedParty[0].id)


def _against_adding(catalogue: Catalogue, item: OrderItemInput) -> Iterator[str]:
    ref = offering_ref(item)
    if catalogue.resources["productOffering"][ref]["isBundle"]:
        yield "BUNDLE_NOT_ORDERABLE: the parts of a bundle are ordered one by one"
        return
    hindrance = obstacle(catalogue, ref, place_of(item.product.place if item.product else None))
    if hindrance is not None:
        yield f"{hindrance.code}: {hindrance.label}"
    for problem in problems(catalogue, ref, values_of(item)):
        yield f"INVALID_CHARACTERISTIC: {problem}"


def _against_ending(db: Connection, item: OrderItemInput, party: str) -> Iterator[str]:
    product = documents.get(db, "product", product_id(item))
    if product is None or product["relatedParty"][0]["id"] != party:
        yield "PRODUCT_UNKNOWN: the customer has no such product"
    elif product["status"] not in ("active", "suspended"):
        yield f"PRODUCT_NOT_ACTIVE: the product is {product['status'].strip()}"


def values_of(item: OrderItemInput) -> Values:
    """The answers to the order form; an array is several values."""
    given = (item.product.productCharacteristic if item.product else None) or []
    return {each.name: each.value if isinstance(each.value, list) else [each.value] for each in given}


def place_of(places: list[PlaceInput] | None) -> Place | None:
    """What of the first place decides."""
    if not places:
        return None
    more = places[0].model_extra or {}
    return Place(_text(more.get("postcode") or more.get("postCode")), _text(more.get("country")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
