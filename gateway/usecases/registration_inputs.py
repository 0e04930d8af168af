"""What is given to register or change a provider, and what of it is wrong."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.contract.provider import InvalidOptions, ProviderSettings
from gateway.domain.agreements import Proposed
from gateway.domain.catalog.providers import PROVIDER_NAME_LIMIT, SLUG_PATTERN, ProviderProfile, ProviderRole
from gateway.domain.errors import Problem, RequestError, Unavailable
from gateway.domain.identity import own_id, own_key
from gateway.domain.parties import OPERATOR
from gateway.domain.registrations import AgreementProposal, Connection
from gateway.federation.guard import sorting
from gateway.usecases.agreements import CATEGORIES, PARTIES, parties_of, term_problems
from gateway.usecases.core import Core

CONNECTION_BYTES = 20_000
CONNECTION_DEPTH = 8
PROPOSALS = 20
# A provider is not called for it: an adapter that does so all the same is left to the checks.
TRIAL_S = 3.0


@dataclass(frozen=True, slots=True)
class GivenAgreement:
    """An agreement as it is proposed: the other providers by global id, none for the gateway's operator alone."""

    name: str
    provider_ids: tuple[str, ...]
    with_operator: bool = False
    categories: tuple[str, ...] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegisterProvider:
    """The input of `registerProvider`."""

    slug: str
    name: str
    roles: tuple[ProviderRole, ...]
    connection: Connection
    agreements: tuple[GivenAgreement, ...] = ()

    @property
    def profile(self) -> ProviderProfile:
        """The provider's public face."""
        return profile_of(self.slug, self.name, self.roles)


@dataclass(frozen=True, slots=True)
class UpdateProvider:
    """The input of `updateProvider`: what is None stays as it is; a connection is given as a whole."""

    registration_id: str
    name: str | None = None
    roles: tuple[ProviderRole, ...] | None = None
    connection: Connection | None = None


def profile_of(slug: str, name: str, roles: Sequence[ProviderRole]) -> ProviderProfile:
    """A provider's public face, each role once."""
    return ProviderProfile(own_id("Provider", slug), slug, name.strip(), tuple(dict.fromkeys(roles)))


def slug_problems(slug: str) -> Iterator[Problem]:
    """Small letters, digits and hyphens, at most 63 of them; not the word for the gateway's own operator."""
    if not SLUG_PATTERN.fullmatch(slug):
        yield Problem("INVALID_SLUG", ("slug",))
    elif slug == OPERATOR:
        yield Problem("SLUG_TAKEN", ("slug",))


def profile_problems(name: str, roles: Sequence[ProviderRole]) -> Iterator[Problem]:
    """A name of 1 to 200 printable characters, and a role at least."""
    if not name.strip() or not name.isprintable():
        yield Problem("INVALID_NAME", ("name",))
    elif len(name) > PROVIDER_NAME_LIMIT:
        yield Problem("TOO_LONG", ("name",), {"maximum": str(PROVIDER_NAME_LIMIT)})
    if not roles:
        yield Problem("ROLE_MISSING", ("roles",))


async def check_connection(core: Core, profile: ProviderProfile, connection: Connection) -> None:
    """Whether its adapter takes it; the provider itself is not asked.

    Raises: RequestError UNKNOWN_ADAPTER, CONNECTION_TOO_LARGE, ADDRESS_REFUSED, INVALID_CONNECTION at `connection`,
    none with a value of it.
    """
    onboarding = core.onboarding
    connect = onboarding.adapters.get(connection.adapter)
    if connect is None:
        installed = ", ".join(sorted(onboarding.adapters)) or "–"
        raise RequestError.at("UNKNOWN_ADAPTER", "connection", installed=installed)
    if not _is_small(connection.settings):
        raise RequestError.at("CONNECTION_TOO_LARGE", "connection", maximum=str(CONNECTION_BYTES))
    if await onboarding.is_refused(connection.settings):
        raise RequestError.at("ADDRESS_REFUSED", "connection")
    settings = ProviderSettings(profile, connection.settings, onboarding.limits, core.clock.now)
    try:
        with sorting(profile.slug, "connect", Unavailable):
            async with asyncio.timeout(TRIAL_S), connect(settings):
                pass
    except Unavailable as error:
        # Whatever else is wrong, the checks will say.
        if isinstance(error.__cause__, InvalidOptions):
            raise RequestError(invalid_connection(error.__cause__.option, error.__cause__.expected)) from None


def invalid_connection(option: str, expected: str) -> Problem:
    """What is wrong with a connection, and how it would be right; neither with a value of it."""
    shown = {"option": option[:100] if option.isprintable() else "", "expected": expected[:300]}
    return Problem("INVALID_CONNECTION", ("connection",), {name: text or "–" for name, text in shown.items()})


def _is_small(settings: Mapping[str, Any]) -> bool:
    return _depth(settings) <= CONNECTION_DEPTH and len(json.dumps(settings)) <= CONNECTION_BYTES


def _depth(value: Any, limit: int = CONNECTION_DEPTH) -> int:
    """How deep it is nested; no deeper than one more than the limit is looked."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + max((_depth(each, limit - 1) for each in inner), default=0) if limit >= 0 else 1


def proposals_of(core: Core, given: Sequence[GivenAgreement]) -> tuple[AgreementProposal, ...]:
    """The proposals by slug.

    Raises: RequestError NOT_FOUND, INVALID_NAME, INVALID_TEXT, INVALID_PERIOD, TOO_MANY_VALUES.
    """
    if len(given) > PROPOSALS:
        raise RequestError.at("TOO_MANY_VALUES", "agreements", maximum=str(PROPOSALS))
    problems = [problem for at, each in enumerate(given) for problem in _proposal_problems(core, str(at), each)]
    if problems:
        raise RequestError(*problems)
    return tuple(
        AgreementProposal(
            each.name.strip(),
            tuple(sorted(parties_of(each.provider_ids, each.with_operator))),
            each.categories,
            each.valid_from,
            each.valid_until,
        )
        for each in given
    )


def _proposal_problems(core: Core, at: str, given: GivenAgreement) -> Iterator[Problem]:
    proposed = Proposed(given.name, frozenset(), given.categories, given.valid_from, given.valid_until)
    for each in term_problems(proposed, core.clock.now()):
        yield replace(each, field=("agreements", at, *(each.field or ())))
    bounded = (("providerIds", given.provider_ids, PARTIES - 1), ("categories", given.categories or (), CATEGORIES))
    for field, values, most in bounded:
        if len(values) > most:
            yield Problem("TOO_MANY_VALUES", ("agreements", at, field), {"maximum": str(most)})
    if not all(_is_known(core, each) for each in given.provider_ids[:PARTIES]):
        yield Problem("NOT_FOUND", ("agreements", at, "providerIds"))


def _is_known(core: Core, provider_id: str) -> bool:
    slug = own_key("Provider", provider_id)
    return slug is not None and core.directory.profile(slug) is not None
