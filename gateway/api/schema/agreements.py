"""Agreements between providers, as their partners and the operator see them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import mutation, query
from gateway.api.schema.declaring import argument, doc, enum_type, field_of, object_type
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.paging import After, First, connection
from gateway.api.schema.weights import Weight
from gateway.domain import agreements, paging
from gateway.domain.catalog import providers
from gateway.domain.parties import OPERATOR
from gateway.usecases import agreements as usecases
from gateway.usecases.policy import Access

enum_type(
    agreements.AgreementStatus,
    "Where an agreement stands, in TM Forum's words (TMF651).",
    IN_PROCESS="Proposed: a party has not approved yet.",
    APPROVED="Approved by all: it counts, within its dates.",
    REJECTED="Turned down by a party.",
    TERMINATED="Ended by a party: new orders can't rest on it.",
)


@object_type(agreements.ProviderAgreement)
class ProviderAgreement:
    """An agreement that lets its parties' offerings be combined. No node."""

    id: strawberry.ID = doc("The agreement's stable id, the same as in a candidate's `agreements`.")
    status: agreements.AgreementStatus = doc("Where it stands.")
    created_at: datetime = doc("When it was proposed.")
    updated_at: datetime = doc("When it was last changed.")
    is_configured: bool = doc("Whether it stands in the operator's file of providers, and can't be changed here.")

    @field_of()
    def name(self: agreements.ProviderAgreement) -> str:
        """Its name."""
        return self.agreement.name

    @field_of(size=3)
    def providers(self: agreements.ProviderAgreement, info: Info) -> list[providers.ProviderProfile]:
        """The providers that are parties and sell here now, by slug, at most 20."""
        profile = info.context.core.directory.profile
        return [found for slug in sorted(self.agreement.parties) if (found := profile(slug)) is not None]

    @field_of(size=3)
    def parties(self: agreements.ProviderAgreement) -> list[str]:
        """The slugs of all parties, also of those that sell nothing here (`operator` for the gateway), at most 21."""
        return sorted(self.agreement.parties)

    @field_of()
    def is_with_operator(self: agreements.ProviderAgreement) -> bool:
        """Whether the gateway's operator is a party, so that the offerings can be the first part of a bundle."""
        return OPERATOR in self.agreement.parties

    @field_of(size=3)
    def missing_approvals(self: agreements.ProviderAgreement) -> list[str]:
        """The slugs of the parties that have not approved yet (`operator` for the gateway's own), at most 20."""
        return sorted(self.missing)

    @field_of(size=3)
    def categories(self: agreements.ProviderAgreement) -> list[str] | None:
        """The slugs of the categories it is for, at most 100; null for all."""
        return None if self.agreement.categories is None else sorted(self.agreement.categories)

    @field_of()
    def valid_from(self: agreements.ProviderAgreement) -> datetime | None:
        """Since when it counts."""
        return self.agreement.valid_from

    @field_of()
    def valid_until(self: agreements.ProviderAgreement) -> datetime | None:
        """Until when it counts: an expired one stops new orders, and nothing else."""
        return self.agreement.valid_until


ProviderAgreementConnection = connection(agreements.ProviderAgreement, "ProviderAgreement")

_CHANGING = ("NOT_FOUND", "AGREEMENT_OVER", "IS_CONFIGURED")
ProposeAgreementErrors = UserErrors(
    "ProposeAgreement", "NOT_FOUND", "NOT_A_PARTY", "TOO_FEW_PARTIES", "TOO_MANY_PARTIES", "INVALID_NAME",
    "INVALID_TEXT", "TOO_MANY_CATEGORIES", "INVALID_PERIOD", "TOO_MANY_AGREEMENTS",
)  # fmt: skip
ApproveAgreementErrors = UserErrors("ApproveAgreement", *_CHANGING)
RejectAgreementErrors = UserErrors("RejectAgreement", *_CHANGING, "NOT_IN_PROCESS")
TerminateAgreementErrors = UserErrors("TerminateAgreement", *_CHANGING)
_AGREEMENT = (agreements.ProviderAgreement, "The agreement as it is now.")
ProposeAgreementPayload = payload("ProposeAgreement", ProposeAgreementErrors, agreement=_AGREEMENT)
ApproveAgreementPayload = payload("ApproveAgreement", ApproveAgreementErrors, agreement=_AGREEMENT)
RejectAgreementPayload = payload("RejectAgreement", RejectAgreementErrors, agreement=_AGREEMENT)
TerminateAgreementPayload = payload("TerminateAgreement", TerminateAgreementErrors, agreement=_AGREEMENT)


@strawberry.input(description="An agreement to propose: the others approve it.")
class ProposeAgreementInput:
    """Between whom, for what, from when to when."""

    name: str = doc("Its name, 1 to 200 characters.")
    provider_ids: list[strawberry.ID] = doc("The providers that are parties, at most 20, one's own among them.")
    with_operator: bool = strawberry.field(default=False, description="Whether the gateway's operator is a party, too.")
    categories: list[str] | None = strawberry.field(
        default=UNSET, description="The slugs of the categories it is for, at most 100; for all where left out."
    )
    valid_from: datetime | None = strawberry.field(
        default=UNSET, description="Since when it counts; at once where left out."
    )
    valid_until: datetime | None = strawberry.field(
        default=UNSET, description="Until when it counts; for good where left out."
    )


@strawberry.input(description="Which agreement to approve.")
class ApproveAgreementInput:
    """By its id."""

    agreement_id: strawberry.ID = doc("The agreement.")


@strawberry.input(description="Which agreement to turn down.")
class RejectAgreementInput:
    """By its id."""

    agreement_id: strawberry.ID = doc("The agreement.")


@strawberry.input(description="Which agreement to end.")
class TerminateAgreementInput:
    """By its id."""

    agreement_id: strawberry.ID = doc("The agreement.")


@strawberry.type
class AgreementQueries:
    """The queries about agreements."""

    @query(Access.PARTNER, ProviderAgreementConnection, Weight.STORE)
    async def agreements(self, info: Info, first: First = UNSET, after: After = UNSET) -> paging.Page[Any]:
        """The agreements of the caller's own providers, newest first; the operator sees all."""
        context = info.context
        return await usecases.list_agreements(context.core, context.caller, first, after)


@strawberry.type
class AgreementMutations:
    """The mutations of agreements."""

    @mutation(Access.PARTNER, ProposeAgreementPayload, ProposeAgreementErrors)
    async def propose_agreement(
        self, info: Info, input: Annotated[ProposeAgreementInput, argument("The agreement.")]
    ) -> Any:
        """Proposes an agreement; it counts once every party has approved. The proposer's own approval is given."""
        parties = usecases.parties_of(input.provider_ids, input.with_operator, "providerIds")
        categories = tuple(input.categories) if input.categories is not None and input.categories is not UNSET else None
        proposed = agreements.Proposed(
            input.name, parties, categories, input.valid_from or None, input.valid_until or None
        )
        made = await usecases.propose_agreement(info.context.core, info.context.caller, proposed)
        return ProposeAgreementPayload(agreement=made)

    @mutation(Access.PARTNER, ApproveAgreementPayload, ApproveAgreementErrors)
    async def approve_agreement(
        self, info: Info, input: Annotated[ApproveAgreementInput, argument("Which one.")]
    ) -> Any:
        """Approves an agreement for every party that the caller acts for; again is harmless."""
        context = info.context
        changed = await usecases.approve_agreement(context.core, context.caller, input.agreement_id)
        return ApproveAgreementPayload(agreement=changed)

    @mutation(Access.PARTNER, RejectAgreementPayload, RejectAgreementErrors)
    async def reject_agreement(self, info: Info, input: Annotated[RejectAgreementInput, argument("Which one.")]) -> Any:
        """Turns a proposed agreement down, for good."""
        context = info.context
        changed = await usecases.reject_agreement(context.core, context.caller, input.agreement_id)
        return RejectAgreementPayload(agreement=changed)

    @mutation(Access.PARTNER, TerminateAgreementPayload, TerminateAgreementErrors)
    async def terminate_agreement(
        self, info: Info, input: Annotated[TerminateAgreementInput, argument("Which one.")]
    ) -> Any:
        """Ends an agreement at once for new orders; those in flight go on."""
        context = info.context
        changed = await usecases.terminate_agreement(context.core, context.caller, input.agreement_id)
        return TerminateAgreementPayload(agreement=changed)
