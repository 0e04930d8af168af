"""Reads what a customer holds.

Source: TMF637 v4.0 and v5.0, Product; no filter by party is documented: one is sent anyway.
"""

from gateway.contract import Characteristic, ContractBroken, Product
from gateway.kit import Area, Misshapen
from providers.tmforum.context import Reading
from providers.tmforum.listing import read_all
from providers.tmforum.reading import (
    Row,
    as_texts,
    in_path,
    moment,
    part,
    parts,
    party_of,
    reference,
    reference_in,
    text,
)
from providers.tmforum.states import product_status

PRODUCTS = "product"


class TmForumInventory:
    """See contract.Inventory."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading

    async def product(self, ref: str) -> Product | None:
        """Reads one."""
        return await self._area.find(f"{PRODUCTS}/{in_path(ref)}", lambda answer: self._read(answer.row()))

    async def products(self, party: str) -> list[Product]:
        """Reads every page."""
        page_size = self._reading.options.page_size
        listing = await read_all(
            self._area, PRODUCTS, page_size, {self._reading.profiles.inventory.party_filter: party}
        )
        try:
            return [self._read(row) for row in listing.rows]
        except Misshapen as error:
            raise ContractBroken(self._reading.profile.slug, self._area.capability, str(error)) from None

    def _read(self, row: Row) -> Product:
        """Raises: Misshapen for one without an id."""
        ref, reading = reference(row), self._reading
        offering, raw = reference_in(row, "productOffering"), text(row, "status")
        items = parts(row, "productOrderItem")
        order_refs = (text(each, "orderId") or text(each, "productOrderId") for each in items)
        return Product(
            id=reading.id("Product", ref),
            ref=ref,
            provider=reading.profile,
            name=text(row, "name") or text(part(row, "productOffering"), "name") or ref,
            role=reading.profile.roles[0] if len(reading.profile.roles) == 1 else None,
            status=product_status(raw),
            provider_status=raw or "",
            party=party_of(row),
            offering_id=None if offering is None else reading.id("ProductOffering", offering),
            started_at=moment(row, "startDate", reading.zone),
            characteristics=_characteristics(row),
            order_refs=tuple(dict.fromkeys(each for each in order_refs if each)),
        )


def _characteristics(row: Row) -> tuple[Characteristic, ...]:
    """Their labels stand in the catalogue alone: the name takes their place."""
    found = []
    for each in parts(row, "productCharacteristic"):
        name = text(each, "name")
        if name:
            found.append(Characteristic(name, name, as_texts(each.get("value"))))
    return tuple(found)
