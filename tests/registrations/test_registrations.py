"""Who may bring providers in, what is wrong with an input, and that no secret is shown, logged or readable at rest."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import AccessError, RequestError
from gateway.domain.identity import own_id
from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.orders import OrderedProduct
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.domain.parties import Caller
from gateway.domain.registrations import AgreementProposal, Connection, RegistrationStatus
from gateway.federation.joining import reseal, unsealed_connection
from gateway.storage.sealing import FernetSealing
from gateway.usecases.onboarding import check_takes_orders
from gateway.usecases.registration_inputs import GivenAgreement, UpdateProvider
from gateway.usecases.registrations import (
    find_registration,
    find_registration_of,
    list_registrations,
    register_provider,
    remove_provider,
    resume_provider,
    suspend_provider,
    update_provider,
)
from tests.federation.scripted import failing
from tests.registrations.world import (
    ACME,
    CONFIGURED,
    KEY,
    OPERATOR,
    OTHER,
    SECRET,
    SP,
    World,
    open_world,
    partner,
    registering,
    until,
)
from tests.samples import a_customer, an_order, new_id

IN_FILE = own_id("ProviderRegistration", "in-file")
PROVIDER = own_id("Provider", "in-file")


def proposing(**more: Any) -> dict[str, Any]:
    return {"agreements": (GivenAgreement(**{"name": "Reselling", "provider_ids": (PROVIDER,), **more}),)}


def connecting(**options: Any) -> dict[str, Any]:
    return {"connection": Connection("scripted", options, {"bearer_token": SECRET})}


def deep() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(2000):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"slug": ""}, "INVALID_SLUG", ("slug",)),
        ({"slug": "Acme"}, "INVALID_SLUG", ("slug",)),
        ({"slug": "acme\n"}, "INVALID_SLUG", ("slug",)),
        ({"slug": "a" * 64}, "INVALID_SLUG", ("slug",)),
        ({"slug": "../etc"}, "INVALID_SLUG", ("slug",)),
        ({"slug": "operator"}, "SLUG_TAKEN", ("slug",)),
        ({"slug": "in-file"}, "SLUG_TAKEN", ("slug",)),
        ({"name": "  "}, "INVALID_NAME", ("name",)),
        ({"name": "a\x00b"}, "INVALID_NAME", ("name",)),
        ({"name": "n" * 201}, "TOO_LONG", ("name",)),
        ({"roles": ()}, "ROLE_MISSING", ("roles",)),
        ({"connection": Connection("none-such", {})}, "UNKNOWN_ADAPTER", ("connection",)),
        (connecting(url="wrong"), "INVALID_CONNECTION", ("connection",)),
        (connecting(other="x"), "INVALID_CONNECTION", ("connection",)),
        (connecting(url="x" * 20_001), "CONNECTION_TOO_LARGE", ("connection",)),
        (connecting(url=deep()), "CONNECTION_TOO_LARGE", ("connection",)),
        (connecting(url="http://refused.example/x"), "ADDRESS_REFUSED", ("connection",)),
        (proposing(provider_ids=(own_id("Provider", "none"),)), "NOT_FOUND", ("agreements", "0", "providerIds")),
        (proposing(provider_ids=("x",) * 51), "TOO_MANY_VALUES", ("agreements", "0", "providerIds")),
        (proposing(name=""), "INVALID_NAME", ("agreements", "0", "name")),
        ({"agreements": proposing()["agreements"] * 21}, "TOO_MANY_VALUES", ("agreements",)),
        (proposing(categories=()), "INVALID_TEXT", ("agreements", "0", "categories")),
        (proposing(categories=("tv", "c" * 201)), "INVALID_TEXT", ("agreements", "0", "categories", "1")),
        (proposing(categories=("c",) * 101), "TOO_MANY_VALUES", ("agreements", "0", "categories")),
        (proposing(valid_until=datetime(2001, 1, 1, tzinfo=UTC)), "INVALID_PERIOD", ("agreements", "0", "validUntil")),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(
    tmp_path: Path, given: dict[str, Any], code: str, field: tuple[str, ...]
) -> None:
    async with open_world(f"sqlite:///{tmp_path / 'gateway.db'}", checks=False) as world:

        async def is_refused(settings: Mapping[str, Any]) -> bool:
            return "refused" in str(settings)

        core = replace(world.core, onboarding=replace(world.core.onboarding, is_refused=is_refused))

        with pytest.raises(RequestError) as caught:
            await register_provider(core, ACME, registering(**given))

        assert (caught.value.problems[0].code, caught.value.problems[0].field) == (code, field)
        assert SECRET not in str(caught.value.problems)
        assert "wrong" not in str(caught.value.problems)
        assert (await list_registrations(core, ACME, None, None)).edges == []


async def test_a_slug_is_taken_once_and_the_same_input_again_is_the_same_registration(world: World) -> None:
    made = await world.register()

    assert (await world.register()).id == made.id
    for caller, given in ((OTHER, registering()), (ACME, registering(name="Else")), (OPERATOR, registering())):
        with pytest.raises(RequestError, match="SLUG_TAKEN"):
            await register_provider(world.core, caller, given)
    changed = replace(registering(), connection=Connection("scripted", {"url": "http://acme.example"}))
    with pytest.raises(RequestError, match="SLUG_TAKEN"):
        await register_provider(world.core, ACME, changed)


async def test_two_that_register_one_slug_at_once_get_one_registration(world: World) -> None:
    callers = [partner(f"p{each}") for each in range(4)]

    found = await asyncio.gather(*(world.register(each) for each in callers), return_exceptions=True)

    assert sorted(type(each).__name__ for each in found) == ["ProviderRegistration", *["RequestError"] * 3]


@pytest.mark.requirement("S2")
async def test_a_partner_finds_and_changes_its_own_alone(world: World) -> None:
    made = await world.settled(await world.register())
    asks: list[Callable[[Caller, str], Any]] = [
        lambda caller, each: update_provider(world.core, caller, UpdateProvider(each, name="Mine now")),
        lambda caller, each: suspend_provider(world.core, caller, each),
        lambda caller, each: resume_provider(world.core, caller, each),
        lambda caller, each: remove_provider(world.core, caller, each),
    ]

    for registration_id in (made.id, IN_FILE, new_id("ProviderRegistration"), "nonsense"):
        assert await find_registration(world.core, OTHER, registration_id) is None
        for ask in asks:
            with pytest.raises(RequestError) as caught:
                await ask(OTHER, registration_id)
            assert [(each.code, each.field) for each in caught.value.problems] == [("NOT_FOUND", ("registrationId",))]
    assert await find_registration_of(world.core, OTHER, "acme-tv") is None
    assert await find_registration_of(world.core, OTHER, "in-file") is None
    assert (await list_registrations(world.core, OTHER, None, None)).edges == []
    assert (await world.read(made)) == made


@pytest.mark.parametrize("caller", [Caller(), partner("acme", "orders:read")])
async def test_who_is_no_partner_is_refused(world: World, caller: Caller) -> None:
    made = await world.register()

    for asked in (
        register_provider(world.core, caller, registering(slug="new")),
        update_provider(world.core, caller, UpdateProvider(made.id)),
        suspend_provider(world.core, caller, made.id),
        resume_provider(world.core, caller, made.id),
        remove_provider(world.core, caller, made.id),
        list_registrations(world.core, caller, None, None),
    ):
        with pytest.raises(AccessError):
            await asked
    assert await find_registration(world.core, caller, made.id) is None


async def test_an_operator_sees_all_those_of_its_file_first_page_by_page(world: World) -> None:
    made = [await world.register(slug=f"p{each}") for each in range(3)]
    seen: list[str] = []
    after = None
    while True:
        page = await list_registrations(world.core, OPERATOR, 1, after)
        seen += [edge.node.slug for edge in page.edges]
        if not page.page_info.has_next_page:
            break
        after = page.page_info.end_cursor
    of_partner = await list_registrations(world.core, ACME, 2, None)

    assert seen == ["in-file", "p0", "p1", "p2"]
    assert [edge.node.id for edge in of_partner.edges] == [each.id for each in made[:2]]
    assert of_partner.page_info.has_next_page
    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await list_registrations(world.core, OPERATOR, 1, "nonsense")


async def test_what_stands_in_the_file_is_seen_by_the_operator_and_changed_by_nobody(world: World) -> None:
    found = await find_registration_of(world.core, OPERATOR, "in-file")
    assert found is not None
    assert (found.id, found.is_configured, found.status, found.adapter) == (
        IN_FILE,
        True,
        RegistrationStatus.ACTIVE,
        "scripted",
    )
    assert found == await find_registration(world.core, OPERATOR, IN_FILE)

    for asked in (
        update_provider(world.core, OPERATOR, UpdateProvider(IN_FILE, name="Else")),
        suspend_provider(world.core, OPERATOR, IN_FILE),
        resume_provider(world.core, OPERATOR, IN_FILE),
        remove_provider(world.core, OPERATOR, IN_FILE),
    ):
        with pytest.raises(RequestError, match="IS_CONFIGURED"):
            await asked
    assert world.core.directory.profile("in-file") == CONFIGURED.profile


async def test_what_is_asked_again_is_harmless(world: World) -> None:
    made = await world.settled(await world.register())
    suspended = await suspend_provider(world.core, ACME, made.id)
    count = len(await world.events(made))

    assert await suspend_provider(world.core, ACME, made.id) == await world.read(made)
    assert suspended.status is RegistrationStatus.SUSPENDED
    resumed = await resume_provider(world.core, ACME, made.id)
    assert (await resume_provider(world.core, ACME, made.id)).revision == resumed.revision
    same = UpdateProvider(made.id, "Acme TV", SP, registering().connection)
    assert (await update_provider(world.core, ACME, same)).revision == resumed.revision
    assert len(await world.events(made)) == count + 1


async def test_only_what_sells_can_be_suspended(world: World) -> None:
    world.adapter.behaviour = failing(OSError("down"))
    made = await world.settled(await world.register(), RegistrationStatus.DRAFT)

    with pytest.raises(RequestError, match="NOT_ACTIVE"):
        await suspend_provider(world.core, ACME, made.id)
    assert await remove_provider(world.core, ACME, made.id) == made.id


@pytest.mark.parametrize(
    ("order_state", "item_state", "code"),
    [
        (OrderState.HELD, OrderItemState.HELD, "HAS_ORDERS"),
        (OrderState.COMPLETED, OrderItemState.COMPLETED, "HAS_PRODUCTS"),
    ],
)
async def test_a_provider_with_orders_or_products_stays(
    world: World, order_state: OrderState, item_state: OrderItemState, code: str
) -> None:
    made = await world.settled(await world.register())
    # It joins within a second of being active.
    await until(lambda: world.core.directory.provider("acme-tv") is not None)
    order = an_order(await a_customer(world.storage), providers=("acme-tv",))
    item = replace(order.items[0], state=item_state, product=OrderedProduct("p", "p", "TV", ProductStatus.ACTIVE))
    async with world.storage.writing() as unit:
        await unit.orders.add(replace(order, state=order_state, items=(item,)))

    with pytest.raises(RequestError, match=code):
        await remove_provider(world.core, ACME, made.id)

    assert (await world.read(made)) == made
    assert world.core.directory.provider("acme-tv") is not None


async def test_no_order_is_placed_with_who_is_suspended_or_gone(world: World) -> None:
    made = await world.settled(await world.register())

    async def ask() -> None:
        async with world.storage.writing() as unit:
            await check_takes_orders(world.core.onboarding, unit, {"acme-tv", "in-file", "never-heard-of"})

    await ask()
    await suspend_provider(world.core, ACME, made.id)
    with pytest.raises(RequestError, match="NOT_ORDERABLE"):
        await ask()
    await resume_provider(world.core, ACME, made.id)
    await ask()
    await remove_provider(world.core, ACME, made.id)
    with pytest.raises(RequestError, match="NOT_ORDERABLE"):
        await ask()


async def test_a_provider_is_not_removed_under_an_order_that_is_just_placed(world: World) -> None:
    made = await world.settled(await world.register())
    order = an_order(await a_customer(world.storage), providers=("acme-tv",))

    async with world.storage.writing() as unit:
        await check_takes_orders(world.core.onboarding, unit, {"acme-tv"})
        removing = asyncio.create_task(remove_provider(world.core, ACME, made.id))
        done, _ = await asyncio.wait({removing}, timeout=0.2)
        assert not done
        await unit.orders.add(order)

    with pytest.raises(RequestError, match="HAS_ORDERS"):
        await removing


async def test_a_partner_has_so_many_providers_at_most(tmp_path: Path) -> None:
    async with open_world(f"sqlite:///{tmp_path / 'gateway.db'}", checks=False) as world:
        core = replace(world.core, bounds=replace(world.core.bounds, provider_registrations=2))
        for each in range(2):
            await register_provider(core, ACME, registering(slug=f"p{each}"))

        with pytest.raises(RequestError, match="TOO_MANY_PROVIDERS"):
            await register_provider(core, ACME, registering(slug="p3"))
        await register_provider(core, OTHER, registering(slug="p3"))


async def test_proposals_are_kept_with_the_registration(world: World) -> None:
    made = await world.register(**proposing(categories=("iptv",)))

    assert (await world.read(made)).proposals == (AgreementProposal("Reselling", ("in-file",), ("iptv",)),)


@pytest.mark.requirement("S5")
async def test_a_secret_is_in_no_file_no_log_and_no_printed_form(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = f"http://user:{SECRET}@acme.example/tmf-api?key={SECRET}#{SECRET}"
    given = registering(connection=Connection("scripted", {"url": address}, {"bearer_token": SECRET}))
    async with open_world(f"sqlite:///{tmp_path / 'gateway.db'}") as world:
        world.adapter.behaviour = failing(OSError(f"bad token {SECRET}"))
        made = await register_provider(world.core, ACME, given)
        draft = await world.settled(made, RegistrationStatus.DRAFT)
        assert draft.url == "http://acme.example/tmf-api"
        printed = [repr(given), repr(draft.checks), repr(await world.events(made)), repr(world.adapter.given)]

        assert SECRET not in "".join(printed)
        assert SECRET not in caplog.text
        assert await asyncio.to_thread(holding, tmp_path, b"acme.example")
        assert not await asyncio.to_thread(holding, tmp_path, SECRET.encode())


def holding(folder: Path, text: bytes) -> list[str]:
    """The files that have it in them."""
    return [each.name for each in folder.rglob("*") if each.is_file() and text in each.read_bytes()]


async def test_a_changed_key_takes_over_what_an_older_one_has_sealed(emptied_url: str) -> None:
    from cryptography.fernet import Fernet

    new = Fernet.generate_key().decode()
    async with open_world(emptied_url) as world:
        made = await world.settled(await world.register())
        both = FernetSealing([new, KEY])

        assert await reseal(world.storage, both) == 1
        assert await reseal(world.storage, both) == 0

        async with world.storage.reading() as unit:
            sealed = (await unit.registrations.connections(made.id)).serving
        assert sealed is not None
        assert unsealed_connection(FernetSealing([new]), sealed) == registering().connection

    async with open_world(emptied_url, key=new) as again:
        await until(lambda: again.offerings("acme-tv") == 2)
