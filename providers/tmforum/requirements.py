"""Reads what an offering requires of the other items. Source: the README, on ProductOfferingRelationship of TMF620."""

from gateway.contract import ProviderRole, Requirement
from gateway.kit import Misshapen
from providers.tmforum.bundles import offering_id_of
from providers.tmforum.context import Reading
from providers.tmforum.reading import Row, as_text, is_valid_at, number, part, parts, reference, slug_of, text

EXTENDED = "ProductOfferingRequirement"


def read_requirements(row: Row, reading: Reading) -> tuple[Requirement, ...]:
    """Those in force, in the provider's order. Raises: Misshapen for one that can't be checked as it stands."""
    required = [
        each
        for each in parts(row, "productOfferingRelationship")
        if (text(each, "relationshipType") or "").lower() == "requires"
        and is_valid_at(each, reading.now(), reading.zone)
    ]
    return tuple(_requirement(reference(row), each, reading) for each in required)


def _requirement(offering_ref: str, row: Row, reading: Reading) -> Requirement:
    target = reference(row)
    is_category = text(row, "@referredType") == "Category"
    slug = reading.options.categories.get(slug_of(target), slug_of(target)) if is_category else None
    is_extended = text(row, "@type") == EXTENDED
    condition = part(row, "condition") if is_extended else {}
    minimum = number(row, "minimum") if is_extended else None
    characteristic = text(row, "characteristic") if is_extended else None
    if (minimum is None) != (characteristic is None):
        raise Misshapen("a requirement with a characteristic needs a minimum, and the other way round")
    return Requirement(
        id=reading.content_id("Requirement", offering_ref, sorted(row.items(), key=lambda pair: pair[0])),
        label=text(row, "name") or target,
        category=slug,
        role=_role(row) if is_extended else None,
        offering_id=None if is_category else offering_id_of(target, reading),
        characteristic=characteristic,
        minimum=minimum,
        unit=text(row, "unit") if is_extended else None,
        when_field=text(condition, "name"),
        when_value=as_text(condition["value"]) if condition.get("value") is not None else None,
    )


def _role(row: Row) -> ProviderRole | None:
    """One of ours; any other `role` is what TMF620 has the field for, and says nothing to us."""
    name = text(row, "role")
    return None if name is None else ProviderRole.__members__.get(name)
