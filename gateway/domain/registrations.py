"""Providers that are brought in while the gateway runs: how each stands, and what its checks found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.catalog.providers import ProviderProfile


class RegistrationStatus(StrEnum):
    """DRAFT: not checked, or not good enough. ACTIVE: sells. SUSPENDED: takes no new orders, ends those in flight."""

    DRAFT = "DRAFT"
    CHECKING = "CHECKING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class CheckResult(StrEnum):
    """What a check found. LACKING: the provider does not have the capability, which is no fault."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    LACKING = "LACKING"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One check of the conformance suite. `detail` is for the partner: never a body of the provider's answer."""

    name: str
    result: CheckResult
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProviderRegistration:
    """A provider as its partner registered it.

    `options` are its adapter's own without credentials, which are kept apart, encrypted. `owner` is the service client
    that registered it, None for the operator. `is_configured`: it stands in the operator's file of providers, and
    can't be changed here. `revision` rises with each change.
    """

    id: str
    profile: ProviderProfile
    adapter: str
    status: RegistrationStatus
    created_at: datetime
    updated_at: datetime
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    owner: str | None = None
    capabilities: tuple[str, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    is_configured: bool = False
    revision: int = 1

    @property
    def slug(self) -> str:
        """The provider's slug."""
        return self.profile.slug
