"""The compact format of `catalogues/*.toml`: what a person writes, before it becomes TMF620."""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

FOLDER = Path(__file__).parent.parent / "catalogues"

Amount = Annotated[Decimal, BeforeValidator(lambda number: Decimal(str(number)))]
Scalar = str | int | float | bool


class Sheet(BaseModel):
    """A part of the file; what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldSheet(Sheet):
    """A characteristic that the customer chooses: from `choices`, in a `range`, or a text by `pattern`."""

    label: str
    choices: tuple[str, ...] = ()
    range: tuple[int, int] | None = None
    step: int = 1
    pattern: str | None = None
    boolean: bool = False
    unit: str | None = None
    default: tuple[Scalar, ...] = ()
    required: bool = False
    maximum: int = 1


class FactSheet(Sheet):
    """A characteristic that is as it is: its label, and the unit of its values."""

    label: str
    unit: str | None = None


class TermSheet(Sheet):
    """A condition to accept; `months` is the commitment."""

    name: str
    text: str
    months: int | None = None


class RequirementSheet(Sheet):
    """What must stand in the same order; see the conventions in `providers/tmforum/README.md`."""

    name: str
    category: str
    role: str
    characteristic: str | None = None
    minimum: int | None = None
    unit: str | None = None
    when: dict[str, str] = {}


class PriceSheet(Sheet):
    """One price, without tax: exactly one of the first five is given. `discount` is a percentage of those in `on`."""

    monthly: Amount | None = None
    yearly: Amount | None = None
    once: Amount | None = None
    usage: Amount | None = None
    discount: Amount | None = None
    name: str | None = None
    per: tuple[int, str] | None = None
    on: tuple[str, ...] = ()
    when: dict[str, str] = {}


class PartSheet(Sheet):
    """A part of a bundle: an offering's ref, or the URN of another operator's; by default in it once, and fixed."""

    part: str
    name: str | None = None
    lower: int = 1
    upper: int = 1
    default: int = 1


class GroupSheet(Sheet):
    """Parts of which some must be chosen."""

    name: str
    lower: int
    upper: int
    parts: tuple[str, ...]


class NarrowSheet(Sheet):
    """What an offering leaves of a field of the specification that it shares with another."""

    choices: tuple[str, ...]
    default: str | None = None


class OfferingSheet(Sheet):
    """One offering. `access` names the network that must reach the place; `postcodes` where a bundle can be had."""

    ref: str
    name: str
    category: str
    text: str
    access: Literal["fibre", "dsl", "radio"] | None = None
    facts: dict[str, Scalar | tuple[Scalar, ...]] = {}
    form: tuple[str, ...] = ()
    specification: str | None = None
    narrow: dict[str, NarrowSheet] = {}
    prices: tuple[PriceSheet, ...] = ()
    terms: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    bundle: tuple[PartSheet, ...] = ()
    groups: tuple[GroupSheet, ...] = ()
    postcodes: tuple[str, ...] = ()
    status: str = "Active"
    sellable: bool = True
    valid_until: str | None = None


class ReachSheet(Sheet):
    """Where a network reaches: postcode prefixes, the top speed (Mbit/s) by kind of access, the days to connect."""

    postcodes: tuple[str, ...]
    access: dict[str, int]
    days: int


class CatalogueSheet(Sheet):
    """One operator's file."""

    embed_prices: bool = True
    fields: dict[str, FieldSheet] = {}
    facts: dict[str, FactSheet] = {}
    terms: dict[str, TermSheet] = {}
    requirements: dict[str, RequirementSheet] = {}
    coverage: tuple[ReachSheet, ...] = ()
    offering: tuple[OfferingSheet, ...] = ()


def _read(name: str) -> CatalogueSheet:
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    return CatalogueSheet.model_validate(raw)


@cache
def sheet(slug: str) -> CatalogueSheet:
    """The operator's file, with the words of `shared.toml` where it has none of its own."""
    shared, own = _read("shared"), _read(slug)
    return own.model_copy(
        update={
            "fields": {**shared.fields, **own.fields},
            "facts": {**shared.facts, **own.facts},
            "terms": {**shared.terms, **own.terms},
            "requirements": {**shared.requirements, **own.requirements},
        }
    )
