"""What may be added to a bundle for a role."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.domain.catalog.offerings import BundledGroup, Characteristic, ProductOffering, Requirement
from gateway.domain.catalog.providers import ProviderRole, UnavailableProvider
from gateway.domain.ordering.bundle_rules import Part, active_requirements, agreements_for, is_of_kind, satisfaction
from gateway.domain.ordering.bundles import Bundle, BundleItem, BundleState
from gateway.domain.paging import Edge, Page, checked_first, page_of
from gateway.domain.parties import Agreement, Caller, SelfServiceFunction
from gateway.federation.index import Order
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.cursors import CursorWriter, listing_of, merged, read_position
from gateway.usecases.qualification import is_deliverable, recent_answers
from gateway.usecases.scopes import covers, thing_sold


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """A requirement of an item that the candidate meets, and by what."""

    requirement: Requirement
    required_by: BundleItem
    actual: Characteristic


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offering that may be added, with the agreements that allow it and what it satisfies."""

    offering: ProductOffering
    agreements: tuple[Agreement, ...]
    satisfies: tuple[Satisfaction, ...]


async def list_candidates(
    core: Core,
    caller: Caller,
    bundle: Bundle,
    role: ProviderRole,
    first: int | None = None,
    after: str | None = None,
) -> Page[Candidate]:
    """The offerings of that role that may be added, by provider and reference; none to a bundle closed or full.

    `bundle` is one that the caller was found to see. Each can be had at the bundle's place (without one no
    place limits), its provider has an agreement with every other provider in the bundle (else with the operator), and
    it meets what the items require of its kind: while something is required of the role, only what meets some of it.
    Raises: RequestError PAGE_SIZE, BAD_CURSOR.
    """
    count = checked_first(first)
    listing = listing_of("candidates", bundle.id, role)
    start = read_position(after, listing, (str, str), core.directory)
    found, away = await _deliverable(core, bundle, _allowed(core, caller, bundle, _fitting(core, bundle, role)))
    unavailable = merged(start.unavailable, [*_stale(core, role), *away])
    writer = CursorWriter(listing, unavailable)
    rows = [(_key(each), each) for each in found]
    rows = [(key, each) for key, each in rows if start.key is None or key > start.key]
    edges = [Edge(writer.write(key), each) for key, each in rows[:count]]
    return page_of(edges, len(rows) > count, unavailable)


def _allowed(core: Core, caller: Caller, bundle: Bundle, found: Iterator[Candidate]) -> list[Candidate]:
    """Those that the caller may order."""
    order = SelfServiceFunction.ORDER
    if policy.can(caller, bundle.customer_id, order):
        return list(found)
    return [
        each
        for each in found
        if covers(caller, bundle.customer_id, order, [thing_sold(core, each.offering.id, each.offering.provider.slug)])
    ]


def _key(candidate: Candidate) -> tuple[str, str]:
    return candidate.offering.provider.slug, candidate.offering.ref


def _fitting(core: Core, bundle: Bundle, role: ProviderRole) -> Iterator[Candidate]:
    """All but the place, from the snapshots alone."""
    if bundle.state is not BundleState.OPEN or len(bundle.items) >= core.bounds.bundle_items:
        return
    parts = [Part(item, found) for item in bundle.items if (found := core.offerings.get(item.offering_id)) is not None]
    others = [part.offering for part in parts]
    required = [(part.item, each) for part in parts for each in active_requirements(part)]
    is_wanted = any(each.role is role and not _is_met(each, item, parts) for item, each in required)
    exhausted = _exhausted(bundle, core.offerings.get(bundle.offering_id) if bundle.offering_id else None)
    agreements, now = core.directory.agreements(), core.clock.now()
    for entry in core.offerings.index().walk(Order.CATALOG):
        offering = entry.offering
        if offering.role is not role or offering.is_bundle or offering.id in exhausted:
            continue
        satisfied = _satisfied(offering, required)
        if satisfied is None or (is_wanted and not any(each.requirement.role is role for each in satisfied)):
            continue
        allowing = agreements_for(offering, others, agreements, now)
        if allowing is not None:
            yield Candidate(offering, allowing, satisfied)


def _is_met(requirement: Requirement, by_item: BundleItem, parts: Sequence[Part]) -> bool:
    return any(part.item.id != by_item.id and satisfaction(requirement, part) is not None for part in parts)


def _satisfied(
    offering: ProductOffering, required: Sequence[tuple[BundleItem, Requirement]]
) -> tuple[Satisfaction, ...] | None:
    """What it satisfies; None where it is of a required kind but not good enough."""
    part = Part(BundleItem("", offering.id, offering.name, offering.provider.slug, offering.role), offering)
    found: list[Satisfaction] = []
    for item, requirement in required:
        if is_of_kind(requirement, offering):
            actual = satisfaction(requirement, part)
            if actual is None:
                return None
            found.append(Satisfaction(requirement, item, actual))
    return tuple(found)


def _exhausted(bundle: Bundle, predefined: ProductOffering | None) -> frozenset[str]:
    """The offerings of which the predefined bundle has as many as it may have."""
    if predefined is None:
        return frozenset()
    chosen = [item.offering_id for item in bundle.items for _ in range(item.quantity)]
    full = {part.offering_id for part in predefined.parts if chosen.count(part.offering_id) >= part.maximum_quantity}
    for group in predefined.bundled_options:
        if isinstance(group, BundledGroup):
            options = {option.offering_id for option in group.options}
            taken = sum(1 for item in bundle.items if item.offering_id in options)
            full.update(options if taken >= group.maximum_choices else ())
    return frozenset(full)


async def _deliverable(
    core: Core, bundle: Bundle, candidates: list[Candidate]
) -> tuple[list[Candidate], tuple[UnavailableProvider, ...]]:
    if bundle.place is None or not candidates:
        return candidates, ()
    answers, away = await recent_answers(core, [each.offering for each in candidates], bundle.place)
    return [each for each in candidates if is_deliverable(answers[each.offering.id])], away


def _stale(core: Core, role: ProviderRole) -> list[UnavailableProvider]:
    return [each for each in core.offerings.unavailable() if role in each.provider.roles]
