"""What may be sent in v5, checked, and said again in v4's words. Source: TMF622 and 679 v5.0.0, the `_FVO` shapes.

Unlike in v4, every object must say its `@type`.
"""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from providers.simulator.web.bodies import Input

Json = dict[str, Any]


class Typed(Input):
    """An object of v5."""

    type_: str = Field(alias="@type", min_length=1)

    def as_v4(self) -> Json:
        """The same in v4's shape; here: all that has the same name in both, without types."""
        return {name: _said(value) for name, value in self if value is not None and name not in ("type_", "referred")}


def _said(value: Any) -> Any:
    if isinstance(value, list):
        return [_said(each) for each in value]
    if isinstance(value, Typed):
        return value.as_v4()
    return value.isoformat() if hasattr(value, "isoformat") else value


class ReferenceInput(Typed):
    """A reference to something that is kept elsewhere."""

    id: str
    href: str | None = None
    name: str | None = None
    referred: str | None = Field(None, alias="@referredType")


class PartyInput(Typed):
    """Who orders: the party stands one level deeper than in v4."""

    role: str
    partyOrPartyRole: ReferenceInput

    def as_v4(self) -> Json:
        """Both levels in one."""
        party = self.partyOrPartyRole
        return {**party.as_v4(), "role": self.role, "@referredType": party.referred or "PartyRole"}


class SubUnitInput(Typed):
    """An apartment, a floor."""

    subUnitNumber: str
    subUnitType: str


class SubAddressInput(Typed):
    """A part of an address."""

    buildingName: str | None = None
    name: str | None = None
    subUnit: list[SubUnitInput] | None = None


class AddressInput(Typed):
    """A place: an address, or a reference to one."""

    id: str | None = None
    href: str | None = None
    name: str | None = None
    streetName: str | None = None
    streetNr: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    geographicSubAddress: list[SubAddressInput] | None = None


class PlaceInput(Typed):
    """A place in its role."""

    role: str
    place: AddressInput

    def as_v4(self) -> Json:
        """Both levels in one, with the place's type."""
        return {**self.place.as_v4(), "role": self.role, "@type": self.place.type_}


class CharacteristicInput(Typed):
    """A field of the order form, filled in."""

    name: str
    value: Any = None

    def as_v4(self) -> Json:
        """A value that is null is said, too."""
        return {"name": self.name, "value": self.value}


class RelationshipInput(Typed):
    """What a product is to another: `bundledBy` names the bundle's offering."""

    id: str
    relationshipType: str
    referred: str | None = Field(None, alias="@referredType")

    def as_v4(self) -> Json:
        """The bundle as the offering of a product, which v4 asks for."""
        if self.relationshipType == "bundledBy" and self.referred == "ProductOffering":
            return {"relationshipType": "bundled", "product": {"productOffering": {"id": self.id}}}
        return {"relationshipType": self.relationshipType, "product": {"id": self.id}}


class ProductInput(Typed):
    """The product to make, or a reference to the one to end."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    place: list[PlaceInput] | None = None
    productCharacteristic: list[CharacteristicInput] | None = None
    productRelationship: list[RelationshipInput] | None = None


class ItemInput(Typed):
    """One thing to do."""

    id: str
    action: Literal["add", "modify", "delete", "noChange"]
    quantity: int | None = None
    productOffering: ReferenceInput | None = None
    product: ProductInput | None = None
    billingAccount: ReferenceInput | None = None
    productOrderItem: list["ItemInput"] | None = None


class NoteInput(Typed):
    """A remark."""

    id: str | None = None
    author: str | None = None
    date: AwareDatetime | None = None
    text: str


class IdentifierInput(Typed):
    """What somebody else calls the order."""

    id: str


class OrderInput(Typed):
    """A whole order; the first of its identifiers is its key."""

    productOrderItem: list[ItemInput] = Field(min_length=1, max_length=100)
    externalId: list[IdentifierInput] | None = None
    category: str | None = None
    description: str | None = None
    priority: str | None = None
    notificationContact: str | None = None
    requestedStartDate: AwareDatetime | None = None
    requestedCompletionDate: AwareDatetime | None = None
    relatedParty: list[PartyInput] | None = None
    billingAccount: ReferenceInput | None = None
    agreement: list[ReferenceInput] | None = None
    note: list[NoteInput] | None = None

    def as_v4(self) -> Json:
        """With the key as a text."""
        said = super().as_v4()
        keys = said.pop("externalId", [])
        return {**said, "externalId": keys[0]["id"]} if keys else said


class CancelInput(Typed):
    """A request to cancel an order."""

    productOrder: ReferenceInput
    cancellationReason: str | None = None
    requestedCancellationDate: AwareDatetime | None = None


class CheckItemInput(Typed):
    """One offering asked about."""

    id: str | None = None
    action: Literal["add", "modify", "delete", "noChange"] | None = None
    product: ProductInput | None = None
    productOffering: ReferenceInput | None = None


class CheckInput(Typed):
    """Whether these offerings can be delivered."""

    description: str | None = None
    instantSyncQualification: bool | None = None
    provideAlternative: bool | None = None
    provideOnlyAvailable: bool | None = None
    provideResultReason: bool | None = None
    requestedQualificationCompletionDate: AwareDatetime | None = None
    relatedParty: list[PartyInput] | None = None
    checkProductOfferingQualificationItem: list[CheckItemInput] | None = Field(None, max_length=1000)

    def as_v4(self) -> Json:
        """Under v4's names; an item without an id is called by its number."""
        said = super().as_v4()
        items = said.pop("checkProductOfferingQualificationItem", [])
        numbered = [{"id": str(number), **item} for number, item in enumerate(items, 1)]
        for name, older in RENAMED.items():
            if name in said:
                said[older] = said.pop(name)
        return {**said, "productOfferingQualificationItem": numbered}


class HubInput(Typed):
    """Where the events go, and which."""

    callback: str
    query: str | None = None


class CriteriaInput(Typed):
    """What is looked for: all that can be had at the place of this product."""

    id: str
    product: ProductInput | None = None


class QueryInput(Typed):
    """What can be had at a place."""

    description: str | None = None
    instantSyncQualification: bool | None = None
    searchCriteria: CriteriaInput | None = None


RENAMED = {
    "provideResultReason": "provideUnavailabilityReason",
    "requestedQualificationCompletionDate": "requestedPOQCompletionDate",
}
