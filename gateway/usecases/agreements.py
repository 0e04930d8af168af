"""Agreements between providers: who may be combined with whom, proposed by one party and approved by the others."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from uuid_utils import uuid7

from gateway.domain.agreements import AgreementStatus, Approval, Owners, Proposed, ProviderAgreement
from gateway.domain.catalog.providers import PROVIDER_NAME_LIMIT
from gateway.domain.errors import Problem, RequestError
from gateway.domain.identity import own_id, own_key
from gateway.domain.ordering.bundle_rules import Part, agreement_issues
from gateway.domain.paging import Edge, Page, checked_first, moment_cursor, page_of, read_moment_cursor
from gateway.domain.parties import OPERATOR, Agreement, Caller
from gateway.domain.security import SecurityEventKind
from gateway.ports import UnitOfWork
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.policy import Access
from gateway.usecases.security_telling import told_by

PARTIES = 20
CATEGORIES = 100
OPEN_AGREEMENTS = 500
"""How many agreements of a party may be open or in force."""
_LIST = "agreements"
# Where those of the file stand in the order: they were there before all others.
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def parties_of(provider_ids: Iterable[str], with_operator: bool, *path: str) -> frozenset[str]:
    """The slugs of these providers; an empty list means the operator. Raises: RequestError NOT_FOUND at its place."""
    slugs = [own_key("Provider", each) for each in provider_ids]
    unknown = [Problem("NOT_FOUND", (*path, str(place))) for place, slug in enumerate(slugs) if slug is None]
    if unknown:
        raise RequestError(*unknown)
    return frozenset([slug for slug in slugs if slug]) | ({OPERATOR} if with_operator or not slugs else frozenset())


async def propose_agreement(core: Core, caller: Caller, proposed: Proposed) -> ProviderAgreement:
    """The agreement, with the approval of every party that the caller acts for; APPROVED where that is all of them.

    Raises: RequestError at the field: NOT_FOUND for a provider that there is not, NOT_A_PARTY where the caller acts for
    none, TOO_FEW_PARTIES, TOO_MANY_PARTIES, INVALID_NAME, INVALID_TEXT, TOO_MANY_CATEGORIES, INVALID_PERIOD,
    TOO_MANY_AGREEMENTS.
    """
    policy.check(caller, Access.PARTNER)
    check_proposed(proposed, core.clock.now())
    async with core.storage.writing() as unit:
        return await propose_in(core, unit, caller, proposed)


async def propose_in(core: Core, unit: UnitOfWork, caller: Caller, proposed: Proposed) -> ProviderAgreement:
    """As `propose_agreement`, within that transaction, for what `check_proposed` has passed."""
    owners = await owners_of(core, unit, proposed.parties)
    if proposed.parties - owners.keys():
        raise RequestError.at("NOT_FOUND", "providerIds")
    mine = acting_for(caller, owners)
    if not mine:
        raise RequestError.at("NOT_A_PARTY", "providerIds")
    for party in sorted(mine - {OPERATOR}):
        if await unit.agreements.count(party) >= OPEN_AGREEMENTS:
            raise RequestError.at("TOO_MANY_AGREEMENTS", maximum=str(OPEN_AGREEMENTS))
    now = core.clock.now()
    agreement = Agreement(
        own_id("Agreement", str(uuid7())),
        proposed.name.strip(),
        proposed.parties,
        None if proposed.categories is None else frozenset(proposed.categories),
        proposed.valid_from,
        proposed.valid_until,
    )
    made = ProviderAgreement(agreement, AgreementStatus.IN_PROCESS, now, now).approved_by(mine, now)
    await unit.agreements.add(made)
    await _tell(unit, caller, made)
    return made


async def _tell(unit: UnitOfWork, caller: Caller, agreement: ProviderAgreement) -> None:
    kind, status = SecurityEventKind.AGREEMENT_CHANGED, agreement.status
    told = told_by(caller, kind, agreement.updated_at, subject=agreement.id, status=status)
    await unit.security_events.record(told)


def check_proposed(proposed: Proposed, now: datetime) -> None:
    """Raises: RequestError, as `propose_agreement` without what must be looked up."""
    problems = list(_problems(proposed, now))
    if problems:
        raise RequestError(*problems)


def _problems(proposed: Proposed, now: datetime) -> Iterable[Problem]:
    if len(proposed.parties) < 2:
        yield Problem("TOO_FEW_PARTIES", ("providerIds",))
    if len(proposed.parties) > PARTIES:
        yield Problem("TOO_MANY_PARTIES", ("providerIds",), {"maximum": str(PARTIES)})
    if len(proposed.categories or ()) > CATEGORIES:
        yield Problem("TOO_MANY_CATEGORIES", ("categories",), {"maximum": str(CATEGORIES)})
    yield from term_problems(proposed, now)


def term_problems(proposed: Proposed, now: datetime) -> Iterable[Problem]:
    """What is wrong with it, whoever its parties are and however many categories it names."""
    if not _is_name(proposed.name):
        yield Problem("INVALID_NAME", ("name",))
    categories = proposed.categories
    if categories is not None and not categories:
        yield Problem("INVALID_TEXT", ("categories",))
    for place, category in enumerate((categories or ())[:CATEGORIES]):
        if not _is_name(category):
            yield Problem("INVALID_TEXT", ("categories", str(place)))
    starts, ends = proposed.valid_from, proposed.valid_until
    if ends is not None and (ends <= now or (starts is not None and ends <= starts)):
        yield Problem("INVALID_PERIOD", ("validUntil",))


def _is_name(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= PROVIDER_NAME_LIMIT


async def approve_agreement(core: Core, caller: Caller, agreement_id: str) -> ProviderAgreement:
    """Approves for every party that the caller acts for; again is harmless.

    Raises: RequestError NOT_FOUND at `agreementId` (also for a stranger to it), AGREEMENT_OVER, IS_CONFIGURED.
    """
    async with core.storage.writing() as unit:
        found, mine = await _theirs(core, unit, caller, agreement_id)
        approved = found.approved_by(mine, core.clock.now())
        if approved is not found:
            await unit.agreements.save(approved)
            await _tell(unit, caller, approved)
        return approved


async def reject_agreement(core: Core, caller: Caller, agreement_id: str) -> ProviderAgreement:
    """Turns a proposal down, for good.

    Raises: RequestError NOT_FOUND at `agreementId` (also for a stranger to it), AGREEMENT_OVER, IS_CONFIGURED,
    NOT_IN_PROCESS (it counts already).
    """
    async with core.storage.writing() as unit:
        found, _ = await _theirs(core, unit, caller, agreement_id)
        if found.status is AgreementStatus.APPROVED:
            raise RequestError.at("NOT_IN_PROCESS", "agreementId")
        rejected = found.ended(AgreementStatus.REJECTED, core.clock.now())
        await unit.agreements.save(rejected)
        await _tell(unit, caller, rejected)
        return rejected


async def terminate_agreement(core: Core, caller: Caller, agreement_id: str) -> ProviderAgreement:
    """Ends it at once for new orders; those in flight go on. Any party may, and the operator.

    Raises: RequestError NOT_FOUND at `agreementId` (also for a stranger to it), AGREEMENT_OVER, IS_CONFIGURED.
    """
    async with core.storage.writing() as unit:
        found, _ = await _theirs(core, unit, caller, agreement_id, or_operator=True)
        ended = found.ended(AgreementStatus.TERMINATED, core.clock.now())
        await unit.agreements.save(ended)
        await _tell(unit, caller, ended)
        return ended


async def _theirs(
    core: Core, unit: UnitOfWork, caller: Caller, agreement_id: str, *, or_operator: bool = False
) -> tuple[ProviderAgreement, frozenset[str]]:
    """The agreement, held, and those of its parties that the caller acts for."""
    policy.check(caller, Access.PARTNER)
    if policy.is_operator(caller) and any(each.id == agreement_id for each in core.onboarding.agreements):
        raise RequestError.at("IS_CONFIGURED", "agreementId")
    found = await unit.agreements.get(agreement_id, lock=True)
    owners = await owners_of(core, unit, found.agreement.parties) if found else {}
    mine = acting_for(caller, owners)
    if found is None or not (mine or (or_operator and policy.is_operator(caller))):
        raise RequestError.at("NOT_FOUND", "agreementId")
    if found.is_over:
        raise RequestError.at("AGREEMENT_OVER", "agreementId")
    return found, mine


async def check_agreed(core: Core, unit: UnitOfWork, parts: Sequence[Part]) -> None:
    """Whether the parts are still allowed together: what this process knows may have ended a moment ago, elsewhere.

    What allows them stays so until the transaction ends. Raises: RequestError NOT_ORDERABLE at `bundleId`.
    """
    slugs = {part.offering.provider.slug for part in parts}
    known = [each for each in core.directory.agreements() if not slugs.isdisjoint(each.parties)]
    over = await unit.agreements.over([each.id for each in known])
    counting = [each for each in known if each.id not in over]
    for issue in agreement_issues(parts, counting, core.clock.now()):
        raise RequestError.at("NOT_ORDERABLE", "bundleId", issue=issue.code)


async def list_agreements(core: Core, caller: Caller, first: int | None, after: str | None) -> Page[ProviderAgreement]:
    """Those of the caller's own providers, newest first; the operator sees all, those of the file at the end.

    Raises: RequestError PAGE_SIZE, BAD_CURSOR.
    """
    policy.check(caller, Access.PARTNER)
    count, place = checked_first(first), read_moment_cursor(_LIST, after)
    async with core.storage.reading() as unit:
        if policy.is_operator(caller):
            found = list(await unit.agreements.page(None, count + 1, place))
        else:
            mine = await unit.registrations.slugs_of(caller.client.id if caller.client else "")
            found = list(await unit.agreements.page(mine, count + 1, place)) if mine else []
    keyed = [(each.created_at, each) for each in found]
    if policy.is_operator(caller):
        keyed += [(_FIRST, each) for each in _configured(core) if place is None or (_FIRST, each.id) < place]
    edges = [Edge(moment_cursor(_LIST, at, each.id), each) for at, each in keyed[:count]]
    return page_of(edges, len(keyed) > count)


def _configured(core: Core) -> Iterable[ProviderAgreement]:
    """Those of the operator's file, the greatest id first."""
    at = core.onboarding.started_at
    for each in sorted(core.onboarding.agreements, key=lambda agreement: agreement.id, reverse=True):
        approvals = tuple(Approval(party, at) for party in sorted(each.parties))
        yield ProviderAgreement(each, AgreementStatus.APPROVED, at, at, approvals, is_configured=True)


async def owners_of(core: Core, unit: UnitOfWork, parties: Collection[str]) -> Owners:
    """Who acts for each of these parties; one that there is not is left out."""
    found: dict[str, str | None] = {}
    for party in parties:
        registration = await unit.registrations.by_slug(party)
        if registration is not None:
            found[party] = registration.owner
        elif party == OPERATOR or core.onboarding.configured_as(party) is not None:
            found[party] = None
    return found


def acting_for(caller: Caller, owners: Owners) -> frozenset[str]:
    """Those of these parties that the caller acts for."""
    if policy.is_operator(caller):
        return frozenset(party for party, owner in owners.items() if owner is None)
    client = caller.client.id if caller.client else None
    return frozenset(party for party, owner in owners.items() if client is not None and owner == client)
