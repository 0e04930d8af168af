"""The provider under test, and what can be ordered of it where."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from gateway.contract import (
    Catalog,
    Inventory,
    OrderItemState,
    OrderRequest,
    Place,
    Provider,
    ProviderOrder,
    Qualification,
)
from providers.onapi.ordering import OnApiOrdering

SETTLED = {OrderItemState.COMPLETED, OrderItemState.CANCELLED, OrderItemState.FAILED, OrderItemState.REJECTED}
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Subject:
    """What of it must be there."""

    provider: Provider
    place: Place
    party: str
    offering_ref: str = "BB-100-100"

    @property
    def slug(self) -> str:
        """Its slug."""
        return self.provider.profile.slug

    @property
    def catalog(self) -> Catalog:
        """The capability."""
        assert self.provider.catalog is not None
        return self.provider.catalog

    @property
    def qualification(self) -> Qualification:
        """The capability."""
        assert self.provider.qualification is not None
        return self.provider.qualification

    @property
    def ordering(self) -> OnApiOrdering:
        """The capability, with what this adapter can do beside it."""
        assert isinstance(self.provider.ordering, OnApiOrdering)
        return self.provider.ordering

    @property
    def inventory(self) -> Inventory:
        """The capability."""
        assert self.provider.inventory is not None
        return self.provider.inventory

    def request(self) -> OrderRequest:
        """An order with a new key."""
        return OrderRequest(f"{uuid4()}/1/place/1", self.party, self.offering_ref, place=self.place)

    async def settled(self, ref: str) -> ProviderOrder:
        """The order when it has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while (order := await self.ordering.track(ref)).state not in SETTLED:  # noqa: ASYNC110 no event is promised
                await asyncio.sleep(0.02)
        return order

    async def delivered(self) -> ProviderOrder:
        """A new order that has ended."""
        return await self.settled((await self.ordering.place(self.request())).ref)
