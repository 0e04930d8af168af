"""What may be asked. Source: TMF679 v4.0.0, `ProductOfferingQualification_Create`."""

from typing import Literal

from pydantic import AwareDatetime, Field

from providers.simulator.ordering.input import PartyInput, PlaceInput, ProductInput, Reference
from providers.simulator.web.bodies import Input


class QualificationItemInput(Input):
    """One offering asked about; a place of its own goes before that of the whole."""

    id: str
    action: Literal["add", "modify", "delete", "noChange"] | None = None
    product: ProductInput | None = None
    productOffering: Reference | None = None


class QualificationInput(Input):
    """The whole question."""

    description: str | None = None
    instantSyncQualification: bool | None = None
    provideAlternative: bool | None = None
    provideOnlyAvailable: bool | None = None
    provideUnavailabilityReason: bool | None = None
    requestedPOQCompletionDate: AwareDatetime | None = None
    place: list[PlaceInput] | None = None
    relatedParty: list[PartyInput] | None = None
    productOfferingQualificationItem: list[QualificationItemInput] | None = Field(None, max_length=1000)
