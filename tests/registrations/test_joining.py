"""What is registered joins, is suspended and leaves while the gateway runs, in every process."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from gateway.contract.provider import Connect
from gateway.domain.health import HealthState
from gateway.domain.registrations import Connection, RegistrationStatus
from gateway.federation.adapters import installed_adapters
from gateway.usecases.registration_inputs import UpdateProvider
from gateway.usecases.registrations import remove_provider, resume_provider, suspend_provider, update_provider
from providers.simulator.serving import run_operators
from tests.registrations.world import ACME, Gate, World, open_world, registering, until
from tests.storage.conftest import needs_postgres
from tests.web import serving


def tmforum() -> dict[str, Connect]:
    return {"tmforum": installed_adapters()["tmforum"]}


async def test_a_real_provider_is_checked_and_in_the_catalogue_within_a_second(
    emptied_url: str, tmp_path: Path
) -> None:
    async with (
        run_operators(tmp_path, ("fjordnet",)) as urls,
        open_world(emptied_url, adapters=tmforum()) as world,
    ):
        made = await world.register(
            slug="fjordnet", connection=Connection("tmforum", {"url": urls["fjordnet"]}), agreements=()
        )
        active = await world.settled(made)
        begun = time.perf_counter()
        await until(lambda: world.offerings("fjordnet") > 5)
        took_s = time.perf_counter() - begun

    assert took_s < 1
    assert active.capabilities == ("catalog", "qualification", "ordering", "inventory", "billing", "events")
    assert active.conformance is not None
    assert active.conformance.passed
    assert active.url == urls["fjordnet"]


@pytest.mark.requirement("S6")
async def test_each_call_carries_the_credentials_of_the_provider_that_is_called(emptied_url: str) -> None:
    seen: dict[str, set[str | None]] = {"acme": set(), "nord": set()}

    async def record(request: web.Request) -> web.Response:
        seen[request.path.split("/")[1]].add(request.headers.get("authorization"))
        return web.json_response([])

    async with serving(record) as url, open_world(emptied_url, adapters=tmforum()) as world:
        for slug in ("acme", "nord"):
            reached = Connection("tmforum", {"url": f"{url}/{slug}"}, {"bearer_token": f"of-{slug}"})
            made = await world.register(slug=slug, connection=reached)
            await world.settled(made, RegistrationStatus.DRAFT)

    assert seen == {"acme": {"Bearer of-acme"}, "nord": {"Bearer of-nord"}}


@needs_postgres
async def test_a_provider_joins_and_leaves_in_each_process_on_one_database(emptied_postgres: str) -> None:
    async with (
        open_world(emptied_postgres, by="one") as one,
        open_world(emptied_postgres, by="two", checks=False) as two,
    ):
        made = await one.register()
        await one.settled(made)
        begun = time.perf_counter()
        await until(lambda: one.offerings("acme-tv") == two.offerings("acme-tv") == 2)
        assert time.perf_counter() - begun < 1

        await suspend_provider(two.core, ACME, made.id)
        await until(lambda: one.core.directory.is_suspended("acme-tv") and two.core.directory.is_suspended("acme-tv"))

        await remove_provider(two.core, ACME, made.id)
        await until(lambda: one.core.directory.provider("acme-tv") is None)
        await until(lambda: two.core.directory.provider("acme-tv") is None)
        await until(lambda: one.adapter.open == two.adapter.open == 1)


async def test_what_was_active_is_there_after_a_restart(emptied_url: str) -> None:
    async with open_world(emptied_url) as world:
        await world.settled(await world.register())

    async with open_world(emptied_url) as again:
        await until(lambda: again.offerings("acme-tv") == 2)
        assert [each.profile.slug for each in again.core.directory.providers()] == ["acme-tv", "in-file"]


async def test_a_suspended_provider_is_in_no_list_and_what_is_held_of_it_stays_readable(world: World) -> None:
    made = await world.register()
    await world.settled(made)
    await until(lambda: world.offerings("acme-tv") == 2)
    known = next(each for each in world.core.offerings.all() if each.provider.slug == "acme-tv")

    suspended = await suspend_provider(world.core, ACME, made.id)
    await until(lambda: world.offerings("acme-tv") == 0)

    assert suspended.status is RegistrationStatus.SUSPENDED
    assert world.core.directory.is_suspended("acme-tv")
    assert world.core.offerings.get(known.id) == known
    provider = world.core.directory.provider("acme-tv")
    assert provider is not None
    assert provider.catalog is not None
    assert await provider.catalog.offering("a") is not None
    assert world.core.offerings.unavailable() == ()

    resumed = await resume_provider(world.core, ACME, made.id)
    await until(lambda: world.offerings("acme-tv") == 2)
    assert resumed.status is RegistrationStatus.ACTIVE
    assert not world.core.directory.is_suspended("acme-tv")


async def test_a_removed_provider_is_closed_and_out_of_the_catalogue(world: World) -> None:
    made = await world.register()
    await world.settled(made)
    await until(lambda: world.offerings("acme-tv") == 2)

    assert await remove_provider(world.core, ACME, made.id) == made.id

    await until(lambda: world.offerings("acme-tv") == 0)
    await until(lambda: world.adapter.open == 1)
    assert world.core.directory.profile("acme-tv") is None
    assert world.core.directory.health("acme-tv") is None


async def test_a_new_name_is_shown_at_once_and_needs_no_check(world: World) -> None:
    made = await world.settled(await world.register())

    changed = await update_provider(world.core, ACME, UpdateProvider(made.id, name="Acme Television"))

    assert changed.status is RegistrationStatus.ACTIVE
    await until(
        lambda: {each.provider.name for each in world.core.offerings.all()} == {"In the file", "Acme Television"}
    )


async def test_the_old_connection_serves_until_the_new_one_is_found_good(world: World) -> None:
    made = await world.settled(await world.register())
    await until(lambda: world.offerings("acme-tv") == 2)
    other = Connection("scripted", {"url": "http://new.example"}, {"bearer_token": "another"})
    world.adapter.behaviour = gate = Gate()

    changed = await update_provider(world.core, ACME, UpdateProvider(made.id, connection=other))

    assert (changed.status, changed.standing) == (RegistrationStatus.CHECKING, RegistrationStatus.ACTIVE)
    assert world.offerings("acme-tv") == 2
    await until(lambda: world.adapter.given[-1].options["url"] == "http://new.example")
    assert (await world.read(made)).url == "http://acme.example"

    gate.open()
    active = await world.settled(made)
    assert active.url == "http://new.example"
    await until(
        lambda: world.adapter.given[-1].options == {"url": "http://new.example", "credentials": other.credentials}
    )
    await until(lambda: world.adapter.open == 2)
    assert world.offerings("acme-tv") == 2


async def test_a_slug_of_the_operators_file_is_not_taken_over(world: World) -> None:
    await world.settled(await world.register(slug="mine"))
    async with world.storage.writing() as unit:
        found = await unit.registrations.by_slug("mine")
        assert found is not None
        profile = replace(found.profile, slug="in-file")
        await unit.registrations.get(found.id, lock=True)
        await unit.registrations.save(replace(found, profile=profile))

    await until(lambda: world.core.directory.provider("mine") is None)
    profile_kept = world.core.directory.profile("in-file")
    assert profile_kept is not None
    assert profile_kept.name == "In the file"


async def test_a_process_without_the_key_goes_on_without_the_provider(emptied_url: str) -> None:
    from cryptography.fernet import Fernet

    async with open_world(emptied_url) as world:
        await world.settled(await world.register())

    async with open_world(emptied_url, key=Fernet.generate_key().decode()) as other:
        made = await other.register(slug="theirs")
        await other.settled(made)
        await until(lambda: other.offerings("theirs") == 2)
        assert other.core.directory.provider("acme-tv") is None


async def test_health_is_what_the_calls_have_shown(world: World) -> None:
    await world.settled(await world.register())
    await until(lambda: world.offerings("acme-tv") == 2)

    up = world.core.directory.health("acme-tv")
    assert up is not None
    assert (up.state, up.circuit) == (HealthState.UP, "CLOSED")
    assert up.checked_at is not None
    assert up.latency_ms is not None
    assert world.core.directory.health("nobody") is None
    assert registering().slug == "acme-tv"
