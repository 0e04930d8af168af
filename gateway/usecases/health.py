"""The providers' health: kept as it changes, and followed live."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from gateway.domain.errors import RequestError
from gateway.domain.health import HealthChange
from gateway.domain.health_events import HEALTH_CURSORS, HealthEvent
from gateway.domain.parties import Caller
from gateway.usecases.core import Core
from gateway.usecases.registrations import find_registration


async def keep_health(core: Core, next_change: Callable[[], Awaitable[HealthChange]]) -> None:
    """Keeps each change that this process finds, until it is cancelled; one that can't be kept is lost."""
    while True:
        change = await next_change()
        async with core.storage.writing() as unit:
            await unit.health.append(change, core.onboarding.by)


async def follow_health(
    core: Core, caller: Caller, registration_id: str, after: str | None
) -> AsyncGenerator[HealthEvent, None]:
    """What changed of the provider's health since then (of the last that are kept), then what comes; it never ends.

    Raises, before the first event: RequestError NOT_FOUND at `registrationId`, BAD_CURSOR at `after`; AccessError.
    """
    found = await find_registration(core, caller, registration_id)
    if found is None:
        raise RequestError.at("NOT_FOUND", "registrationId")
    slug = found.slug
    position = 0 if after is None else await _position(core, slug, after)

    async def read(after: int, limit: int) -> Sequence[HealthEvent]:
        async with core.storage.reading() as unit:
            return await unit.health.of_provider(slug, after, limit)

    return core.feed.follow(f"health:{slug}", read, lambda event: event.sequence, position, lambda _: False)


async def _position(core: Core, slug: str, after: str) -> int:
    position = HEALTH_CURSORS.read(after, "after")
    async with core.storage.reading() as unit:
        last = await unit.health.last(slug)
        found = await unit.health.of_provider(slug, position.sequence - 1, 1)
    # A well-formed cursor that no event has had is somebody's invention, or of an event that a restored copy lacks.
    is_anothers = bool(found) and found[0].sequence == position.sequence and found[0].cursor != after
    if position.log != slug or position.sequence > last or (position.mark and is_anothers):
        raise RequestError.at("BAD_CURSOR", "after")
    return position.sequence
