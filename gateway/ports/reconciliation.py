"""What a comparison with the providers reads of what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.domain.ordering.orders import OrderItem
from gateway.domain.parties import ProviderAccount

if TYPE_CHECKING:
    from gateway.ports.steps import StepRecord


@dataclass(frozen=True, slots=True)
class KeptItem:
    """An item with the calls that were made for it."""

    item: OrderItem
    steps: "Sequence[StepRecord]"


class Reconciliation(Protocol):
    """Reads by provider, in pages."""

    async def providers(self) -> Sequence[str]:
        """The slugs of all where a customer has an account, in order."""

    async def accounts(self, provider: str, first: int, after: ProviderAccount | None) -> Sequence[ProviderAccount]:
        """Up to `first` of the provider's accounts behind that one."""

    async def items(self, customer_id: str, provider: str, first: int, after: str | None) -> Sequence[KeptItem]:
        """Up to `first` of the customer's items at the provider behind that global id, in their order."""
