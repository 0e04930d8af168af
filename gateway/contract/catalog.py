"""What a provider sells, and where it can be delivered."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.catalog.offerings import CatalogSnapshot, ProductOffering
from gateway.domain.catalog.qualification import OfferingQualification
from gateway.domain.parties import Place


class Catalog(Protocol):
    """Reads a provider's catalogue."""

    async def snapshot(self, known_version: str | None) -> CatalogSnapshot | None:
        """The whole catalogue, every page of it; None where `known_version` is still the newest.

        Raises: Unavailable, ContractBroken.
        """

    async def offering(self, ref: str) -> ProductOffering | None:
        """One offering as it is now, a withdrawn one with `is_sellable` false; None where there is none of that ref.

        Raises: Unavailable, ContractBroken.
        """


class Qualification(Protocol):
    """Says what can be delivered at a place."""

    async def qualify(self, refs: Sequence[str], place: Place) -> Sequence[OfferingQualification]:
        """One answer for each ref, in that order; UNDETERMINED where the provider gave none.

        Raises: Unavailable, Rejected, ContractBroken.
        """
