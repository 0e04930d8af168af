"""Providers that are brought in while the gateway runs: how each stands, and what its checks found."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

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
class Conformance:
    """What the last checks found so far. `passed`: they are over, some passed and none failed."""

    passed: bool
    checks: tuple[CheckOutcome, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """How a provider is reached: its adapter, the adapter's own options, and credentials apart from them.

    Neither is in the printed form: options may hold what belongs into no log, too.
    """

    adapter: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    credentials: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def url(self) -> str | None:
        """The address in the options, where they have one, without what may be secret in it: user, query, fragment."""
        found = self.options.get("url")
        return shown_address(found) if isinstance(found, str) else None

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the adapter is given."""
        return self.options if self.credentials is None else {**self.options, "credentials": self.credentials}


@dataclass(frozen=True, slots=True)
class AgreementProposal:
    """An agreement that a registration proposes to other providers, by slug (`operator` for the gateway's own)."""

    name: str
    providers: tuple[str, ...]
    categories: tuple[str, ...] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderRegistration:
    """A provider as its partner registered it; how it is reached (`Connection`) is kept apart, encrypted.

    `owner` is the service client that registered it, None for the operator. `is_configured`: it stands in the
    operator's file of providers, and can't be changed here. `standing` is what it counts as while it is CHECKING, and
    goes back to when a check fails. `run` counts its runs of checks. `revision` rises with each change.
    """

    id: str
    profile: ProviderProfile
    adapter: str
    status: RegistrationStatus
    created_at: datetime
    updated_at: datetime
    url: str | None = None
    owner: str | None = None
    capabilities: tuple[str, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    is_configured: bool = False
    standing: RegistrationStatus = RegistrationStatus.DRAFT
    run: int = 0
    proposals: tuple[AgreementProposal, ...] = ()
    revision: int = 1
    last_sequence: int = 0

    @property
    def slug(self) -> str:
        """The provider's slug."""
        return self.profile.slug

    @property
    def provider(self) -> ProviderProfile:
        """Its public face."""
        return self.profile

    @property
    def effective(self) -> RegistrationStatus:
        """DRAFT, ACTIVE or SUSPENDED: what it counts as, also while it is CHECKING."""
        return self.standing if self.status is RegistrationStatus.CHECKING else self.status

    @property
    def is_serving(self) -> bool:
        """Whether it is one of the gateway's providers: ACTIVE or SUSPENDED."""
        return self.effective is not RegistrationStatus.DRAFT

    @property
    def conformance(self) -> Conformance | None:
        """What the last checks found; None where there were none."""
        if not self.checks:
            return None
        return Conformance(self.status is not RegistrationStatus.CHECKING and has_passed(self.checks), self.checks)

    def checking(self) -> "ProviderRegistration":
        """The same before a new run of checks."""
        status = RegistrationStatus.CHECKING
        return dataclasses.replace(self, standing=self.effective, status=status, run=self.run + 1, checks=())


def shown_address(text: str) -> str | None:
    """Scheme, host, port and path of an address; None for what is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", "")) if parts.scheme and host else None


def has_passed(checks: tuple[CheckOutcome, ...]) -> bool:
    """Whether some passed and none failed: who has no capability at all has nothing to sell."""
    results = {each.result for each in checks}
    return CheckResult.PASSED in results and CheckResult.FAILED not in results
