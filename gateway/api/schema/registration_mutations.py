"""Bringing providers in, changing them, and taking them out."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument, doc
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.registration_inputs import (
    AgreementProposalInput,
    ProviderConnectionInput,
    agreement_of,
    connection_of,
)
from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.registrations import ProviderRegistration
from gateway.usecases import registration_inputs as inputs
from gateway.usecases import registrations
from gateway.usecases.policy import Access

_PROFILE = ("INVALID_NAME", "TOO_LONG", "ROLE_MISSING")
_CONNECTION = ("UNKNOWN_ADAPTER", "CONNECTION_TOO_LARGE", "ADDRESS_REFUSED", "INVALID_CONNECTION")
_OWN = ("NOT_FOUND", "IS_CONFIGURED")
_NOW = (ProviderRegistration, "The registration as it is now.")

RegisterProviderErrors = UserErrors(
    "RegisterProvider",
    "INVALID_SLUG",
    "SLUG_TAKEN",
    "NOT_FOUND",
    "INVALID_TEXT",
    "INVALID_PERIOD",
    "TOO_MANY_VALUES",
    "TOO_MANY_PROVIDERS",
    "TOO_MANY_AGREEMENTS",
    *_PROFILE,
    *_CONNECTION,
)
UpdateProviderErrors = UserErrors("UpdateProvider", *_OWN, *_PROFILE, *_CONNECTION)
SuspendProviderErrors = UserErrors("SuspendProvider", *_OWN, "NOT_ACTIVE")
ResumeProviderErrors = UserErrors("ResumeProvider", *_OWN)
RemoveProviderErrors = UserErrors("RemoveProvider", *_OWN, "HAS_ORDERS", "HAS_PRODUCTS")

RegisterProviderPayload = payload("RegisterProvider", RegisterProviderErrors, registration=_NOW)
UpdateProviderPayload = payload("UpdateProvider", UpdateProviderErrors, registration=_NOW)
SuspendProviderPayload = payload("SuspendProvider", SuspendProviderErrors, registration=_NOW)
ResumeProviderPayload = payload("ResumeProvider", ResumeProviderErrors, registration=_NOW)
RemoveProviderPayload = payload(
    "RemoveProvider", RemoveProviderErrors, removed_registration_id=(strawberry.ID, "The id of what is gone.")
)


@strawberry.input(description="A provider to bring in.")
class RegisterProviderInput:
    """Who it is, and how it is reached."""

    slug: str = doc("Its name in ids and addresses: 1 to 63 small letters, digits and hyphens. It never changes.")
    name: str = doc("Its name for customers, 1 to 200 characters.")
    roles: list[ProviderRole] = doc("The roles it may play, one at least.")
    connection: ProviderConnectionInput = doc("How it is reached.")
    agreements: list[AgreementProposalInput] | None = strawberry.field(
        default=UNSET, description="Agreements that it proposes, at most 20."
    )


@strawberry.input(description="What to change of a provider; what is left out stays as it is.")
class UpdateProviderInput:
    """Its name, its roles, or how it is reached."""

    registration_id: strawberry.ID = doc("The registration.")
    name: str | None = strawberry.field(default=UNSET, description="Its name for customers, 1 to 200 characters.")
    roles: list[ProviderRole] | None = strawberry.field(
        default=UNSET, description="The roles it may play, one at least."
    )
    connection: ProviderConnectionInput | None = strawberry.field(
        default=UNSET,
        description="How it is reached, as a whole: credentials that are left out are none, not those of before.",
    )


@strawberry.input(description="The provider that is to take no new orders.")
class SuspendProviderInput:
    """By its registration."""

    registration_id: strawberry.ID = doc("The registration.")


@strawberry.input(description="The provider that is to take orders again, or to be checked again.")
class ResumeProviderInput:
    """By its registration."""

    registration_id: strawberry.ID = doc("The registration.")


@strawberry.input(description="The provider that is to be taken out.")
class RemoveProviderInput:
    """By its registration."""

    registration_id: strawberry.ID = doc("The registration.")


@strawberry.type
class RegistrationMutations:
    """The mutations of registrations."""

    @mutation(Access.PARTNER, RegisterProviderPayload, RegisterProviderErrors)
    async def register_provider(
        self, info: Info, input: Annotated[RegisterProviderInput, argument("The provider.")]
    ) -> Any:
        """Brings a provider in. It answers at once; the checks run afterwards, and one that passes them sells."""
        given = inputs.RegisterProvider(
            input.slug,
            input.name,
            tuple(input.roles),
            connection_of(input.connection),
            tuple(agreement_of(each) for each in input.agreements or ()),
        )
        made = await registrations.register_provider(info.context.core, info.context.caller, given)
        return RegisterProviderPayload(registration=made)

    @mutation(Access.PARTNER, UpdateProviderPayload, UpdateProviderErrors)
    async def update_provider(
        self, info: Info, input: Annotated[UpdateProviderInput, argument("What to change.")]
    ) -> Any:
        """Changes a provider. Another connection is checked first: the old one serves until it is found good."""
        given = inputs.UpdateProvider(
            input.registration_id,
            input.name,
            None if input.roles is None else tuple(input.roles),
            None if input.connection is None else connection_of(input.connection),
        )
        changed = await registrations.update_provider(info.context.core, info.context.caller, given)
        return UpdateProviderPayload(registration=changed)

    @mutation(Access.PARTNER, SuspendProviderPayload, SuspendProviderErrors)
    async def suspend_provider(
        self, info: Info, input: Annotated[SuspendProviderInput, argument("Which provider.")]
    ) -> Any:
        """Lets a provider take no new orders; those in flight end, and what is held stays readable."""
        context = info.context
        changed = await registrations.suspend_provider(context.core, context.caller, input.registration_id)
        return SuspendProviderPayload(registration=changed)

    @mutation(Access.PARTNER, ResumeProviderPayload, ResumeProviderErrors)
    async def resume_provider(
        self, info: Info, input: Annotated[ResumeProviderInput, argument("Which provider.")]
    ) -> Any:
        """Lets a suspended provider take orders again; has the checks of a DRAFT run again."""
        context = info.context
        changed = await registrations.resume_provider(context.core, context.caller, input.registration_id)
        return ResumeProviderPayload(registration=changed)

    @mutation(Access.PARTNER, RemoveProviderPayload, RemoveProviderErrors)
    async def remove_provider(
        self, info: Info, input: Annotated[RemoveProviderInput, argument("Which provider.")]
    ) -> Any:
        """Takes a provider out for good, as long as nobody has ordered or holds anything of it."""
        context = info.context
        gone = await registrations.remove_provider(context.core, context.caller, input.registration_id)
        return RemoveProviderPayload(removed_registration_id=strawberry.ID(gone))
