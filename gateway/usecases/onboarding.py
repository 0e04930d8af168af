"""What bringing providers in needs beside the core's other parts; and which of them take orders."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.contract.provider import Connect, Limits
from gateway.domain.errors import RequestError
from gateway.domain.parties import Agreement
from gateway.domain.registrations import RegistrationStatus
from gateway.federation.registry import ProviderSpec
from gateway.ports import UnitOfWork
from gateway.ports.registrations import SealBroken, Sealing


class NoKey:
    """Implements Sealing for a gateway without keys: nothing can be kept."""

    def seal(self, text: str) -> str:
        raise SealBroken("there is no key")

    def unseal(self, sealed: str) -> str:
        raise SealBroken("there is no key")

    def resealed(self, sealed: str) -> str | None:
        raise SealBroken("there is no key")


async def anywhere(settings: Mapping[str, Any]) -> bool:
    """No address is refused."""
    return False


@dataclass(frozen=True, slots=True)
class Onboarding:
    """`configured` and `agreements` are of the operator's file, since `started_at`; `by` is this process's own name.

    `is_refused` says of an adapter's settings, credentials too, whether an address in them is one that the gateway may
    not call for a partner.
    """

    sealing: Sealing = field(default_factory=NoKey)
    adapters: Mapping[str, Connect] = field(default_factory=dict)
    configured: tuple[ProviderSpec, ...] = ()
    limits: Limits = field(default_factory=Limits)
    is_refused: Callable[[Mapping[str, Any]], Awaitable[bool]] = anywhere
    by: str = "local"
    started_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    agreements: tuple[Agreement, ...] = ()

    def configured_as(self, slug: str | None) -> ProviderSpec | None:
        """The provider of that slug in the operator's file."""
        return next((each for each in self.configured if each.slug == slug), None)


async def check_takes_orders(onboarding: Onboarding, unit: UnitOfWork, slugs: Collection[str]) -> None:
    """Holds these providers as they are until the transaction ends: none of them is suspended or removed meanwhile.

    Raises: RequestError NOT_ORDERABLE at `bundleId`.
    """
    asked = [slug for slug in sorted(slugs) if onboarding.configured_as(slug) is None]
    for each in await unit.registrations.standing(asked) if asked else ():
        if each.status is not RegistrationStatus.ACTIVE:
            raise RequestError.at("NOT_ORDERABLE", "bundleId", issue="PROVIDER_SUSPENDED")
