"""Providers that are brought in, changed, suspended and taken out while the gateway runs."""

from collections.abc import Sequence
from dataclasses import replace

from uuid_utils import uuid7

from gateway.domain.agreements import Proposed
from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id, own_key
from gateway.domain.paging import Edge, Page, checked_first, key_cursor, page_of, read_key_cursor
from gateway.domain.parties import Caller
from gateway.domain.registrations import Connection, ProviderRegistration, RegistrationStatus
from gateway.domain.security import SecurityEventKind
from gateway.federation.joining import sealed_connection, unsealed_connection
from gateway.federation.registry import ProviderSpec
from gateway.ports import UnitOfWork
from gateway.ports.registrations import SealBroken, SealedConnections
from gateway.usecases import policy
from gateway.usecases.agreements import propose_in
from gateway.usecases.core import Core
from gateway.usecases.policy import Access
from gateway.usecases.registration_inputs import (
    RegisterProvider,
    UpdateProvider,
    check_connection,
    profile_of,
    profile_problems,
    proposals_of,
    slug_problems,
)
from gateway.usecases.security_telling import told_by

_LIST = "registrations"
_TYPE = "ProviderRegistration"


async def register_provider(core: Core, caller: Caller, given: RegisterProvider) -> ProviderRegistration:
    """Keeps it, and answers at once: its checks run afterwards. The same input again answers the same registration.

    Raises: RequestError INVALID_SLUG, SLUG_TAKEN, INVALID_NAME, TOO_LONG, ROLE_MISSING, UNKNOWN_ADAPTER,
    CONNECTION_TOO_LARGE, ADDRESS_REFUSED, INVALID_CONNECTION, NOT_FOUND (who is proposed an agreement),
    INVALID_TEXT, INVALID_PERIOD, TOO_MANY_VALUES, TOO_MANY_PROVIDERS, TOO_MANY_AGREEMENTS.
    """
    policy.check(caller, Access.PARTNER)
    if problems := [*slug_problems(given.slug), *profile_problems(given.name, given.roles)]:
        raise RequestError(*problems)
    proposals = proposals_of(core, given.agreements)
    await check_connection(core, given.profile, given.connection)
    if core.onboarding.configured_as(given.slug):
        raise RequestError.at("SLUG_TAKEN", "slug")
    now, owner = core.clock.now(), _owner(caller)
    made = ProviderRegistration(
        id=own_id(_TYPE, str(uuid7())),
        profile=given.profile,
        adapter=given.connection.adapter,
        status=RegistrationStatus.DRAFT,
        created_at=now,
        updated_at=now,
        url=given.connection.url,
        owner=owner,
        proposals=proposals,
    ).checking()
    async with core.storage.writing() as unit:
        known = await unit.registrations.by_slug(given.slug)
        if known is not None and await _is_the_same(core, unit, known, made, given.connection):
            return known
        return await _added(core, unit, caller, made, given.connection)


async def _is_the_same(
    core: Core, unit: UnitOfWork, known: ProviderRegistration, made: ProviderRegistration, connection: Connection
) -> bool:
    if (known.owner, known.profile, known.proposals) != (made.owner, made.profile, made.proposals):
        return False
    return connection in _opened(core, await unit.registrations.connections(known.id))


def _opened(core: Core, sealed: SealedConnections) -> Sequence[Connection]:
    """The connection that is checked last, or serves; none that can't be read any more."""
    try:
        return [unsealed_connection(core.onboarding.sealing, sealed.checked)] if sealed.checked else []
    except SealBroken:
        return []


async def _added(
    core: Core, unit: UnitOfWork, caller: Caller, made: ProviderRegistration, connection: Connection
) -> ProviderRegistration:
    maximum = core.bounds.provider_registrations
    if await unit.registrations.count(made.owner) >= maximum:
        raise RequestError.at("TOO_MANY_PROVIDERS", maximum=str(maximum))
    sealed = SealedConnections(pending=sealed_connection(core.onboarding.sealing, connection))
    if not await unit.registrations.add(made, sealed):
        raise RequestError.at("SLUG_TAKEN", "slug")
    for proposal in made.proposals:
        parties = frozenset({made.slug, *proposal.providers})
        terms = (proposal.categories, proposal.valid_from, proposal.valid_until)
        await propose_in(core, unit, caller, Proposed(proposal.name, parties, *terms))
    told = told_by(caller, SecurityEventKind.PROVIDER_REGISTERED, made.created_at, subject=made.slug)
    await unit.security_events.record(told)
    return await unit.registrations.append(made, "ProviderRegistered", made.created_at)


async def update_provider(core: Core, caller: Caller, given: UpdateProvider) -> ProviderRegistration:
    """Changes what is given. Another connection is checked first; the old one serves until the new is found good.

    Raises: RequestError NOT_FOUND, IS_CONFIGURED, INVALID_NAME, TOO_LONG, ROLE_MISSING, UNKNOWN_ADAPTER,
    CONNECTION_TOO_LARGE, ADDRESS_REFUSED, INVALID_CONNECTION.
    """
    found = await _own(core, caller, given.registration_id)
    profile = _changed_profile(found.profile, given)
    if problems := list(profile_problems(given.name if given.name is not None else profile.name, profile.roles)):
        raise RequestError(*problems)
    if given.connection is not None:
        await check_connection(core, profile, given.connection)
    async with core.storage.writing() as unit:
        held = await _held(unit, given.registration_id)
        return await _updated(core, unit, caller, held, given)


def _changed_profile(profile: ProviderProfile, given: UpdateProvider) -> ProviderProfile:
    name = profile.name if given.name is None else given.name
    return profile_of(profile.slug, name, profile.roles if given.roles is None else given.roles)


async def _updated(
    core: Core, unit: UnitOfWork, caller: Caller, held: ProviderRegistration, given: UpdateProvider
) -> ProviderRegistration:
    changed = replace(held, profile=_changed_profile(held.profile, given))
    sealed, connection = await unit.registrations.connections(held.id), given.connection
    is_new = connection is not None and connection not in _opened(core, sealed)
    if changed == held and not is_new:
        return held
    if connection is not None and is_new:
        sealed = replace(sealed, pending=sealed_connection(core.onboarding.sealing, connection))
        changed = changed.checking()
        if not changed.is_serving:
            changed = replace(changed, adapter=connection.adapter, url=connection.url)
    kind = SecurityEventKind.PROVIDER_CREDENTIALS_CHANGED if is_new else SecurityEventKind.PROVIDER_CHANGED
    await unit.security_events.record(told_by(caller, kind, core.clock.now(), subject=held.slug))
    return await _told(core, unit, changed, "RegistrationUpdated", sealed)


async def suspend_provider(core: Core, caller: Caller, registration_id: str) -> ProviderRegistration:
    """Takes no new orders from now on; those in flight end, and what is held stays readable. Again is harmless.

    Raises: RequestError NOT_FOUND, IS_CONFIGURED, NOT_ACTIVE.
    """
    await _own(core, caller, registration_id)
    async with core.storage.writing() as unit:
        held = await _held(unit, registration_id)
        if held.effective is RegistrationStatus.SUSPENDED:
            return held
        if held.effective is not RegistrationStatus.ACTIVE:
            raise RequestError.at("NOT_ACTIVE", "registrationId")
        suspended = told_by(caller, SecurityEventKind.PROVIDER_SUSPENDED, core.clock.now(), subject=held.slug)
        await unit.security_events.record(suspended)
        return await _told(core, unit, _stands(held, RegistrationStatus.SUSPENDED), "RegistrationSuspended")


async def resume_provider(core: Core, caller: Caller, registration_id: str) -> ProviderRegistration:
    """Takes orders again; of a DRAFT, has its checks run again. Again is harmless.

    Raises: RequestError NOT_FOUND, IS_CONFIGURED.
    """
    await _own(core, caller, registration_id)
    async with core.storage.writing() as unit:
        held = await _held(unit, registration_id)
        resumed = told_by(caller, SecurityEventKind.PROVIDER_RESUMED, core.clock.now(), subject=held.slug)
        if held.status is RegistrationStatus.DRAFT:
            await unit.security_events.record(resumed)
            return await _told(core, unit, held.checking(), "RegistrationResumed")
        if held.effective is RegistrationStatus.SUSPENDED:
            await unit.security_events.record(resumed)
            return await _told(core, unit, _stands(held, RegistrationStatus.ACTIVE), "RegistrationResumed")
        return held


async def remove_provider(core: Core, caller: Caller, registration_id: str) -> str:
    """Takes the provider out for good, and answers its id; its connection is forgotten.

    What it still has to do with is judged by our own store: the provider may be away, and its word that nobody holds
    anything of it would be that of who wants to leave.
    Raises: RequestError NOT_FOUND, IS_CONFIGURED, HAS_ORDERS (some are open), HAS_PRODUCTS (somebody holds some).
    """
    await _own(core, caller, registration_id)
    async with core.storage.writing() as unit:
        held = await _held(unit, registration_id)
        has_orders, has_products = await unit.registrations.is_in_use(held.slug)
        if has_orders:
            raise RequestError.at("HAS_ORDERS", "registrationId")
        if has_products:
            raise RequestError.at("HAS_PRODUCTS", "registrationId")
        now = core.clock.now()
        await unit.agreements.end_all(held.slug, now)
        removed = told_by(caller, SecurityEventKind.PROVIDER_REMOVED, now, subject=held.slug)
        await unit.security_events.record(removed)
        await unit.registrations.remove(await unit.registrations.append(held, "RegistrationRemoved", now), now)
    return held.id


async def find_registration(core: Core, caller: Caller, registration_id: str) -> ProviderRegistration | None:
    """The registration of that global id; None for an unknown one, and for one that the caller may not see."""
    if not policy.is_partner(caller):
        return None
    spec = core.onboarding.configured_as(own_key(_TYPE, registration_id))
    if spec is not None:
        return _configured(core, spec) if policy.is_operator(caller) else None
    async with core.storage.reading() as unit:
        found = await unit.registrations.get(registration_id)
    return found if found is not None and _is_own(caller, found) else None


async def find_registration_of(core: Core, caller: Caller, slug: str) -> ProviderRegistration | None:
    """As `find_registration`, by the provider's slug."""
    if core.onboarding.configured_as(slug):
        return await find_registration(core, caller, own_id(_TYPE, slug))
    async with core.storage.reading() as unit:
        found = await unit.registrations.by_slug(slug) if slug.isprintable() else None
    return found if found is not None and _is_own(caller, found) else None


async def list_registrations(
    core: Core, caller: Caller, first: int | None, after: str | None
) -> Page[ProviderRegistration]:
    """A partner's own, oldest first; an operator's are all, those of the file before them, by slug.

    Raises: RequestError PAGE_SIZE, BAD_CURSOR.
    """
    policy.check(caller, Access.PARTNER)
    count, place = checked_first(first), read_key_cursor(_LIST, after, 1)
    is_operator, owner = policy.is_operator(caller), _owner(caller)
    found = list(_configured_after(core, place)) if is_operator else []
    async with core.storage.reading() as unit:
        behind = place[0] if place and core.onboarding.configured_as(own_key(_TYPE, place[0])) is None else None
        found += await unit.registrations.page(owner, count + 1, behind)
    edges = [Edge(key_cursor(_LIST, each.id), each) for each in found[:count]]
    return page_of(edges, len(found) > count)


def _configured_after(core: Core, place: tuple[str, ...] | None) -> Sequence[ProviderRegistration]:
    specs = sorted(core.onboarding.configured, key=lambda each: each.slug)
    slug = own_key(_TYPE, place[0]) if place else None
    if slug is not None and core.onboarding.configured_as(slug) is None:
        return ()
    return [_configured(core, each) for each in specs if slug is None or each.slug > slug]


def _configured(core: Core, spec: ProviderSpec) -> ProviderRegistration:
    provider = core.directory.provider(spec.slug)
    return ProviderRegistration(
        id=own_id(_TYPE, spec.slug),
        profile=spec.profile,
        adapter=spec.adapter,
        status=RegistrationStatus.ACTIVE,
        created_at=core.onboarding.started_at,
        updated_at=core.onboarding.started_at,
        url=Connection(spec.adapter, spec.options).url,
        capabilities=provider.capabilities if provider else (),
        is_configured=True,
        standing=RegistrationStatus.ACTIVE,
    )


def _owner(caller: Caller) -> str | None:
    """The partner's client; None for an operator, who has no owner to keep to."""
    return None if policy.is_operator(caller) or caller.client is None else caller.client.id


def _is_own(caller: Caller, registration: ProviderRegistration) -> bool:
    owner = _owner(caller)
    return policy.is_operator(caller) or (owner is not None and registration.owner == owner)


async def _own(core: Core, caller: Caller, registration_id: str) -> ProviderRegistration:
    """One that the caller may change. Raises: AccessError, RequestError NOT_FOUND, IS_CONFIGURED."""
    policy.check(caller, Access.PARTNER)
    found = await find_registration(core, caller, registration_id)
    if found is None:
        raise RequestError.at("NOT_FOUND", "registrationId")
    if found.is_configured:
        raise RequestError.at("IS_CONFIGURED", "registrationId")
    return found


async def _held(unit: UnitOfWork, registration_id: str) -> ProviderRegistration:
    held = await unit.registrations.get(registration_id, lock=True)
    if held is None:
        raise RequestError.at("NOT_FOUND", "registrationId")
    return held


def _stands(held: ProviderRegistration, status: RegistrationStatus) -> ProviderRegistration:
    """As that, at once or as soon as its checks are over."""
    is_checking = held.status is RegistrationStatus.CHECKING
    return replace(held, standing=status) if is_checking else replace(held, status=status, standing=status)


async def _told(
    core: Core,
    unit: UnitOfWork,
    changed: ProviderRegistration,
    kind: str,
    sealed: SealedConnections | None = None,
) -> ProviderRegistration:
    """Keeps the change, with the event that tells it."""
    now = core.clock.now()
    changed = replace(changed, revision=changed.revision + 1, updated_at=now)
    await unit.registrations.save(changed, sealed)
    return await unit.registrations.append(changed, kind, now)
