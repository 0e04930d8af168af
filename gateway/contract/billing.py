"""A provider's bills and charges."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.billing import Bill, Charge


class Billing(Protocol):
    """Reads bills and rated charges; the caller re-checks the `party` of every row."""

    async def bills(self, party: str) -> Sequence[Bill]:
        """All bills of an account, every page. Raises: Unavailable, ContractBroken."""

    async def charges(self, party: str) -> Sequence[Charge]:
        """All rated charges of an account: the lines of its bills, and what no bill holds yet.

        Raises: Unavailable, ContractBroken.
        """
