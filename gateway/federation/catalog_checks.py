"""What is promised of a catalogue and of qualification, as far as questions show it."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.catalog.prices import PriceAlteration
from gateway.domain.catalog.qualification import QualificationResult
from gateway.domain.identity import own_id, provider_id
from gateway.domain.money import Money
from gateway.federation.checking import NOWHERE, Subject, Unkept, check, required, unless, unless_offsets

READ_ALONE = 5
_CURRENCY = re.compile(r"[A-Z]{3}")
_PERIOD = re.compile(r"P(?=.)(\d+[YMWD])*(T(\d+[HMS])+)?")


@check("catalog.paging", "Read page after page until the provider has no more, and keep each reference once.")
async def paging(subject: Subject) -> str:
    """The catalogue is read to its end; no reference is in it twice, and none is empty."""
    counts = Counter(each.ref for each in await subject.offerings())
    twice = sorted(ref for ref, count in counts.items() if count > 1)
    unless(not twice, f"{len(twice)} references are there more than once", *twice)
    unless(
        all(ref.strip() and len(ref) <= 200 for ref in counts), "a reference is empty, or longer than 200 characters"
    )
    return f"{len(counts)} offerings"


@check("catalog.prices", "Make `Decimal` of the provider's text or number (`Decimal(str(…))`), and name the currency.")
async def prices(subject: Subject) -> str:
    """Amounts are finite decimals with a currency, periods ISO 8601 durations; no price has another's id."""
    offerings = await subject.offerings()
    for offering in offerings:
        for problem in _price_problems(offering):
            raise Unkept(problem, offering.ref)
    return f"{sum(len(each.prices) for each in offerings)} prices"


def _price_problems(offering: ProductOffering) -> Iterator[str]:
    if len({each.id for each in offering.prices}) < len(offering.prices):
        yield "two prices of an offering have one id"
    for price in offering.prices:
        amount = price.amount_off if isinstance(price, PriceAlteration) else price.amount
        if amount is not None and not _is_money(amount):
            yield "a price is no finite decimal amount of a currency of three letters"
        if not _is_decimal(price.tax_rate) or price.tax_rate < 0:
            yield "a tax rate is no decimal percentage"
        if not _PERIOD.fullmatch(getattr(price, "period", "P1M")):
            yield "a period is no ISO 8601 duration"
        if isinstance(price, PriceAlteration) and (price.percentage is None) == (price.amount_off is None):
            yield "a discount has neither or both of a percentage and an amount"


def _is_decimal(found: object) -> bool:
    return isinstance(found, Decimal) and found.is_finite()


def _is_money(found: Money) -> bool:
    return _is_decimal(found.amount) and bool(_CURRENCY.fullmatch(found.currency))


@check(
    "catalog.ids", "Build ids by `provider_id` and `own_id`, the search text in lower case, and hand the profile on."
)
async def ids(subject: Subject) -> str:
    """Ids are built from references; each offering is sold, by this provider, in a role of it."""
    for each in await subject.offerings():
        unless(
            each.id == provider_id("ProductOffering", subject.slug, each.ref), "an id is not its reference's", each.ref
        )
        unless(each.provider == subject.provider.profile, "an offering is another provider's", each.ref)
        unless(
            each.role in subject.provider.profile.roles, "an offering has a role that is not the provider's", each.ref
        )
        unless(each.is_sellable, "an offering of the catalogue is not sold", each.ref)
        unless(all(one.id == own_id("Category", one.slug) for one in each.categories), "a category's id", each.ref)
        unless(each.name.strip(), "an offering has no name", each.ref)
        is_found = each.search_text == each.search_text.lower() and each.name.lower() in each.search_text
        unless(is_found, "a search text is not in lower case, or lacks the name", each.ref)
    return "as they are built"


@check("catalog.dates", "Give each moment an offset: the provider's own, or that of its zone.")
async def dates(subject: Subject) -> str:
    """Every moment in the catalogue has an offset."""
    # It looks into each record: nobody else has to wait for as long as that takes.
    await asyncio.to_thread(unless_offsets, await subject.snapshot())
    return "with offsets"


@check("catalog.stable-refs", "Make the version a digest of all that was read, and one reading serve both methods.")
async def stable_refs(subject: Subject) -> str:
    """Read twice it is the same, with its version there is nothing new, and an offering read alone is the same."""
    catalog = required(subject.provider.catalog)
    first = await subject.snapshot()
    again = await catalog.snapshot("another version")
    unless(again is not None, "with an unknown version there must be a catalogue")
    if again is not None and again.version == first.version:
        unless(again.offerings == first.offerings, "two catalogues of one version differ")
    known = again or first
    unless({each.ref for each in known.offerings} & {each.ref for each in first.offerings}, "no reference lasted")
    unless(await catalog.snapshot(known.version) is None, "what is known already is sent again")
    for each in known.offerings[:READ_ALONE]:
        unless(await catalog.offering(each.ref) == each, "an offering read alone is another", each.ref)
    return "the same twice, and alone"


@check("catalog.unknown-ref", "Answer None for a 404; encode the reference with `urllib.parse.quote(ref, safe='')`.")
async def unknown_ref(subject: Subject) -> str:
    """There is no offering of a reference that nobody has, whatever its characters."""
    unless(await required(subject.provider.catalog).offering(NOWHERE) is None, "an offering of an unknown reference")
    return "none"


@check(
    "qualification.order", "Match answers by reference, make one for each that was asked, UNDETERMINED where none came."
)
async def qualification_order(subject: Subject) -> str:
    """An answer for each that was asked about, in that order; UNDETERMINED for a reference that nobody has."""
    qualification = required(subject.provider.qualification)
    known = [each.ref for each in (await subject.snapshot()).offerings[:2]] if subject.provider.catalog else []
    refs = [*known, NOWHERE, *known[::-1]]
    answers = await qualification.qualify(refs, subject.place)
    expected = [provider_id("ProductOffering", subject.slug, ref) for ref in refs]
    unless([each.offering_id for each in answers] == expected, f"{len(answers)} answers, not one each in order")
    unless(answers[len(known)].result is QualificationResult.UNDETERMINED, "an unknown reference is judged")
    unless(list(answers[: len(known)]) == list(answers[len(known) + 1 :])[::-1], "asked twice, answered differently")
    unless(not await qualification.qualify([], subject.place), "an answer where nothing was asked about")
    unless_offsets(*answers)
    return f"{len(answers)} answers"
