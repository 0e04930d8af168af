"""What is kept of the agreements that are made while the gateway runs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from gateway.domain.agreements import ProviderAgreement


class Agreements(Protocol):
    """Agreements, found by their parties. Each change wakes `providers`."""

    async def add(self, agreement: ProviderAgreement) -> None:
        """Keeps a new one."""

    async def get(self, agreement_id: str, *, lock: bool = False) -> ProviderAgreement | None:
        """The one of that id; `lock` holds it until the transaction ends."""

    async def save(self, agreement: ProviderAgreement) -> None:
        """Replaces one that this transaction holds locked."""

    async def page(
        self, parties: Collection[str] | None, first: int, after: tuple[datetime, str] | None
    ) -> Sequence[ProviderAgreement]:
        """Up to `first` with any of these parties (None: all), newest first, after that place (created_at, id)."""

    async def count(self, party: str) -> int:
        """How many of that party's are not over."""

    async def approved(self) -> Sequence[ProviderAgreement]:
        """Those that count, whatever their dates, by id."""

    async def over(self, agreement_ids: Collection[str]) -> Collection[str]:
        """Those of these ids that are kept here and count no more; the others count until the transaction ends."""

    async def end_all(self, party: str, at: datetime) -> None:
        """Ends every one of that party's that is not over: it leaves."""
