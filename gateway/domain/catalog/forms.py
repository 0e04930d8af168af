"""The order form: which fields a product asks for, and what may stand in them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed value."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChoiceConstraint:
    """One of these values."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class RangeConstraint:
    """A number from `minimum` to `maximum`, in steps from the minimum."""

    minimum: Decimal | None
    maximum: Decimal | None
    step: Decimal | None


@dataclass(frozen=True, slots=True)
class TextConstraint:
    """A text that matches the whole `pattern` (None: any), of at most `maximum_length` characters."""

    pattern: str | None
    maximum_length: int


FieldConstraint = ChoiceConstraint | RangeConstraint | TextConstraint


@dataclass(frozen=True, slots=True)
class OrderField:
    """One field. `values` are its defaults in an offering's form, what was filled in in an item's."""

    key: str
    label: str
    section: str
    constraint: FieldConstraint
    is_required: bool = False
    help: str | None = None
    unit: str | None = None
    minimum_values: int = 0
    maximum_values: int = 1
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The fields in the provider's order."""

    fields: tuple[OrderField, ...]
