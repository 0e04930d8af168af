"""What is kept of members' authorizations, of what is enabled for service users, and of what was spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.authorizations import Authorization, EnabledFunction
from gateway.domain.money import Money


@dataclass(frozen=True, slots=True)
class KeptAuthorization:
    """An authorization, whose it is, and who granted it. A revoked one stays: to revoke it again is harmless."""

    customer_id: str
    actor_id: str
    authorization: Authorization
    granted_by: str
    granted_at: datetime
    revoked_at: datetime | None = None


class Authorizations(Protocol):
    """Authorizations and enabled functions of members."""

    async def get(self, authorization_id: str, *, lock: bool = False) -> KeptAuthorization | None:
        """The one of that global id, a revoked one too; `lock` holds it until the transaction ends."""

    async def of_member(self, customer_id: str, actor_id: str) -> Sequence[KeptAuthorization]:
        """The member's that are not revoked, by the beginning of their validity."""

    async def of_members(self, customer_id: str, actor_ids: Sequence[str]) -> Mapping[str, Sequence[KeptAuthorization]]:
        """As `of_member`, by actor; a manager's is what the role allows."""

    async def add(self, kept: KeptAuthorization) -> None:
        """Keeps a new one."""

    async def save(self, kept: KeptAuthorization) -> None:
        """Replaces one that this transaction holds locked."""

    async def spent(self, authorization_id: str, since: datetime, until: datetime) -> Sequence[Money]:
        """What the orders placed under it in that time cost, but for orders and items that failed, were rejected or
        cancelled; one amount an order."""

    async def enable(self, customer_id: str, actor_id: str, enabled: EnabledFunction) -> bool:
        """Keeps it; False where the same member has enabled the same already (nothing changed)."""

    async def disable(self, customer_id: str, actor_id: str, enabled_id: str) -> None:
        """Takes it away; again is harmless."""

    async def enabled_for(self, customer_id: str, actor_id: str) -> Sequence[EnabledFunction]:
        """All that was enabled for that member, whether or not it counts still, in the order of enabling."""

    async def counting_for(
        self, customer_id: str, actor_id: str, at: datetime
    ) -> tuple[Sequence[EnabledFunction], datetime | None]:
        """Those of them whose enabler has the right at that moment, and when the clock may make them others."""

    async def enabled_by(self, customer_id: str, actor_id: str) -> Sequence[str]:
        """The actors for whom that member enabled something."""
