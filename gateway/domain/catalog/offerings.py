"""An offering: what can be ordered, with all that must be known before."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gateway.domain.catalog.forms import OrderField
from gateway.domain.catalog.prices import AnyPrice
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole


@dataclass(frozen=True, slots=True)
class Category:
    """A category by its slug; its id is built from the slug, so it is one node across providers."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What the product is or has, as text."""

    name: str
    label: str
    values: tuple[str, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """What must be accepted. Its id changes with its text. `commitment` is an ISO 8601 duration."""

    id: str
    name: str
    text: str
    commitment: str | None
    provider: ProviderProfile


@dataclass(frozen=True, slots=True)
class Requirement:
    """What another item of the bundle must be: of `category` (and `role`), with `characteristic` at `minimum` or more.

    Where `when_field` is given it holds only while the requiring item's form has `when_value` there.
    """

    id: str
    label: str
    category: str | None
    role: ProviderRole | None = None
    offering_id: str | None = None
    characteristic: str | None = None
    minimum: Decimal | None = None
    unit: str | None = None
    when_field: str | None = None
    when_value: str | None = None


@dataclass(frozen=True, slots=True)
class BundledOffering:
    """A part of a predefined bundle, sold by this or another provider (`offering_id` is global)."""

    offering_id: str
    offering_name: str
    minimum_quantity: int
    maximum_quantity: int
    default_quantity: int

    @property
    def is_fixed(self) -> bool:
        """Neither removed nor added to: as many as the provider says."""
        return self.minimum_quantity == self.maximum_quantity


@dataclass(frozen=True, slots=True)
class BundledGroup:
    """Of these options, between `minimum_choices` and `maximum_choices` belong into the bundle."""

    name: str
    minimum_choices: int
    maximum_choices: int
    options: tuple[BundledOffering, ...]


BundledOption = BundledOffering | BundledGroup


@dataclass(frozen=True, slots=True)
class ProductOffering:
    """An offering as its provider describes it. `ref` is the provider's own id for it; `fields` its order form."""

    id: str
    ref: str
    provider: ProviderProfile
    name: str
    role: ProviderRole
    description: str | None = None
    is_bundle: bool = False
    is_sellable: bool = True
    categories: tuple[Category, ...] = ()
    prices: tuple[AnyPrice, ...] = ()
    characteristics: tuple[Characteristic, ...] = ()
    fields: tuple[OrderField, ...] = ()
    terms: tuple[Term, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    bundled_options: tuple[BundledOption, ...] = ()
    valid_until: datetime | None = None
    search_text: str = field(default="", repr=False)

    @property
    def category_slugs(self) -> frozenset[str]:
        """The slugs of its categories."""
        return frozenset(category.slug for category in self.categories)

    @property
    def parts(self) -> tuple[BundledOffering, ...]:
        """Every bundled offering, those of groups too, in the provider's order."""
        found: list[BundledOffering] = []
        for option in self.bundled_options:
            found.extend(option.options if isinstance(option, BundledGroup) else (option,))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class CatalogSnapshot:
    """A provider's whole catalogue at one moment. `version` is its ETag, or a digest of the content."""

    provider: str
    version: str
    read_at: datetime
    offerings: tuple[ProductOffering, ...]
