"""Whether offerings can be delivered at a place."""

from datetime import datetime

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, object_type
from gateway.api.schema.places import PlaceInput
from gateway.api.texts import tell
from gateway.domain.catalog import offerings, providers, qualification
from gateway.usecases import catalog

enum_type(
    qualification.QualificationResult,
    "Whether an offering can be delivered at a place. Clients must expect new values.",
    QUALIFIED="It can.",
    ALTERNATE="It can't, but something else can.",
    UNQUALIFIED="It can't.",
    PENDING="The provider has not answered yet.",
    UNDETERMINED="Nobody can say.",
)


@object_type(qualification.QualificationReason)
class QualificationReason:
    """Why not."""

    code: str = doc("The provider's machine-readable reason. Clients must expect new values.")

    @field
    def message(self: qualification.QualificationReason, info: Info) -> str:
        """Why not, as a sentence in the caller's language."""
        return tell(info.context.locale, "reason", self.code, {})


@object_type(qualification.Alternative)
class AlternativeOffering:
    """What could be delivered instead."""

    expected_activation: datetime | None = doc("From when.")

    @field
    def offering(self: qualification.Alternative, info: Info) -> offerings.ProductOffering | None:
        """The offering; null for one that is withdrawn."""
        return info.context.core.offerings.get(self.offering_id)


@object_type(qualification.OfferingQualification)
class OfferingQualification:
    """The answer for one offering."""

    result: qualification.QualificationResult = doc("Whether it can be delivered there.")
    reasons: list[qualification.QualificationReason] = doc("Why not, at most 20.", size=3)
    alternatives: list[qualification.Alternative] = doc("What could be delivered instead, at most 20.", size=3)
    expected_activation: datetime | None = doc("When it would be active.")

    @field
    def offering(self: qualification.OfferingQualification, info: Info) -> offerings.ProductOffering | None:
        """The offering; null for one that is withdrawn or unknown."""
        return info.context.core.offerings.get(self.offering_id)


@object_type(catalog.QualificationAnswer)
class OfferingQualificationAnswer:
    """The answers of every provider that was asked."""

    items: list[qualification.OfferingQualification] = doc("One for each of `offeringIds`, in that order.")
    unavailable_providers: list[providers.UnavailableProvider] = doc(
        "The providers that gave no answer, at most one entry each.", size=5
    )


@strawberry.input(description="Which offerings, and where.")
class OfferingQualificationInput:
    """What to ask the providers."""

    offering_ids: list[strawberry.ID] = doc("The offerings, from 1 to 50.")
    place: PlaceInput = doc("Where they are to be delivered.")
