"""What a customer holds at a provider."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.inventory import Product


class Inventory(Protocol):
    """Reads products."""

    async def product(self, ref: str) -> Product | None:
        """One product as it is now, None where there is none. Raises: Unavailable, ContractBroken."""

    async def products(self, party: str) -> Sequence[Product]:
        """All products of an account, every page; rows of others may be among them: the caller re-checks `party`.

        Raises: Unavailable, ContractBroken.
        """
