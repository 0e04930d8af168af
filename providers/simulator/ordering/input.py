"""What may be sent in: the parts of TMF622's `ProductOrder_Create` that an operator reads, and keeps.

Source: TMF622 v4.0.0; what a model leaves out of the file is accepted and dropped.
"""

from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from providers.simulator.web.bodies import Input


class Reference(Input):
    """A reference to something that is kept elsewhere."""

    id: str
    href: str | None = None
    name: str | None = None
    role: str | None = None
    type_: str | None = Field(None, alias="@type")
    referred_type: str | None = Field(None, alias="@referredType")


class PartyInput(Input):
    """Who orders."""

    id: str = Field(min_length=1)
    href: str | None = None
    name: str | None = None
    role: str | None = None
    type_: str | None = Field(None, alias="@type")
    referred_type: str = Field(alias="@referredType")


class PlaceInput(Input):
    """Where: a reference or an address; an address has more than the file names, and all of it is kept."""

    model_config = ConfigDict(strict=True, extra="allow")

    role: str
    id: str | None = None
    href: str | None = None
    name: str | None = None
    type_: str | None = Field(None, alias="@type")
    base_type: str | None = Field(None, alias="@baseType")
    schema_location: str | None = Field(None, alias="@schemaLocation", exclude=True)
    referred_type: str | None = Field(None, alias="@referredType")


class CharacteristicInput(Input):
    """A field of the order form, filled in; several values are an array."""

    name: str
    value: Any
    value_type: str | None = Field(None, alias="valueType")

    @model_serializer(mode="wrap")
    def _with_value(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A value that is null is kept: the file requires the member."""
        return {"value": None, **serialize(self)}


class RelatedProductInput(Input):
    """A product that another one belongs to, by what it is sold as."""

    id: str | None = None
    productOffering: Reference | None = None


class RelationshipInput(Input):
    """What a product is to another: `bundled` for a part of a bundle."""

    relationshipType: str
    product: RelatedProductInput


class ProductInput(Input):
    """The product to make, or (by its id) the one to end."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    place: list[PlaceInput] | None = None
    productCharacteristic: list[CharacteristicInput] | None = None
    productRelationship: list[RelationshipInput] | None = None


class OrderItemInput(Input):
    """One thing to do."""

    id: str
    action: Literal["add", "modify", "delete", "noChange"]
    quantity: int | None = None
    productOffering: Reference | None = None
    product: ProductInput | None = None
    billingAccount: Reference | None = None
    productOrderItem: list["OrderItemInput"] | None = None


class NoteInput(Input):
    """A remark."""

    id: str | None = None
    author: str | None = None
    date: AwareDatetime | None = None
    text: str


class OrderInput(Input):
    """A whole order."""

    productOrderItem: list[OrderItemInput] = Field(min_length=1, max_length=100)
    externalId: str | None = Field(None, max_length=500)
    category: str | None = None
    description: str | None = None
    priority: str | None = None
    notificationContact: str | None = None
    requestedStartDate: AwareDatetime | None = None
    requestedCompletionDate: AwareDatetime | None = None
    relatedParty: list[PartyInput] | None = None
    billingAccount: Reference | None = None
    agreement: list[Reference] | None = None
    channel: list[Reference] | None = None
    note: list[NoteInput] | None = None


class CancelInput(Input):
    """A request to cancel an order."""

    productOrder: Reference
    cancellationReason: str | None = None
    requestedCancellationDate: AwareDatetime | None = None
