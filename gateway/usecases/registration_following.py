"""A registration's events: the history first, then what comes."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_key
from gateway.domain.parties import Caller
from gateway.domain.registration_events import REGISTRATION_CURSORS, RegistrationEvent, RegistrationRemoved
from gateway.usecases.core import Core
from gateway.usecases.registrations import find_registration


async def follow_registration(
    core: Core, caller: Caller, registration_id: str, after: str | None
) -> AsyncGenerator[RegistrationEvent, None]:
    """What was missed, then what comes, to the removal.

    Raises, before the first event: RequestError NOT_FOUND at `registrationId`, BAD_CURSOR at `after`; AccessError.
    """
    found = await find_registration(core, caller, registration_id)
    if found is None or found.is_configured:
        raise RequestError.at("NOT_FOUND", "registrationId")
    position = await _position(core, registration_id, after)

    async def read(after: int, limit: int) -> Sequence[RegistrationEvent]:
        async with core.storage.reading() as unit:
            return await unit.registrations.events(registration_id, after, limit)

    topic = f"registration:{registration_id}"
    return _to_the_last(core.feed.follow(topic, read, lambda event: event.sequence, position, lambda _: False))


async def _to_the_last(feed: AsyncGenerator[RegistrationEvent, None]) -> AsyncGenerator[RegistrationEvent, None]:
    async with aclosing(feed):
        async for event in feed:
            yield event
            if isinstance(event, RegistrationRemoved):
                return


async def _position(core: Core, registration_id: str, after: str | None) -> int:
    if after is None:
        return 0
    position = REGISTRATION_CURSORS.read(after, "after")
    async with core.storage.reading() as unit:
        found = await unit.registrations.events(registration_id, position.sequence - 1, 1)
    # A well-formed cursor that no event has is somebody's invention, or of an event that a restored copy lacks.
    is_its_own = position.log == own_key("ProviderRegistration", registration_id)
    if not is_its_own or not found or (position.mark and found[0].cursor != after):
        raise RequestError.at("BAD_CURSOR", "after")
    return position.sequence
