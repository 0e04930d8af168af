"""A person gets all that is kept of them, and a manager what is kept of the customer; nobody gets another's."""

import json
from decimal import Decimal

import pytest
from limits import parse

from gateway.domain.authorizations import (
    Authorization,
    Conditions,
    EnabledFunction,
    OfferingScope,
    SelfServiceFunction,
)
from gateway.domain.money import Money
from gateway.domain.parties import MemberRole
from gateway.domain.security import SecurityEventKind
from gateway.ports import Attempt
from gateway.ports.authorizations import KeptAuthorization
from gateway.storage import tables
from gateway.storage.personal_sections import ACTOR_KINDS, CUSTOMER_PARTS, NOT_PERSONAL, actor_parts
from gateway.usecases import personal_export
from tests.auth.second_factor import enrolled
from tests.auth.server import MARIA, Running
from tests.clock import NOON
from tests.personal.people import PHONE, STREET, close, export, furnish, join, signed_in, signed_up
from tests.samples import new_id
from tests.security.recording import recorded


@pytest.mark.requirement("S5")
async def test_a_person_gets_all_that_is_kept_of_them(server: Running) -> None:
    actor, customer = await signed_up(server)
    order = await furnish(server, actor, customer)
    headers = await signed_in(server)

    answer = await export(server, headers)

    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    body = answer.body
    assert list(body) == ["format", "createdAt", *ACTOR_KINDS, "mailsWaiting", *CUSTOMER_PARTS]
    assert [(each["id"], each["username"]) for each in body["accounts"]] == [(actor, "maria")]
    assert [each["email"] for each in body["emails"]] == [MARIA["email"]]
    assert [(each["device"], each["address"]) for each in body["sessions"]] == [("Firefox on Linux", "127.0.0.1")]
    assert [(each["customerId"], each["role"]) for each in body["memberships"]] == [(customer, "SELF_SERVICE_MANAGER")]
    assert [each["email"] for each in body["invitationsToYou"]] == [MARIA["email"]]
    assert [each["phone"] for each in body["contactEntriesOfYou"]] == [PHONE]
    assert [each["id"] for each in body["ordersPlaced"]] == [order]
    assert [each["kind"] for each in body["securityEvents"]] == ["SIGNED_UP", "SIGNED_IN", "PERSONAL_DATA_EXPORTED"]
    assert [each["kind"] for each in body["mailsWaiting"]] == ["PASSWORD_CHANGED"]
    assert [(each["id"], each["name"]) for each in body["customers"]] == [(customer, MARIA["customer"]["name"])]
    assert [each["numbers"] for each in body["subscribers"]] == [[PHONE]]
    assert [each["place"]["address"]["street"] for each in (*body["bundles"], *body["orders"])] == [STREET] * 2
    assert [each["values"]["note"] for each in body["orderItems"]] == [["next to the blue door"]] * 2
    assert [each["orderId"] for each in body["orderEvents"]] == [order]


async def test_no_secret_is_in_it_and_no_word_that_is_for_operators(server: Running) -> None:
    person = await enrolled(server)
    body = (await export(server, person.headers)).body
    account, customer = body["accounts"][0]["id"], body["customers"][0]["id"]
    await furnish(server, account, customer)
    async with server.parts.core.storage.reading() as unit:
        profile = await unit.accounts.profile(account)
        one_time = await unit.one_time_passwords.get(account)
        (session,) = await unit.accounts.live_sessions(account, server.clock.now())

    answer = await export(server, person.headers)

    assert profile is not None
    assert one_time is not None
    secrets = (profile.password_hash, one_time.sealed_secret, person.secret, session.refresh_digest, "not for next")
    assert [each for each in secrets if each in json.dumps(answer.body)] == []
    assert [list(each) for each in answer.body["oneTimePasswords"]] == [["actorId", "createdAt", "confirmedAt"]]


@pytest.mark.requirement("S5", "P6")
async def test_a_manager_gets_the_customers_closed_or_not_and_a_member_only_the_own(server: Running) -> None:
    actor, customer = await signed_up(server)
    erik, _ = await signed_up(server, "erik", email="erik@example.com")
    await furnish(server, actor, customer)
    await join(server, erik, customer, MemberRole.AUTHORIZED_USER)
    maria, eriks = await signed_in(server), await signed_in(server, "erik")

    own = await export(server, eriks)
    theirs, unknown = await export(server, eriks, customer), await export(server, eriks, new_id("Customer"))
    before = await export(server, maria, customer)
    await close(server, customer)
    after = await export(server, maria, customer)

    assert customer not in [each["id"] for each in own.body["customers"]]
    assert STREET not in json.dumps(own.body)
    assert [(each.status, each.problems) for each in (theirs, unknown)] == [(404, [("customerId", "NOT_FOUND")])] * 2
    assert list(before.body) == ["format", "createdAt", *CUSTOMER_PARTS]
    assert [each["username"] for each in before.body["members"]] == ["maria", "erik"]
    assert after.body["sites"] == before.body["sites"] != []
    events = await recorded(server.parts.core.storage)
    assert [each.actor_id for each in events if each.kind == "PERSONAL_DATA_EXPORTED"] == [erik, actor, actor]


@pytest.mark.requirement("S5")
async def test_what_a_member_may_do_is_told_to_the_member_and_to_the_manager(server: Running) -> None:
    manager, customer = await signed_up(server)
    erik, _ = await signed_up(server, "erik", email="erik@example.com")
    stina, _ = await signed_up(server, "stina", email="stina@example.com")
    await join(server, erik, customer, MemberRole.AUTHORIZED_USER)
    await join(server, stina, customer, MemberRole.SERVICE_USER)
    functions, scope = (SelfServiceFunction.ORDER,), OfferingScope(("iptv",))
    conditions = Conditions(Money(Decimal(120), "SEK"), time_zone="Europe/Stockholm")
    grant = Authorization(new_id("Authorization"), functions, scope, NOON, conditions=conditions)
    enabled = EnabledFunction(new_id("EnabledFunction"), SelfServiceFunction.SEE_ORDERS, None, manager, NOON)
    async with server.parts.core.storage.writing() as unit:
        await unit.authorizations.add(KeptAuthorization(customer, erik, grant, manager, NOON))
        assert await unit.authorizations.enable(customer, stina, enabled)

    marias = (await export(server, await signed_in(server))).body
    eriks = (await export(server, await signed_in(server, "erik"))).body
    stinas = (await export(server, await signed_in(server, "stina"))).body

    (granted,), (allowed,) = marias["grantedAuthorizations"], marias["functionsEnabled"]
    assert (granted["id"], granted["actorId"], granted["grantedBy"]) == (grant.id, erik, manager)
    assert granted["functions"] == ["ORDER"]
    assert granted["scope"] == {"kind": "OfferingScope", "categorySlugs": ["iptv"], "providerSlugs": []}
    assert granted["conditions"]["spendingLimitPerOrder"] == {"amount": "120", "currency": "SEK"}
    assert granted["conditions"]["timeZone"] == "Europe/Stockholm"
    assert (allowed["id"], allowed["actorId"], allowed["function"]) == (enabled.id, stina, "SEE_ORDERS")
    assert (eriks["authorizations"], eriks["enabledFunctions"]) == ([granted], [])
    assert (stinas["authorizations"], stinas["enabledFunctions"]) == ([], [allowed])


async def test_nobody_gets_anything(server: Running) -> None:
    await signed_up(server)

    answer = await export(server, {})

    assert (answer.status, answer.problems) == (401, [(None, "UNAUTHENTICATED")])


@pytest.mark.requirement("S4", "S5")
async def test_exports_are_few_and_fill_no_trail(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await signed_up(server)
    headers = await signed_in(server)
    monkeypatch.setitem(server.parts.rules.attempts.rates, Attempt.EXPORT, parse("2/hour"))  # type: ignore[attr-defined]

    answers = [await export(server, headers) for _ in range(4)]

    assert [each.status for each in answers] == [200, 200, 429, 429]
    assert answers[3].problems == [(None, "RATE_LIMITED")]
    events = await recorded(server.parts.core.storage)
    assert [each.kind for each in events].count(SecurityEventKind.PERSONAL_DATA_EXPORTED) == 2


async def test_much_comes_in_parts_and_whole(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await signed_up(server)
    monkeypatch.setattr(personal_export, "BATCH", 2)
    for _ in range(4):
        headers = await signed_in(server)

    answer = await export(server, headers)

    assert len({each["id"] for each in answer.body["sessions"]}) == 4


def test_each_table_is_handed_out_or_holds_nothing_of_a_person() -> None:
    parts = [*actor_parts("k", "a", ["m@example.com"]).values(), *(part("k") for part in CUSTOMER_PARTS.values())]

    handed_out = {str(table) for part in parts for table in part.statement.columns_clause_froms}

    assert handed_out & NOT_PERSONAL.keys() == set()
    assert handed_out | NOT_PERSONAL.keys() == set(tables.metadata.tables)
