"""Agreements between providers that are made while the gateway runs: proposed by one party, approved by the others."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.parties import Agreement


class AgreementStatus(StrEnum):
    """Where an agreement stands, in TMF651's words. Only an APPROVED one counts, within its dates."""

    IN_PROCESS = "IN_PROCESS"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    TERMINATED = "TERMINATED"


@dataclass(frozen=True, slots=True)
class Approval:
    """That a party (a provider's slug, or `operator`) has approved, and when."""

    party: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderAgreement:
    """An agreement with its state. `is_configured`: it stands in the operator's file, and can't be changed here."""

    agreement: Agreement
    status: AgreementStatus
    created_at: datetime
    updated_at: datetime
    approvals: tuple[Approval, ...] = ()
    is_configured: bool = False

    @property
    def id(self) -> str:
        """The agreement's id."""
        return self.agreement.id

    @property
    def missing(self) -> frozenset[str]:
        """The parties that have not approved yet."""
        return self.agreement.parties - {each.party for each in self.approvals}

    @property
    def is_over(self) -> bool:
        """Whether it changes no more."""
        return self.status in {AgreementStatus.REJECTED, AgreementStatus.TERMINATED}

    def approved_by(self, parties: Collection[str], at: datetime) -> "ProviderAgreement":
        """The same with the approval of those of these parties that had not given it; APPROVED with the last one's."""
        new = tuple(Approval(party, at) for party in sorted(self.missing.intersection(parties)))
        if not new:
            return self
        found = dataclasses.replace(self, approvals=(*self.approvals, *new), updated_at=at)
        return found if found.missing else dataclasses.replace(found, status=AgreementStatus.APPROVED)

    def ended(self, status: AgreementStatus, at: datetime) -> "ProviderAgreement":
        """The same, REJECTED or TERMINATED."""
        return dataclasses.replace(self, status=status, updated_at=at)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed: to which parties, by slug (`operator` for the gateway's own), for what, from when to when."""

    name: str
    parties: frozenset[str]
    categories: tuple[str, ...] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


Owners = Mapping[str, str | None]
"""Who acts for a party, by slug: the service client that registered it; None for the gateway's operator."""
