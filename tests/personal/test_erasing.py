"""An account is erased: nothing names the person any more, and what refers to the account still holds."""

import asyncio
import shutil
from pathlib import Path

import pytest

from gateway.api.auth import AuthSettings
from gateway.domain.alarm_rules import DEFAULT_RULES
from gateway.domain.parties import MemberRole
from gateway.domain.security import SecurityEventKind
from gateway.storage import SqlStorage
from gateway.storage.erasures import FILE, ErasedList
from gateway.usecases.erasing import Erasing, erase_again
from gateway.usecases.security_alarms import _judge_some
from tests.auth.second_factor import enrolled
from tests.auth.server import MARIA, SIGN_IN, Running, serving
from tests.clock import SettableClock
from tests.personal.people import (
    CUSTOMER,
    PLANTED,
    PROOF,
    close,
    counts,
    erase,
    erased_events,
    export,
    found_in,
    furnish,
    join,
    signed_in,
    signed_up,
)
from tests.security.recording import kept_refusals, recorded, verify

LAST = [(None, "LAST_MANAGER")]


@pytest.mark.requirement("S5", "P6")
async def test_an_erased_person_is_nowhere_in_the_database(server: Running, tmp_path: Path) -> None:
    actor, customer = await signed_up(server)
    order = await furnish(server, actor, customer)
    headers = await signed_in(server)
    await close(server, customer)
    before = found_in(tmp_path)

    answer = await erase(server, headers)

    assert answer.status == 204
    assert {text for _, text in before} == set(PLANTED)
    assert found_in(tmp_path) == []
    left = await counts(server)
    assert left == {"actor": 1, "customer": 1, "bundle": 1, "customer_order": 1, "order_item": 2, "order_event": 1}
    async with server.parts.core.storage.reading() as unit:
        kept = await unit.orders.get(order)
    assert kept is not None
    assert (kept.placed_by, kept.state, [each.offering_name for each in kept.items]) == (
        actor,
        "CANCELLED",
        ["Fibre 100"] * 2,
    )
    by_whom = [(None, customer, {"by": "OWNER", "what": "CUSTOMER"}), (None, actor, {"by": "OWNER", "what": "ACCOUNT"})]
    assert await erased_events(server) == by_whom
    storage = server.parts.core.storage
    assert isinstance(storage, SqlStorage)
    assert (await verify(storage)).finding is None
    assert [each.address for each in await recorded(storage)] == [None] * 5


@pytest.mark.requirement("S5")
async def test_the_sessions_end_at_once_and_the_name_and_the_address_are_free_again(server: Running) -> None:
    actor, customer = await signed_up(server)
    headers, other = await signed_in(server), await signed_in(server)
    await close(server, customer)
    with server.parts.core.wakeups.listen(f"actor:{actor}") as waiter:
        await erase(server, headers)
        assert await waiter.wait(1)

    tokens = [await server.client.send("POST", "/who", {}, each) for each in (headers, other)]
    again = await erase(server, headers)
    signing_in = await server.client.post("/auth/session", SIGN_IN)
    new_actor, _ = await signed_up(server)

    assert [each.body for each in tokens] == [{"error": "UNAUTHENTICATED"}] * 2
    assert (again.status, signing_in.status) == (401, 401)
    assert new_actor != actor
    body = (await export(server, await signed_in(server))).body
    assert [each["email"] for each in body["emails"]] == [MARIA["email"]]
    assert len(body["securityEvents"]) == 3
    refusals = [each for each in await kept_refusals(server.parts.core) if each.actor_id == actor]
    assert {each.address for each in refusals} == {None}
    assert len(refusals) == 3


@pytest.mark.requirement("S5")
async def test_the_last_manager_of_an_open_customer_stays(server: Running) -> None:
    actor, customer = await signed_up(server)
    await furnish(server, actor, customer)
    headers = await signed_in(server)
    before = await counts(server)

    answer = await erase(server, headers)

    assert (answer.status, answer.problems) == (409, LAST)
    assert MARIA["customer"]["name"] in answer.body["detail"]
    assert await counts(server) == before
    assert await erased_events(server) == []
    assert (await server.client.post("/auth/session", SIGN_IN)).status == 200


async def test_a_member_leaves_and_takes_only_the_own_entries_along(server: Running) -> None:
    actor, customer = await signed_up(server)
    await furnish(server, actor, customer)
    erik, own = await signed_up(server, "erik", email="erik@example.com")
    await join(server, erik, customer, MemberRole.SELF_SERVICE_MANAGER)
    await close(server, own)

    answer = await erase(server, await signed_in(server))

    assert answer.status == 204
    body = (await export(server, await signed_in(server, "erik"), customer)).body
    assert [each["username"] for each in body["members"]] == ["erik"]
    assert (body["contacts"], body["subscribers"]) == ([], [])
    assert [(each["state"], each["email"]) for each in body["invitations"]] == [("WITHDRAWN", None)]
    assert [each["name"] for each in body["sites"]] == ["Maria's home"]
    events = await recorded(server.parts.core.storage)
    assert [(each.customer_id, each.subject) for each in events if each.kind == "MEMBER_LEFT"] == [(customer, actor)]


async def test_an_alarm_about_an_address_forgets_whose_it_was(server: Running) -> None:
    core, (actor, customer) = server.parts.core, await signed_up(server)
    await close(server, customer)
    wrong = {**SIGN_IN, "password": "wrong horse"}
    for _ in range(5):
        await server.client.post("/auth/session", wrong)
    await kept_refusals(core)
    while await _judge_some(core, DEFAULT_RULES):
        pass
    before = [each.address for each in await recorded(core.storage, SecurityEventKind.ALARM)]

    await erase(server, await signed_in(server))

    alarms = await recorded(core.storage, SecurityEventKind.ALARM)
    assert (before, [each.address for each in alarms]) == (["127.0.0.1"] * 2, [None] * 2)
    assert [each.actor_id for each in alarms] == [actor, None]


async def test_somebody_elses_entry_with_the_same_address_stays(server: Running) -> None:
    lars, theirs = await signed_up(server, "lars", email=None)
    await furnish(server, lars, theirs)
    _, customer = await signed_up(server)
    await close(server, customer)

    await erase(server, await signed_in(server))

    body = (await export(server, await signed_in(server, "lars"), theirs)).body
    assert [each["email"] for each in body["contacts"]] == [MARIA["email"]]


@pytest.mark.parametrize(
    ("body", "status", "problems"),
    [
        ({}, 422, [("password", "MISSING")]),
        ({"password": "wrong horse"}, 422, [("password", "INVALID_PASSWORD")]),
        ({"password": 1, "x": 1}, 422, [("password", "WRONG_TYPE"), ("x", "UNKNOWN_FIELD")]),
    ],
)
async def test_without_the_password_nothing_is_erased(
    server: Running, body: dict[str, object], status: int, problems: list[tuple[str, str]]
) -> None:
    _, customer = await signed_up(server)
    await close(server, customer)
    headers = await signed_in(server)

    answer = await server.client.send("DELETE", "/auth/account", body, headers)

    assert (answer.status, answer.problems) == (status, problems)
    assert (await server.client.post("/auth/session", SIGN_IN)).status == 200


@pytest.mark.requirement("S5", "S1")
async def test_a_one_time_password_must_be_proven_too(server: Running) -> None:
    person = await enrolled(server)
    (customer,) = [each["id"] for each in (await export(server, person.headers)).body["customers"]]
    await close(server, customer)

    without = await erase(server, person.headers)
    wrong = await erase(server, person.headers, oneTimeCode=person.wrong_code())
    right = await erase(server, person.headers, oneTimeCode=person.code())

    assert [(each.status, each.problems) for each in (without, wrong)] == [
        (422, [("oneTimeCode", "MISSING")]),
        (422, [("oneTimeCode", "INVALID_ONE_TIME_CODE")]),
    ]
    assert right.status == 204
    assert set(await counts(server)) == {"actor", "customer"}


async def test_a_refusal_uses_no_recovery_code_up(server: Running) -> None:
    person = await enrolled(server)
    (customer,) = [each["id"] for each in (await export(server, person.headers)).body["customers"]]
    code = person.recovery_codes[0]

    refused = await erase(server, person.headers, recoveryCode=code)
    await close(server, customer)
    done = await erase(server, person.headers, recoveryCode=code)

    assert (refused.status, refused.problems) == (409, LAST)
    assert done.status == 204


async def test_who_has_no_password_here_must_have_just_signed_in(server: Running) -> None:
    actor, customer = await signed_up(server)
    await close(server, customer)
    headers = await signed_in(server)
    async with server.parts.core.storage.writing() as unit:
        await unit.accounts.set_password(actor, "")
    server.clock.advance(minutes=6)

    late = await erase(server, headers)
    server.clock.advance(minutes=-2)
    fresh = await erase(server, headers)

    assert (late.status, late.problems) == (403, [(None, "SIGN_IN_AGAIN")])
    assert fresh.status == 204


async def test_of_two_at_once_one_erases(server: Running) -> None:
    _, customer = await signed_up(server)
    await close(server, customer)
    headers = await signed_in(server)

    answers = await asyncio.gather(*(erase(server, headers) for _ in range(2)))

    assert sorted(each.status for each in answers) in ([204, 401], [204, 422], [204, 204])
    assert len(await erased_events(server)) == 2


@pytest.mark.requirement("S5", "P6")
async def test_a_closed_customer_is_erased_and_the_account_stays(server: Running, tmp_path: Path) -> None:
    actor, customer = await signed_up(server)
    order = await furnish(server, actor, customer)
    headers = await signed_in(server)
    body = {**PROOF, "customerId": customer}

    open_still = await server.client.send("DELETE", CUSTOMER, body, headers)
    await close(server, customer)
    done = [await server.client.send("DELETE", CUSTOMER, body, headers) for _ in range(2)]

    assert (open_still.status, open_still.problems) == (409, [("customerId", "NOT_CLOSED")])
    assert [each.status for each in done] == [204, 204]
    assert found_in(tmp_path, PLANTED[2:7]) == []
    assert await erased_events(server) == [(None, customer, {"by": "OWNER", "what": "CUSTOMER"})]
    exported = (await export(server, headers)).body
    assert [each["id"] for each in exported["orders"]] == [order]
    assert [each["username"] for each in exported["accounts"]] == ["maria"]


async def test_another_customer_can_not_be_told_from_an_unknown_one(server: Running) -> None:
    _, theirs = await signed_up(server, "lars", email=None)
    await signed_up(server)
    await close(server, theirs)
    headers = await signed_in(server)

    answers = [
        await server.client.send("DELETE", CUSTOMER, {**PROOF, "customerId": each}, headers)
        for each in (theirs, "nonsense")
    ]

    assert [(each.status, each.problems) for each in answers] == [(404, [("customerId", "NOT_FOUND")])] * 2
    assert await erased_events(server) == []


@pytest.mark.requirement("S5")
async def test_a_database_put_back_from_an_older_copy_is_erased_again(tmp_path: Path) -> None:
    live, copy = tmp_path / "live", tmp_path / "copy"
    live.mkdir()
    async with serving(live, SettableClock(), AuthSettings()) as server:
        actor, customer = await signed_up(server)
        await furnish(server, actor, customer)
    shutil.copytree(live, copy)
    async with serving(live, SettableClock(), AuthSettings()) as server:
        headers = await signed_in(server)
        await close(server, customer)
        assert (await erase(server, headers)).status == 204
    shutil.copy2(live / FILE, copy / FILE)
    with (copy / FILE).open("a") as half:
        half.write('{"id": "QWN0b3I6')

    async with serving(copy, SettableClock(), AuthSettings()) as server:
        core = server.parts.core
        eraser = Erasing(core.storage, core.clock, core.onboarding.sealing)
        counted = [await erase_again(eraser, ErasedList(copy)) for _ in range(2)]
        events = await erased_events(server)
        signing_in = await server.client.post("/auth/session", SIGN_IN)

    assert counted == [2, 0]
    assert [(each[1], each[2]["by"]) for each in events] == [(customer, "RESTORED"), (actor, "RESTORED")]
    assert signing_in.status == 401
    assert found_in(copy) == []
