"""A provider's health, live: its partner and the operator follow it, and nobody else."""

import asyncio
from base64 import urlsafe_b64encode
from contextlib import aclosing

import pytest

from gateway.contract import Unavailable
from gateway.domain.errors import RequestError
from gateway.domain.health import Circuit, HealthState
from gateway.domain.health_events import HEALTH_CURSORS, HealthEvent
from gateway.domain.identity import own_id, own_key
from gateway.domain.parties import Caller
from gateway.usecases.health import follow_health
from tests.federation.scripted import failing
from tests.registrations.world import ACME, OPERATOR, OTHER, World

IN_FILE = own_id("ProviderRegistration", "in-file")


async def seen(world: World, caller: Caller, registration_id: str, after: str | None, count: int) -> list[HealthEvent]:
    """The next events."""
    found: list[HealthEvent] = []
    async with asyncio.timeout(5), aclosing(await follow_health(world.core, caller, registration_id, after)) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                return found
    raise AssertionError(found)


def encoded(text: str) -> str:
    """A cursor of that content."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


async def fail(world: World, slug: str) -> None:
    """A read of its catalogue that it does not answer."""
    world.adapter.behaviour = failing(Unavailable(slug, "catalog"))
    provider = world.core.directory.provider(slug)
    assert provider is not None
    assert provider.catalog is not None
    with pytest.raises(Unavailable):
        await provider.catalog.offering("ref")


async def test_a_partner_sees_its_provider_fail_live_and_goes_on_where_it_was(world: World) -> None:
    kept = await world.settled(await world.register())
    (up,) = await seen(world, ACME, kept.id, None, 1)

    follower = asyncio.create_task(seen(world, ACME, kept.id, up.cursor, 1))
    await asyncio.sleep(0)
    await fail(world, "acme-tv")
    (down,) = await follower

    assert (up.sequence, up.state, up.circuit) == (1, HealthState.UP, Circuit.CLOSED)
    assert (down.state, down.capability) == (HealthState.DEGRADED, "catalog")
    assert await seen(world, OPERATOR, kept.id, None, 2) == [up, down]


async def test_the_operator_follows_the_providers_of_its_file(world: World) -> None:
    (event,) = await seen(world, OPERATOR, IN_FILE, None, 1)

    assert (event.provider, event.state) == ("in-file", HealthState.UP)


@pytest.mark.requirement("S3")
async def test_nobody_follows_anothers_provider(world: World) -> None:
    kept = await world.settled(await world.register())

    for caller, registration_id in ((OTHER, kept.id), (OTHER, IN_FILE), (ACME, "nonsense"), (Caller(), kept.id)):
        with pytest.raises(RequestError, match="NOT_FOUND"):
            await follow_health(world.core, caller, registration_id, None)


async def test_a_cursor_of_something_else_is_refused(world: World) -> None:
    kept = await world.settled(await world.register())
    (up,) = await seen(world, ACME, kept.id, None, 1)
    key = own_key("ProviderHealthEvent", up.id) or ""
    of_before_there_were_marks = encoded("h1:acme-tv:1")
    of_an_event_that_a_restored_copy_lacks = HEALTH_CURSORS.of("acme-tv", 1, "01980000-0000-7000-8000-0123456789ab")

    assert HEALTH_CURSORS.of("acme-tv", 1, key) == up.cursor
    await (await follow_health(world.core, ACME, kept.id, of_before_there_were_marks)).aclose()
    for cursor in (
        "nonsense",
        "",
        encoded("h1:other:1"),
        encoded("p1:acme-tv:1"),
        HEALTH_CURSORS.of("other", 1, key),
        HEALTH_CURSORS.of("acme-tv", 99, key),
        HEALTH_CURSORS.of("acme-tv", 0, key),
        of_an_event_that_a_restored_copy_lacks,
    ):
        with pytest.raises(RequestError, match="BAD_CURSOR"):
            await follow_health(world.core, ACME, kept.id, cursor)
