"""Whether offerings can be delivered at a place: one question a provider, a bundle by its parts too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.contract.provider import Provider
from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.catalog.providers import UnavailableProvider
from gateway.domain.catalog.qualification import OfferingQualification, QualificationReason, QualificationResult
from gateway.domain.errors import NotOffered, RequestError
from gateway.domain.identity import provider_key
from gateway.domain.ordering.bundle_rules import initial_parts
from gateway.domain.parties import Place
from gateway.federation.gather import gather
from gateway.usecases.core import Core

_WORST_FIRST = (
    QualificationResult.UNQUALIFIED,
    QualificationResult.UNDETERMINED,
    QualificationResult.PENDING,
    QualificationResult.ALTERNATE,
    QualificationResult.QUALIFIED,
)


class Undetermined(StrEnum):
    """Why there is no answer for an offering; beside these, a provider's own reasons."""

    UNKNOWN_OFFERING = "UNKNOWN_OFFERING"
    NOT_OFFERED = "QUALIFICATION_NOT_OFFERED"
    UNAVAILABLE = "PROVIDER_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class QualificationAnswer:
    """The answers in the order and number of the question, and who could not be asked."""

    items: tuple[OfferingQualification, ...]
    unavailable_providers: tuple[UnavailableProvider, ...]


def undetermined(offering_id: str, why: Undetermined) -> OfferingQualification:
    """No answer, with the reason."""
    return OfferingQualification(offering_id, QualificationResult.UNDETERMINED, (QualificationReason(why),))


def is_unlimited(answer: OfferingQualification) -> bool:
    """Whether its provider says nothing about places at all: then no place limits the offering."""
    return [reason.code for reason in answer.reasons] == [Undetermined.NOT_OFFERED]


def is_deliverable(answer: OfferingQualification) -> bool:
    """Whether the offering itself can be had there (an alternative is another offering)."""
    return answer.result is QualificationResult.QUALIFIED or is_unlimited(answer)


async def qualify_offerings(core: Core, offering_ids: Sequence[str], place: Place) -> QualificationAnswer:
    """Asks each provider once for all its offerings; never the cache.

    An unknown offering and one whose provider has no qualification are UNDETERMINED, as is one of a provider that
    does not
    answer, which is named. A predefined bundle is as deliverable as the worst of what it starts with.
    Raises: RequestError TOO_MANY_VALUES.
    """
    limit = core.bounds.qualification_offerings
    if len(offering_ids) > limit:
        raise RequestError.at("TOO_MANY_VALUES", "offeringIds", maximum=str(limit))
    parts = {each: _parts(core, each) for each in dict.fromkeys(offering_ids)}
    asked = dict.fromkeys([*parts, *(part for found in parts.values() for part in found)])
    answers, unavailable = await ask_providers(core, asked, place)
    joined = {each: _joined(answers[each], [answers[part] for part in found]) for each, found in parts.items()}
    return QualificationAnswer(tuple(joined[each] for each in offering_ids), unavailable)


async def ask_providers(
    core: Core, offering_ids: Iterable[str], place: Place
) -> tuple[Mapping[str, OfferingQualification], tuple[UnavailableProvider, ...]]:
    """The answer for each offering by itself, and who could not be asked; answers are kept for the cache."""
    answers: dict[str, OfferingQualification] = {}
    refs: dict[str, dict[str, str]] = {}
    for offering_id in offering_ids:
        key = provider_key("ProductOffering", offering_id)
        if key is None or core.offerings.get(offering_id) is None:
            answers[offering_id] = undetermined(offering_id, Undetermined.UNKNOWN_OFFERING)
        else:
            refs.setdefault(key[0], {})[key[1]] = offering_id
    providers = [found for slug in refs if (found := core.directory.provider(slug)) is not None]

    async def ask(provider: Provider) -> Sequence[OfferingQualification]:
        if provider.qualification is None:
            raise NotOffered(provider.profile.slug, "qualification")
        return await provider.qualification.qualify(list(refs[provider.profile.slug]), place)

    gathered = await gather(providers, ask, core.clock)
    for profile, rows in gathered.rows:
        for offering_id, row in zip(refs[profile.slug].values(), rows, strict=True):
            answers[offering_id] = replace(row, offering_id=offering_id)
            core.qualifications.put(place.address, answers[offering_id], core.clock.now())
    away = {each.provider.slug for each in gathered.unavailable}
    for slug, asked in refs.items():
        why = Undetermined.UNAVAILABLE if slug in away else Undetermined.NOT_OFFERED
        answers.update((each, undetermined(each, why)) for each in asked.values() if each not in answers)
    return answers, gathered.unavailable


async def recent_answers(
    core: Core, offerings: Iterable[ProductOffering], place: Place
) -> tuple[Mapping[str, OfferingQualification], tuple[UnavailableProvider, ...]]:
    """As `ask_providers`, with answers of the last minute taken from the cache."""
    now = core.clock.now()
    wanted = [offering.id for offering in offerings]
    known = {each: found for each in wanted if (found := core.qualifications.get(place.address, each, now)) is not None}
    missing = [each for each in wanted if each not in known]
    answers, unavailable = await ask_providers(core, missing, place) if missing else ({}, ())
    return {**known, **answers}, unavailable


def _parts(core: Core, offering_id: str) -> tuple[str, ...]:
    offering = core.offerings.get(offering_id)
    return tuple(part.offering_id for part, _ in initial_parts(offering)) if offering is not None else ()


def _joined(own: OfferingQualification, parts: Sequence[OfferingQualification]) -> OfferingQualification:
    """The worst result of a bundle and its parts. What could replace a part is no alternative to the bundle."""
    limiting = [each for each in parts if not is_unlimited(each)]
    if not limiting:
        return own
    of_parts = [replace(each, result=_as_part(each.result), alternatives=()) for each in limiting]
    limited = of_parts if is_unlimited(own) else [own, *of_parts]
    worst = min((each.result for each in limited), key=_WORST_FIRST.index)
    reasons = tuple(dict.fromkeys(reason for each in limited for reason in each.reasons))
    expected = max((each.expected_activation for each in limited if each.expected_activation), default=None)
    return OfferingQualification(own.offering_id, worst, reasons, own.alternatives, expected)


def _as_part(result: QualificationResult) -> QualificationResult:
    return QualificationResult.UNQUALIFIED if result is QualificationResult.ALTERNATE else result
