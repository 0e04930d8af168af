"""A bundle as its customer reviews it before ordering: forms, price, terms, and what is still wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from gateway.domain.catalog.forms import OrderForm
from gateway.domain.catalog.offerings import ProductOffering, Term
from gateway.domain.catalog.prices import PriceAlteration
from gateway.domain.catalog.qualification import OfferingQualification, QualificationResult
from gateway.domain.ordering import bundle_rules
from gateway.domain.ordering.bundle_rules import Part
from gateway.domain.ordering.bundles import (
    Bundle,
    BundleIssue,
    BundleIssueCode,
    BundleItem,
    BundlePrice,
    BundleState,
    IssueSeverity,
)
from gateway.domain.ordering.form_rules import filled_in, form_issues
from gateway.domain.ordering.pricing import Line, Priced, bundle_price, currencies_of, lines_of, price_digest
from gateway.usecases.bundle_offerings import Reading, read_offerings
from gateway.usecases.core import Core
from gateway.usecases.patterns import matches
from gateway.usecases.qualification import Undetermined, is_deliverable, recent_answers


@dataclass(frozen=True, slots=True)
class BundleReview:
    """The bundle (its revision raised where a price has changed) with all that follows from it; mappings by item id.

    `offerings`, `forms` and `item_lines` have no entry for an item whose offering is gone; `lines` are the items' and
    the predefined bundle's own.
    """

    bundle: Bundle
    forms: Mapping[str, OrderForm]
    depends_on: Mapping[str, tuple[str, ...]]
    price: BundlePrice
    terms: tuple[Term, ...]
    issues: tuple[BundleIssue, ...]
    is_orderable: bool
    offerings: Mapping[str, ProductOffering]
    lines: tuple[Line, ...] = ()
    item_lines: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)


def as_seen(bundle: Bundle, core: Core) -> Bundle:
    """The bundle, EXPIRED where nobody touched it for too long."""
    is_over = core.clock.now() - bundle.updated_at > core.bounds.bundle_lifetime
    return replace(bundle, state=BundleState.EXPIRED) if bundle.state is BundleState.OPEN and is_over else bundle


async def review_bundle(core: Core, bundle: Bundle) -> BundleReview:
    """Reads each offering once at its provider, and asks about the place, but for answers of the last minute.

    Where a provider does not answer the snapshot serves, with an issue. Never raises for a provider. A changed price is
    kept, raises the revision once, and is an issue for as long as that revision stands.
    """
    ids = [*(item.offering_id for item in bundle.items), *([bundle.offering_id] if bundle.offering_id else [])]
    readings = await read_offerings(core, ids)
    bundle = await _with_prices_kept(core, as_seen(bundle, core), readings)
    parts = [Part(item, found) for item in bundle.items if (found := readings[item.offering_id].offering) is not None]
    predefined = readings[bundle.offering_id].offering if bundle.offering_id else None
    item_lines = {part.item.id: _lines(part, predefined) for part in parts}
    own = lines_of(Priced(predefined.provider, predefined.prices)) if predefined is not None else ()
    lines = [*chain.from_iterable(item_lines.values()), *own]
    issues = [
        *_reading_issues(core, bundle, readings),
        *_form_issues(parts),
        *bundle_rules.quantity_issues(bundle.items, core.bounds.item_quantity),
        *bundle_rules.choice_issues(predefined, bundle.items),
        *bundle_rules.requirement_issues(parts),
        *bundle_rules.agreement_issues(parts, core.directory.agreements(), core.clock.now()),
        *await _place_issues(core, bundle, parts, readings),
        *_price_issues(bundle, lines),
    ]
    is_ready = all(issue.severity is not IssueSeverity.ERROR for issue in issues)
    return BundleReview(
        bundle=bundle,
        forms={part.item.id: filled_in(part.offering.fields, part.item.values) for part in parts},
        depends_on=bundle_rules.depends_on(parts),
        price=bundle_price(lines),
        terms=_terms([part.offering for part in parts], predefined),
        issues=tuple(issues),
        is_orderable=is_ready and bundle.state is BundleState.OPEN,
        offerings={part.item.id: part.offering for part in parts},
        lines=tuple(lines),
        item_lines=item_lines,
    )


def digest_for(offering: ProductOffering, predefined: ProductOffering | None) -> str:
    """A digest of what the item costs: of its own prices, and of the predefined bundle's that alter them."""
    return price_digest([*offering.prices, *_alterations(offering, predefined)])


def _alterations(offering: ProductOffering, predefined: ProductOffering | None) -> tuple[PriceAlteration, ...]:
    """What a predefined bundle takes off its provider's own parts: no provider can lower another's price."""
    if predefined is None or predefined.provider.slug != offering.provider.slug:
        return ()
    if all(part.offering_id != offering.id for part in predefined.parts):
        return ()
    return tuple(price for price in predefined.prices if isinstance(price, PriceAlteration))


def _lines(part: Part, predefined: ProductOffering | None) -> tuple[Line, ...]:
    offering, quantity = part.offering, max(part.item.quantity, 0)
    alterations = _alterations(offering, predefined)
    return tuple(lines_of(Priced(offering.provider, offering.prices, part.values, quantity, alterations)))


async def _with_prices_kept(core: Core, bundle: Bundle, readings: Mapping[str, Reading]) -> Bundle:
    changed = _repriced(bundle, readings)
    if bundle.state is not BundleState.OPEN or changed == bundle:
        return bundle
    async with core.storage.writing() as uow:
        stored = await uow.bundles.get(bundle.id, lock=True)
        if stored is None or stored.revision != bundle.revision or stored.state is not BundleState.OPEN:
            return bundle  # Changed meanwhile: the next review sees the prices too.
        await uow.bundles.save(changed)
    return changed


def _repriced(bundle: Bundle, readings: Mapping[str, Reading]) -> Bundle:
    predefined = readings[bundle.offering_id] if bundle.offering_id else None
    if predefined is not None and predefined.is_stale:
        return bundle
    revision = bundle.revision + 1
    items = tuple(
        _item_repriced(item, readings[item.offering_id], predefined.offering if predefined else None, revision)
        for item in bundle.items
    )
    return bundle if items == bundle.items else replace(bundle, items=items, revision=revision)


def _item_repriced(item: BundleItem, reading: Reading, predefined: ProductOffering | None, revision: int) -> BundleItem:
    if reading.offering is None or reading.is_stale or reading.is_withdrawn:
        return item
    digest = digest_for(reading.offering, predefined)
    if digest == item.price_digest:
        return item
    return replace(item, price_digest=digest, price_changed_in=revision)


def _reading_issues(core: Core, bundle: Bundle, readings: Mapping[str, Reading]) -> list[BundleIssue]:
    issues: list[BundleIssue] = []
    if not bundle.items:
        issues.append(BundleIssue(BundleIssueCode.EMPTY_BUNDLE))
    if bundle.offering_id is not None and readings[bundle.offering_id].is_withdrawn:
        params = {"offering": bundle.offering_name or ""}
        issues.append(BundleIssue(BundleIssueCode.WITHDRAWN_OFFERING, params=params))
    for item in bundle.items:
        reading, params = readings[item.offering_id], {"offering": item.offering_name}
        if reading.is_withdrawn:
            issues.append(BundleIssue(BundleIssueCode.WITHDRAWN_OFFERING, item=item, params=params))
        elif reading.is_stale:
            issues.append(BundleIssue(BundleIssueCode.PROVIDER_UNAVAILABLE, item=item, params=params))
        if bundle.state is BundleState.OPEN and core.directory.is_suspended(item.provider):
            issues.append(BundleIssue(BundleIssueCode.PROVIDER_SUSPENDED, item=item, params=params))
    return issues


def _form_issues(parts: Iterable[Part]) -> list[BundleIssue]:
    return [
        BundleIssue(issue.code, item=part.item, field=issue.key, params={"field": issue.key, **issue.params})
        for part in parts
        for issue in form_issues(part.offering.fields, part.item.values, matches)
    ]


async def _place_issues(
    core: Core, bundle: Bundle, parts: Sequence[Part], readings: Mapping[str, Reading]
) -> list[BundleIssue]:
    if bundle.place is None:
        is_needed = any(bundle_rules.needs_place(part.offering) for part in parts)
        return [BundleIssue(BundleIssueCode.MISSING_PLACE)] if is_needed else []
    if bundle.state is not BundleState.OPEN:
        return []
    asked = [part for part in parts if not readings[part.item.offering_id].is_stale]
    answers, _ = await recent_answers(core, [part.offering for part in asked], bundle.place)
    found = (_place_issue(part.item, answers[part.offering.id]) for part in asked)
    return [issue for issue in found if issue is not None]


def _place_issue(item: BundleItem, answer: OfferingQualification) -> BundleIssue | None:
    if is_deliverable(answer):
        return None
    params = {"offering": item.offering_name}
    if any(reason.code == Undetermined.UNAVAILABLE for reason in answer.reasons):
        return BundleIssue(BundleIssueCode.PROVIDER_UNAVAILABLE, item=item, params=params)
    if answer.result in (QualificationResult.UNQUALIFIED, QualificationResult.ALTERNATE):
        return BundleIssue(BundleIssueCode.NOT_DELIVERABLE, item=item, params=params)
    return BundleIssue(BundleIssueCode.DELIVERABILITY_UNKNOWN, IssueSeverity.WARNING, item, params=params)


def _price_issues(bundle: Bundle, lines: Sequence[Line]) -> list[BundleIssue]:
    changed = [item for item in bundle.items if item.price_changed_in == bundle.revision]
    issues = [
        BundleIssue(BundleIssueCode.CHANGED_PRICE, IssueSeverity.WARNING, item, params={"offering": item.offering_name})
        for item in changed
    ]
    currencies = currencies_of(lines)
    if len(currencies) > 1:
        params = {"currencies": ", ".join(sorted(currencies))}
        issues.append(BundleIssue(BundleIssueCode.MIXED_CURRENCY, IssueSeverity.WARNING, params=params))
    return issues


def _terms(offerings: Iterable[ProductOffering], predefined: ProductOffering | None) -> tuple[Term, ...]:
    """Each once, the predefined bundle's own first."""
    all_of_them = [*([predefined] if predefined is not None else []), *offerings]
    return tuple({term.id: term for offering in all_of_them for term in offering.terms}.values())
