"""What is sent to order, to end and to cancel, in the shapes of the version; and where the key stands in an answer.

Source: TMF622 v4.0, ProductOrder_Create; v5.0, ProductOrder_FVO and ExternalIdentifier.
"""

from collections.abc import Mapping
from typing import Any

from gateway.contract import OrderRequest
from providers.tmforum.profiles import OrderingProfile
from providers.tmforum.reading import Row, parts, text
from providers.tmforum.shapes import KEY_TYPE


def order_of(request: OrderRequest, profile: OrderingProfile) -> dict[str, Any]:
    """An order with one item, which adds what is asked for."""
    item = {
        "id": "1",
        "action": "add",
        "quantity": request.quantity,
        "productOffering": profile.shapes.reference("ProductOffering", request.offering_ref),
        "product": profile.shapes.typed("Product", _product(request, profile)),
    }
    order = _order(request.key, request.party, item, profile)
    if request.requested_start_at is not None:
        order["requestedStartDate"] = request.requested_start_at.isoformat()
    return order


def end_of(product_ref: str, key: str, party: str, profile: OrderingProfile) -> dict[str, Any]:
    """An order that ends the product."""
    item = {"id": "1", "action": "delete", "product": profile.shapes.reference("Product", product_ref)}
    return _order(key, party, item, profile)


def cancellation_of(order_ref: str, reason: str | None, profile: OrderingProfile) -> dict[str, Any]:
    """A request to cancel the order."""
    why = {"cancellationReason": reason} if reason else {}
    order = profile.shapes.reference("ProductOrder", order_ref)
    return profile.shapes.typed("CancelProductOrder", {"productOrder": order, **why})


def cancelled_order(reason: str | None, profile: OrderingProfile) -> dict[str, Any]:
    """A change of the order that cancels it."""
    why = {"cancellationReason": reason} if reason else {}
    return profile.shapes.typed("ProductOrder", {"state": "cancelled", **why})


def keys_of(order: Row) -> tuple[str, ...]:
    """What `externalId` says: v4 a text, v5 a list in which the gateway's own comes first."""
    single = text(order, "externalId")
    if single is not None:
        return (single,)
    rows = sorted(parts(order, "externalId"), key=lambda row: text(row, "externalIdentifierType") != KEY_TYPE)
    return tuple(found for row in rows if (found := text(row, "id")) is not None)


def _product(request: OrderRequest, profile: OrderingProfile) -> dict[str, Any]:
    written = profile.shapes
    product: dict[str, Any] = {
        "productCharacteristic": [
            written.characteristic(name, values) for name, values in request.values.items() if values
        ]
    }
    if request.bundle_ref is not None:
        product["productRelationship"] = [written.bundle(request.bundle_ref)]
    if request.place is not None:
        product["place"] = [written.place(request.place.address)]
    return product


def _order(key: str, party: str, item: Mapping[str, Any], profile: OrderingProfile) -> dict[str, Any]:
    """What every order has: no name and no address of a person stands in it."""
    order = {
        "externalId": profile.shapes.key(key),
        "relatedParty": [profile.shapes.party(party)],
        "productOrderItem": [profile.shapes.typed("ProductOrderItem", item)],
        **profile.initially,
    }
    return profile.shapes.typed("ProductOrder", order)
