"""What a bundle's items need of each other: dependencies, requirements, limits, choices, agreements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.domain.catalog.offerings import (
    BundledGroup,
    BundledOffering,
    Characteristic,
    ProductOffering,
    Requirement,
)
from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.ordering.bundles import BundleIssue, BundleIssueCode, BundleItem
from gateway.domain.ordering.form_rules import effective_values, plain_number
from gateway.domain.parties import OPERATOR, Agreement

# How many of the plain unit a unit has, so that 1 Gbit/s meets 25 Mbit/s.
_FACTORS = {
    "kbit/s": Decimal("0.001"),
    "mbit/s": Decimal(1),
    "gbit/s": Decimal(1000),
    "mb": Decimal(1),
    "gb": Decimal(1000),
    "tb": Decimal(1_000_000),
}
_PLACE_BOUND = frozenset({"broadband", "fixed-voice"})


@dataclass(frozen=True, slots=True)
class Part:
    """An item with its offering, as it is now."""

    item: BundleItem
    offering: ProductOffering

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """What is filled in, defaults included."""
        return effective_values(self.offering.fields, self.item.values)

    def measure(self, name: str) -> Characteristic | None:
        """The characteristic: what was chosen in the form, else what the offering has."""
        chosen = next((each for each in self.offering.fields if each.key == name), None)
        if chosen is not None and self.values.get(name):
            return Characteristic(name, chosen.label, self.values[name], chosen.unit)
        return next((each for each in self.offering.characteristics if each.name == name), None)


def initial_parts(offering: ProductOffering) -> tuple[tuple[BundledOffering, int], ...]:
    """What a predefined bundle starts with, and how many of each; nothing for any other offering."""
    wanted = ((part, max(part.default_quantity, _least(offering, part))) for part in offering.parts)
    return tuple((part, quantity) for part, quantity in wanted if quantity > 0)


def is_mandatory(offering: ProductOffering, part: BundledOffering) -> bool:
    """Whether it may not be taken out. An option of a group may: the group says how many must stay."""
    return _least(offering, part) > 0


def _least(offering: ProductOffering, part: BundledOffering) -> int:
    return part.minimum_quantity if part in offering.bundled_options else 0


def active_requirements(part: Part) -> tuple[Requirement, ...]:
    """Those that hold for what is filled in."""
    values = part.values
    return tuple(
        each
        for each in part.offering.requirements
        if each.when_field is None or each.when_value in values.get(each.when_field, ())
    )


def is_of_kind(requirement: Requirement, offering: ProductOffering) -> bool:
    """Whether it is what the requirement speaks of, good enough or not."""
    if requirement.offering_id is not None and requirement.offering_id != offering.id:
        return False
    if requirement.category is not None and requirement.category not in offering.category_slugs:
        return False
    return requirement.role is None or requirement.role is offering.role


def satisfaction(requirement: Requirement, part: Part) -> Characteristic | None:
    """What of the part meets the requirement, None where it does not meet it.

    Of a requirement without a characteristic, the category (or the offering) itself is the answer.
    """
    if not is_of_kind(requirement, part.offering):
        return None
    if requirement.characteristic is None:
        return Characteristic(requirement.category or "offering", requirement.label, (part.offering.name,))
    actual = part.measure(requirement.characteristic)
    if actual is None or requirement.minimum is None:
        return actual
    return actual if _reaches(actual, requirement.minimum, requirement.unit) else None


def _reaches(actual: Characteristic, minimum: Decimal, unit: str | None) -> bool:
    factor = _factor(actual.unit, unit)
    numbers = [number for value in actual.values if (number := plain_number(value)) is not None]
    return factor is not None and any(number * factor >= minimum for number in numbers)


def _factor(have: str | None, want: str | None) -> Decimal | None:
    """What brings one unit to the other; None where they can't be compared."""
    if have is None or want is None or have.lower() == want.lower():
        return Decimal(1)
    known = (_FACTORS.get(have.lower()), _FACTORS.get(want.lower()))
    is_rate = [name.lower().endswith("/s") for name in (have, want)]
    if known[0] is None or known[1] is None or is_rate[0] != is_rate[1]:
        return None
    return known[0] / known[1]


def depends_on(parts: Sequence[Part]) -> Mapping[str, tuple[str, ...]]:
    """For each item the items that are delivered before it: those that its requirements speak of.

    Never a cycle: where items require each other, the edge that would close it is left out, the later item waiting.
    """
    edges: dict[str, list[str]] = {part.item.id: [] for part in parts}
    for part in parts:
        for requirement in active_requirements(part):
            for other in _speaks_of(requirement, part, parts):
                if other.item.id not in edges[part.item.id] and not _leads_to(edges, other.item.id, part.item.id):
                    edges[part.item.id].append(other.item.id)
    return {item_id: tuple(found) for item_id, found in edges.items()}


def _speaks_of(requirement: Requirement, part: Part, parts: Sequence[Part]) -> list[Part]:
    others = [each for each in parts if each.item.id != part.item.id and is_of_kind(requirement, each.offering)]
    return [each for each in others if satisfaction(requirement, each) is not None] or others


def _leads_to(edges: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    left, seen = [start], {start}
    while left:
        here = left.pop()
        if here == goal:
            return True
        left.extend(each for each in edges.get(here, ()) if each not in seen)
        seen.update(edges.get(here, ()))
    return False


def requirement_issues(parts: Sequence[Part]) -> list[BundleIssue]:
    """Requirements that no other item meets: MISSING_ROLE where nobody plays the role, else UNMET_REQUIREMENT."""
    issues: list[BundleIssue] = []
    roles = {part.offering.role for part in parts}
    for part in parts:
        others = [each for each in parts if each.item.id != part.item.id]
        for requirement in active_requirements(part):
            if any(satisfaction(requirement, each) is not None for each in others):
                continue
            is_role_missing = requirement.role is not None and requirement.role not in roles
            code = BundleIssueCode.MISSING_ROLE if is_role_missing else BundleIssueCode.UNMET_REQUIREMENT
            issues.append(BundleIssue(code, item=part.item, params=_requirement_params(requirement)))
    return issues


def _requirement_params(requirement: Requirement) -> Mapping[str, str]:
    params = {
        "requirement": requirement.label,
        "role": requirement.role,
        "characteristic": requirement.characteristic,
        "minimum": None if requirement.minimum is None else format(requirement.minimum, "f"),
        "unit": requirement.unit,
    }
    return {name: str(value) for name, value in params.items() if value is not None}


def quantity_issues(items: Iterable[BundleItem], maximum: int) -> list[BundleIssue]:
    """Items outside their limits; `maximum` bounds those that have none of their own."""
    issues: list[BundleIssue] = []
    for item in items:
        most = maximum if item.maximum_quantity is None else min(item.maximum_quantity, maximum)
        if item.quantity < item.minimum_quantity:
            limit = {"minimum": str(item.minimum_quantity)}
            issues.append(BundleIssue(BundleIssueCode.QUANTITY_TOO_LOW, item=item, params=limit))
        if item.quantity > most:
            issues.append(BundleIssue(BundleIssueCode.QUANTITY_TOO_HIGH, item=item, params={"maximum": str(most)}))
    return issues


def choice_issues(predefined: ProductOffering | None, items: Sequence[BundleItem]) -> list[BundleIssue]:
    """Groups of the predefined bundle of which too few or too many options were chosen."""
    groups = [each for each in (predefined.bundled_options if predefined else ()) if isinstance(each, BundledGroup)]
    issues: list[BundleIssue] = []
    for group in groups:
        options = {option.offering_id for option in group.options}
        chosen = sum(1 for item in items if item.offering_id in options)
        limits = {"group": group.name, "minimum": str(group.minimum_choices), "maximum": str(group.maximum_choices)}
        if chosen < group.minimum_choices:
            issues.append(BundleIssue(BundleIssueCode.MISSING_CHOICE, params=limits))
        if chosen > group.maximum_choices:
            issues.append(BundleIssue(BundleIssueCode.TOO_MANY_CHOICES, params=limits))
    return issues


def agreements_for(
    offering: ProductOffering, others: Iterable[ProductOffering], agreements: Sequence[Agreement], at: datetime
) -> tuple[Agreement, ...] | None:
    """The agreements by which an offering may stand beside the others; None where one is missing.

    It needs one with each other offering's provider, for the categories of either; beside none of another provider, one
    with the gateway's operator.
    """
    strangers = [each for each in others if each.provider.slug != offering.provider.slug]
    wanted = [(each.provider.slug, offering.category_slugs | each.category_slugs) for each in strangers]
    found: dict[str, Agreement] = {}
    for party, categories in wanted or [(OPERATOR, offering.category_slugs)]:
        covering = [each for each in agreements if each.covers(offering.provider.slug, party, categories, at)]
        if not covering:
            return None
        found.update((each.id, each) for each in covering)
    return tuple(found.values())


def agreement_issues(parts: Sequence[Part], agreements: Sequence[Agreement], at: datetime) -> list[BundleIssue]:
    """Items without an agreement with another item's provider (or, alone, with the operator); a pair is told once."""
    issues: list[BundleIssue] = []
    for position, part in enumerate(parts):
        before = [each.offering for each in parts[:position]]
        is_alone = all(each.offering.provider.slug == part.offering.provider.slug for each in parts)
        if not is_alone and all(each.provider.slug == part.offering.provider.slug for each in before):
            continue
        if agreements_for(part.offering, before, agreements, at) is None:
            params = {"provider": part.offering.provider.name}
            issues.append(BundleIssue(BundleIssueCode.NO_AGREEMENT, item=part.item, params=params))
    return issues


def needs_place(offering: ProductOffering) -> bool:
    """Whether it is built at a place: a network operator's, a fixed line. Mobile, content and goods are not."""
    return offering.role is ProviderRole.NETWORK_OPERATOR or not _PLACE_BOUND.isdisjoint(offering.category_slugs)
