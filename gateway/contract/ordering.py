"""How a provider takes orders: do, look by key, track, undo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.domain.ordering.states import CancellationState, OrderItemState
from gateway.domain.parties import Place


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One item for one provider. `key` makes it idempotent; `party` is the customer's account there.

    `bundle_ref` is the provider's own bundle that the item is a part of: its discount was shown and counts.
    """

    key: str
    party: str
    offering_ref: str
    quantity: int = 1
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    place: Place | None = None
    requested_start_at: datetime | None = None
    bundle_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """A provider's order as it is now. `product_ref` as soon as there is one; `reason` and `text` of a refusal or
    failure, or of what it waits for.

    `state` UNKNOWN to us is read as IN_PROGRESS, with the raw text in `provider_state`.
    """

    ref: str
    key: str | None
    state: OrderItemState
    provider_state: str
    product_ref: str | None = None
    expected_completion_at: datetime | None = None
    reason: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ProviderCancellation:
    """How a cancellation stands at the provider; `reason` and `text` of a refusal."""

    ref: str | None
    state: CancellationState
    reason: str | None = None
    text: str = ""


class Ordering(Protocol):
    """Places, follows and undoes a provider's orders. All but the reads raise OutcomeUnknown when no answer came."""

    async def place(self, request: OrderRequest) -> ProviderOrder:
        """Orders; the same key again answers the same order, where the provider honours keys (`Provider.honours_keys`).

        Raises: Rejected, Unavailable, OutcomeUnknown, ContractBroken.
        """

    async def find(self, key: str) -> ProviderOrder | None:
        """The order that was made by that key (of `place` or `terminate`); None where there is surely none by now.

        Raises: Unavailable, ContractBroken.
        """

    async def track(self, ref: str) -> ProviderOrder:
        """The order as it is now. Raises: Unavailable, ContractBroken (an order that is gone)."""

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        """Asks for the cancellation of an order; asking again for the same order is harmless.

        A refusal is an answer (REFUSED), not an error. Raises: Unavailable, OutcomeUnknown, ContractBroken.
        """

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        """The newest cancellation of the order of that ref, None where there is none.

        Raises: Unavailable, ContractBroken.
        """

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        """Orders the end of a product (action `delete`). Raises: as `place`."""
