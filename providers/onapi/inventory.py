"""Reads subscriptions as products. Source: ON-API 2.6, subscriptions."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.contract import Characteristic, Product
from gateway.kit import Area
from providers.onapi.context import Reading
from providers.onapi.forms import LABELS
from providers.onapi.reading import NONE_THERE, Row, is_id, moment, rows_or_none_there, text
from providers.onapi.references import name_of, reference_of
from providers.onapi.states import product_status
from providers.onapi.subscriptions import Held, SubscriptionBook, subscriptions_at


class OnApiInventory:
    """See contract.Inventory. A product's reference names its access, as the API has no other way to one of them."""

    def __init__(self, area: Area, held: SubscriptionBook, reading: Reading) -> None:
        self._area = area
        self._held = held
        self._reading = reading

    async def product(self, ref: str) -> Product | None:
        """Reads what is at its access."""
        held = Held.of(ref)
        found = await self._at(held.access_id) if held is not None else ()
        return next((product for product in found if product.ref == ref), None)

    async def products(self, party: str) -> list[Product]:
        """Reads each access where the party was seen with a subscription."""
        reference = reference_of(party)
        accesses = await self._held.accesses_of(reference, self._area)
        found = await asyncio.gather(*(self._at(access_id, reference) for access_id in accesses))
        return [product for products in found for product in products]

    async def _at(self, access_id: str, reference: str | None = None) -> list[Product]:
        """The products there: all, or those of one customer."""
        rows, orders = await asyncio.gather(subscriptions_at(access_id, self._area), self._orders(access_id))
        own = [row for row in rows if reference in (None, text(row, "spReference"))]
        return [self._read(Held(access_id, ref), row, orders) for row in own if is_id(ref := _ref(row))]

    async def _orders(self, access_id: str) -> list[Row]:
        return await self._area.get("orders/", rows_or_none_there, {"accessId": access_id}, also=NONE_THERE)

    def _read(self, held: Held, row: Row, orders: Iterable[Row]) -> Product:
        reading, ref, raw = self._reading, str(held), text(row, "operationalState") or ""
        service = text(row, "service")
        options = (reading.options.services or {}).get(service or "")
        reference = text(row, "spReference")
        own = (text(each, "orderId") for each in orders if text(each, "subscriptionId") == held.subscription_id)
        return Product(
            id=reading.id("Product", ref),
            ref=ref,
            provider=reading.profile,
            name=(options.name if options else None) or service or ref,
            role=reading.role,
            status=product_status(raw),
            provider_status=raw,
            party=None if reference is None else name_of(reference),
            offering_id=None if service is None else reading.id("ProductOffering", service),
            started_at=moment(row, "connectionDate", reading.options.time_zone),
            characteristics=_characteristics(row),
            order_refs=tuple(each for each in own if each),
        )


def _ref(row: Row) -> str:
    return text(row, "subscriptionId") or ""


def _characteristics(row: Row) -> tuple[Characteristic, ...]:
    given = row.get("characteristics")
    known: Mapping[str, Any] = given if isinstance(given, dict) else {}
    found = [Characteristic(name, LABELS.get(name, name), _texts(value)) for name, value in known.items()]
    return tuple(each for each in found if each.values)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for each in value for text in _texts(each))
    if isinstance(value, bool):
        return (str(value).lower(),)
    return (str(value),) if isinstance(value, str | int | float) and str(value) else ()
