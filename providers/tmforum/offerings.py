"""Puts an offering together from its row, its specification and its prices.

Source: TMF620 v4.1 and v5.0, ProductOffering; the README's conventions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.contract import (
    BundledGroup,
    BundledOffering,
    Category,
    Characteristic,
    OrderField,
    ProductOffering,
    ProviderRole,
    Term,
    own_id,
)
from gateway.kit import Misshapen
from providers.tmforum.bundles import read_bundle
from providers.tmforum.context import Reading
from providers.tmforum.durations import duration
from providers.tmforum.forms import read_characteristics
from providers.tmforum.prices import WITHDRAWN, expanded, needs_reading, price_parts_needed, read_prices
from providers.tmforum.reading import Row, flag, is_valid_at, moment, part, parts, reference, slug_of, text
from providers.tmforum.requirements import read_requirements

ROLES_BY_CATEGORY = {"broadband": ProviderRole.NETWORK_OPERATOR, "content": ProviderRole.CONTENT_PROVIDER}
EMBEDDED = "productSpecCharacteristic"
# v5 only: what is true of the offering, whatever its specification.
OWN = "productOfferingCharacteristic"


@dataclass(frozen=True, slots=True)
class References:
    """What offerings refer to, by reference."""

    specifications: Mapping[str, Row]
    prices: Mapping[str, Row]


def specification_needed(row: Row) -> Row | None:
    """The reference to the specification, where the offering does not hold the whole of it."""
    found = part(row, "productSpecification")
    return found if found.get("id") not in (None, "") and EMBEDDED not in found else None


def prices_needed(row: Row) -> Sequence[Row]:
    """The references to prices that stand elsewhere; those of embedded bundles of prices too."""
    prices = parts(row, "productOfferingPrice")
    own = [each for each in prices if needs_reading(each) and each.get("id") not in (None, "")]
    return [*own, *(each for price in prices for each in price_parts_needed(price))]


def is_sold(row: Row, reading: Reading) -> bool:
    """Whether it can be ordered at this moment."""
    is_withdrawn = (text(row, "lifecycleStatus") or "").lower() in WITHDRAWN
    return not is_withdrawn and flag(row, "isSellable") is not False and is_valid_at(row, reading.now(), reading.zone)


def read_offering(row: Row, references: References, reading: Reading) -> ProductOffering:
    """The whole offering. Raises: Misshapen where what matters for an order can't be read."""
    ref = reference(row)
    characteristics, fields = _described(row, references)
    categories = _categories(row, reading)
    name = text(row, "name") or ref
    options = read_bundle(row, reading)
    return ProductOffering(
        id=reading.id("ProductOffering", ref),
        ref=ref,
        provider=reading.profile,
        name=name,
        role=_role(categories, reading),
        description=text(row, "description"),
        is_bundle=bool(options) or flag(row, "isBundle") is True,
        is_sellable=is_sold(row, reading),
        categories=categories,
        prices=read_prices(ref, tuple(expanded(parts(row, "productOfferingPrice"), references.prices)), reading),
        characteristics=characteristics,
        fields=fields,
        terms=_terms(row, reading),
        requirements=read_requirements(row, reading),
        bundled_options=options,
        valid_until=_valid_until(row, reading),
        search_text=_search_text(name, text(row, "description"), categories, characteristics, options),
    )


def _described(row: Row, references: References) -> tuple[tuple[Characteristic, ...], tuple[OrderField, ...]]:
    needed = specification_needed(row)
    specification = part(row, "productSpecification")
    if needed is not None:
        found = references.specifications.get(reference(needed))
        if found is None:
            raise Misshapen(f"there is no specification {needed.get('id')!r}")
        specification = found
    own = {text(each, "name"): each for each in parts(row, OWN)}
    specified = [each for each in parts(specification, EMBEDDED) if text(each, "name") not in own]
    return read_characteristics([*specified, *own.values()], parts(row, "prodSpecCharValueUse"))


def _categories(row: Row, reading: Reading) -> tuple[Category, ...]:
    found: dict[str, Category] = {}
    for each in parts(row, "category"):
        name = text(each, "name") or text(each, "id") or ""
        slug = reading.options.categories.get(slug_of(name), slug_of(name))
        if slug:
            found.setdefault(slug, Category(own_id("Category", slug), slug, name))
    return tuple(found.values())


def _role(categories: Sequence[Category], reading: Reading) -> ProviderRole:
    """By the settings, then by the category, as far as the provider plays the role."""
    roles = reading.profile.roles
    if len(roles) == 1:
        return roles[0]
    slugs = [category.slug for category in categories]
    for table in (reading.options.roles_by_category, ROLES_BY_CATEGORY):
        for slug in slugs:
            if (role := table.get(slug)) in roles and role is not None:
                return role
    return ProviderRole.SERVICE_PROVIDER if ProviderRole.SERVICE_PROVIDER in roles else roles[0]


def _terms(row: Row, reading: Reading) -> tuple[Term, ...]:
    """The same words are the same term in every offering of the provider; other words are another term."""
    found: dict[str, Term] = {}
    for each in parts(row, "productOfferingTerm"):
        if not is_valid_at(each, reading.now(), reading.zone):
            continue
        name, words = text(each, "name") or "", text(each, "description") or ""
        commitment = duration(part(each, "duration"))
        term_id = reading.content_id("Term", name, words, commitment)
        found.setdefault(term_id, Term(term_id, name or words, words or name, commitment, reading.profile))
    return tuple(found.values())


def _valid_until(row: Row, reading: Reading) -> datetime | None:
    return moment(part(row, "validFor"), "endDateTime", reading.zone)


def _search_text(
    name: str,
    description: str | None,
    categories: Sequence[Category],
    characteristics: Sequence[Characteristic],
    options: Sequence[BundledOffering | BundledGroup],
) -> str:
    words = [name, description or ""]
    words += [word for category in categories for word in (category.name, category.slug)]
    words += [word for each in characteristics for word in (each.label, *each.values, each.unit or "")]
    words += [option.name if isinstance(option, BundledGroup) else option.offering_name for option in options]
    return "\n".join(word for word in words if word).lower()
