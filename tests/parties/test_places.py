"""Places that a customer keeps, and where something is to be delivered."""

import pytest

from gateway.domain.errors import RequestError
from gateway.domain.parties import Address, Caller, Place
from gateway.domain.security import SecurityEventKind
from gateway.ports.security import SecurityEventFilter
from gateway.usecases import parties
from gateway.usecases.core import Core
from tests.samples import new_id

HOME = Address("Storgatan", "11122", "Stockholm", "SE", "1")


def customer(caller: Caller) -> str:
    assert caller.actor is not None
    return caller.actor.memberships[0].customer.id


async def test_a_site_is_a_place_by_its_id(core: Core, maria: Caller) -> None:
    site = await parties.add_site(core, maria, None, " Home ", HOME)

    assert await parties.resolve_place(core, maria, None, site.id) == Place(HOME, site.id)
    assert await parties.list_sites(core, maria, customer(maria)) == [site]
    assert site.name == "Home"


@pytest.mark.requirement("S3")
async def test_anothers_site_is_as_unknown_as_one_that_never_was(core: Core, maria: Caller, lars: Caller) -> None:
    site = await parties.add_site(core, maria, None, "Home", HOME)

    assert await parties.find_site(core, lars, site.id) is None
    for site_id in (site.id, new_id("Site"), "nonsense", "", "x" * 1_000_000, "\0"):
        with pytest.raises(RequestError) as caught:
            await parties.resolve_place(core, lars, None, site_id)
        assert [(each.code, each.field) for each in caught.value.problems] == [("NOT_FOUND", ("place", "siteId"))]
    with pytest.raises(RequestError, match="NOT_FOUND"):
        await parties.list_sites(core, lars, customer(maria))
    with pytest.raises(RequestError, match="NOT_FOUND"):
        await parties.add_site(core, lars, customer(maria), "Mine", HOME)
    with pytest.raises(RequestError, match="UNAUTHENTICATED"):
        await parties.resolve_place(core, Caller(), None, site.id)
    assert await parties.list_sites(core, lars, customer(lars)) == []


@pytest.mark.requirement("S4")
async def test_each_change_of_a_place_is_a_security_event_and_a_refused_one_is_none(core: Core, maria: Caller) -> None:
    site = await parties.add_site(core, maria, None, "Home", HOME)
    await parties.update_site(core, maria, site.id, "Cabin", None)
    with pytest.raises(RequestError, match="INVALID_NAME"):
        await parties.add_site(core, maria, None, "", HOME)
    await parties.remove_site(core, maria, site.id)

    async with core.storage.reading() as unit:
        events = await unit.security_events.after(SecurityEventFilter(), 0, 10)

    assert maria.actor is not None
    whose = (SecurityEventKind.CUSTOMER_CHANGED, maria.actor.id, customer(maria), site.id)
    assert [(each.kind, each.actor_id, each.customer_id, each.subject, each.params) for each in events] == [
        (*whose, {"change": change}) for change in ("SITE_ADDED", "SITE_CHANGED", "SITE_REMOVED")
    ]


async def test_nobody_may_give_an_address(core: Core) -> None:
    assert await parties.resolve_place(core, Caller(), HOME, None) == Place(HOME)


async def test_every_wrong_part_of_an_address_is_named(core: Core, maria: Caller) -> None:
    wrong = Address(" ", "1" * 21, "Stock\0holm", "se", "", None)

    with pytest.raises(RequestError) as caught:
        await parties.resolve_place(core, maria, wrong, None)

    assert [(each.code, each.field) for each in caught.value.problems] == [
        ("INVALID_ADDRESS", ("place", "address", "street")),
        ("INVALID_ADDRESS", ("place", "address", "houseNumber")),
        ("TOO_LONG", ("place", "address", "postcode")),
        ("INVALID_ADDRESS", ("place", "address", "city")),
        ("INVALID_ADDRESS", ("place", "address", "country")),
    ]


async def test_a_customer_keeps_at_most_a_hundred_places(core: Core, maria: Caller) -> None:
    for number in range(parties.SITES_PER_CUSTOMER):
        await parties.add_site(core, maria, None, f"Site {number}", HOME)

    with pytest.raises(RequestError, match="TOO_MANY_SITES"):
        await parties.add_site(core, maria, None, "One more", HOME)

    assert len(await parties.list_sites(core, maria, customer(maria))) == 100


@pytest.mark.parametrize(("name", "code"), [("", "INVALID_NAME"), ("a\0b", "INVALID_NAME"), ("x" * 201, "TOO_LONG")])
async def test_a_site_needs_a_name_that_can_be_shown(core: Core, maria: Caller, name: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        await parties.add_site(core, maria, None, name, HOME)

    assert [(each.code, each.field) for each in caught.value.problems] == [(code, ("name",))]
