"""The order form that a provider asks for."""

from decimal import Decimal
from typing import Annotated

import strawberry

from gateway.api.schema.declaring import doc, object_type
from gateway.domain.catalog import forms


@object_type(forms.Choice)
class Choice:
    """One allowed value."""

    value: str = doc("What to send.")
    label: str = doc("What to show.")


@object_type(forms.ChoiceConstraint)
class ChoiceConstraint:
    """One of these values."""

    choices: list[forms.Choice] = doc("The allowed values, at most 1,000.", size=20)


@object_type(forms.RangeConstraint)
class RangeConstraint:
    """A number in a range."""

    minimum: Decimal | None = doc("The least, null for no bound.")
    maximum: Decimal | None = doc("The most, null for no bound.")
    step: Decimal | None = doc("The step from the minimum, null for any.")


@object_type(forms.TextConstraint)
class TextConstraint:
    """A text."""

    pattern: str | None = doc("A regular expression that the whole text matches; null for any text.")
    maximum_length: int = doc("How many characters it may have.")


FieldConstraint = Annotated[
    forms.ChoiceConstraint | forms.RangeConstraint | forms.TextConstraint,
    strawberry.union("FieldConstraint", description="What may stand in a field. Clients must expect new kinds."),
]


@object_type(forms.OrderField)
class OrderField:
    """One field of an order form."""

    key: str = doc("The key to send values under.")
    label: str = doc("What to show.")
    help: str | None = doc("What to explain.")
    section: str = doc("The part of the form that the field belongs to.")
    is_required: bool = doc("Whether an order needs it. A required field with a default is filled in.")
    unit: str | None = doc("The unit of its values.")
    minimum_values: int = doc("How many values it needs at least, where it has any.")
    maximum_values: int = doc("How many values it takes.")
    values: list[str] = doc("In an offering's form its defaults, in an item's what is filled in; at most 100.", size=3)
    constraint: FieldConstraint = doc("What may stand in it.")


@object_type(forms.OrderForm)
class OrderForm:
    """All that the provider asks for."""

    fields: list[forms.OrderField] = doc("The fields in the provider's order, at most 200.", size=20)
