"""Passwords: changed by who knows the present one, set anew by who gets the account's mail."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from limits import parse

from gateway.api.auth import AuthSettings
from gateway.ports import Attempt
from gateway.ports.mails import MailKind, NotSent, Undeliverable
from gateway.usecases.mails import tell_by_mail
from tests.auth.mailing import RESET, Caught, reset_token, set_by, worked_off
from tests.auth.second_factor import enrolled, told
from tests.auth.server import MARIA, SIGN_IN, Running, serving
from tests.clock import SettableClock

NEW = "a whole new horse and battery"
SIGN_IN_NEW = {**SIGN_IN, "password": NEW}
BAD_TOKEN = [("token", "INVALID_RESET_TOKEN")]


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access_token']}"}


@pytest.mark.requirement("S1", "S7")
async def test_changing_the_password_ends_all_other_sessions(server: Running) -> None:
    mine, other = [await server.client.signed_in() for _ in range(2)]
    body = {"oldPassword": MARIA["password"], "password": NEW}

    answer = await server.client.send("PUT", "/auth/password", body, bearer(mine))

    assert answer.status == 204
    assert (await server.client.who(mine["access_token"])).body["username"] == "maria"
    assert (await server.client.who(other["access_token"])).body == {"error": "UNAUTHENTICATED"}
    assert [(await server.client.post("/auth/session", each)).status for each in (SIGN_IN, SIGN_IN_NEW)] == [401, 200]
    kinds = await told(server)
    assert (kinds.count("PASSWORD_CHANGED"), kinds.count("SESSION_ENDED")) == (1, 1)
    assert [mail.subject for mail in await worked_off(server, Caught())] == ["Your password was changed"]


@pytest.mark.requirement("S5", "S7")
async def test_a_password_is_changed_only_so_often_since_each_change_is_mailed(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.parts.rules.attempts.rates, Attempt.ACCOUNT_CHANGE, parse("2/hour"))  # type: ignore[attr-defined]
    mine = await server.client.signed_in()
    passwords = [MARIA["password"], *(f"{NEW} {number}" for number in range(3))]

    changed = [
        await server.client.send("PUT", "/auth/password", {"oldPassword": old, "password": new}, bearer(mine))
        for old, new in pairwise(passwords)
    ]

    assert [each.status for each in changed] == [204, 204, 429]
    assert changed[2].problems == [(None, "RATE_LIMITED")]
    assert (await server.client.post("/auth/session", {**SIGN_IN, "password": passwords[2]})).status == 200
    assert len(await worked_off(server, Caught())) == 2


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"oldPassword": "wrong horse", "password": NEW}, [("oldPassword", "INVALID_PASSWORD")]),
        ({"oldPassword": MARIA["password"], "password": "short"}, [("password", "TOO_SHORT")]),
        ({"oldPassword": MARIA["password"], "password": "password123"}, [("password", "TOO_COMMON")]),
        ({}, [("oldPassword", "MISSING"), ("password", "MISSING")]),
        ({"oldPassword": 1, "password": NEW, "x": 1}, [("oldPassword", "WRONG_TYPE"), ("x", "UNKNOWN_FIELD")]),
    ],
)
async def test_a_refused_change_changes_nothing(
    server: Running, body: dict[str, object], problems: list[tuple[str, str]]
) -> None:
    mine, other = [await server.client.signed_in() for _ in range(2)]

    answer = await server.client.send("PUT", "/auth/password", body, bearer(mine))

    assert (answer.status, answer.problems) == (422, problems)
    assert (await server.client.who(other["access_token"])).body["username"] == "maria"
    assert (await server.client.post("/auth/session", SIGN_IN)).status == 200


async def test_who_has_somebodys_session_does_not_guess_the_password(tmp_path: Path) -> None:
    async with serving(tmp_path, SettableClock(), AuthSettings(failures_per_account="3/1 hour")) as server:
        mine = await server.client.signed_in()
        wrong = {"oldPassword": "wrong horse", "password": NEW}
        for _ in range(3):
            await server.client.send("PUT", "/auth/password", wrong, bearer(mine))

        right = {"oldPassword": MARIA["password"], "password": NEW}
        answer = await server.client.send("PUT", "/auth/password", right, bearer(mine))

        assert (answer.status, answer.problems) == (429, [(None, "RATE_LIMITED")])
        assert (await server.client.post("/auth/session", SIGN_IN)).status == 200


@pytest.mark.requirement("S1", "S7")
async def test_a_mailed_token_sets_the_password_and_ends_every_session(server: Running) -> None:
    tokens, caught = await server.client.signed_in(), Caught()
    token = await reset_token(server, caught)

    answer = await set_by(server, token, NEW)

    assert answer.status == 204
    assert (await server.client.who(tokens["access_token"])).body == {"error": "UNAUTHENTICATED"}
    assert [(await server.client.post("/auth/session", each)).status for each in (SIGN_IN, SIGN_IN_NEW)] == [401, 200]
    mails = await worked_off(server, caught)
    assert [mail.subject for mail in mails] == ["Set a new password", "Your password was changed"]
    assert {mail.recipient for mail in mails} == {MARIA["email"]}
    kinds = await told(server)
    assert (kinds.count("PASSWORD_RESET_ASKED"), kinds.count("PASSWORD_RESET")) == (1, 1)


async def test_a_token_is_good_once_and_for_half_an_hour_and_until_the_next(server: Running) -> None:
    await server.client.signed_in()
    caught = Caught()
    used = await reset_token(server, caught)
    await set_by(server, used, NEW)
    earlier = await reset_token(server, caught)
    late = await reset_token(server, caught)
    server.clock.advance(minutes=30)

    answers = [await set_by(server, token, "yet another horse here") for token in (used, earlier, late, "nonsense")]

    assert [(each.status, each.problems) for each in answers] == [(422, BAD_TOKEN)] * 4
    assert (await server.client.post("/auth/session", SIGN_IN_NEW)).status == 200
    assert (await told(server)).count("PASSWORD_RESET_REFUSED") == 4


async def test_of_two_at_once_with_one_token_one_sets_the_password(server: Running) -> None:
    await server.client.signed_in()
    token = await reset_token(server, Caught())

    answers = await asyncio.gather(*(set_by(server, token, f"{NEW} {number}") for number in range(3)))

    assert sorted(each.status for each in answers) == [204, 422, 422]


async def test_a_refused_password_does_not_use_the_token_up(server: Running) -> None:
    await server.client.signed_in()
    token = await reset_token(server, Caught())

    refused = await set_by(server, token, "maria123")

    assert (refused.status, refused.problems) == (422, [("password", "TOO_COMMON")])
    assert (await set_by(server, token, NEW)).status == 204


@pytest.mark.requirement("S1")
async def test_a_reset_does_not_bypass_the_one_time_password(server: Running) -> None:
    person = await enrolled(server)
    waiting = await person.challenged()
    await set_by(server, await reset_token(server, Caught()), NEW)

    old = await person.answer(waiting, oneTimeCode=person.code())
    alone = await server.client.post("/auth/session", SIGN_IN_NEW)
    both = await server.client.post("/auth/session", {**SIGN_IN_NEW, "oneTimeCode": person.code()})

    assert (old.status, alone.status, both.status) == (401, 401, 200)
    assert alone.problems == [(None, "ONE_TIME_CODE_REQUIRED")]


async def test_asking_for_a_reset_tells_nobody_who_has_an_account(server: Running) -> None:
    await server.client.signed_in()
    await server.client.post("/auth/accounts", {**MARIA, "username": "lars", "email": None})
    asked = [{"username": "maria"}, {"email": "MARIA@example.com"}, {"username": "lars"}, {"username": "nobody"}]
    asked += [{"email": "nobody@example.com"}, {"username": "no name\0"}, {"email": "nowhere"}]

    answers = [await server.client.post(RESET, body) for body in asked]

    assert [(each.status, each.body) for each in answers] == [(202, {})] * 7
    mails = await worked_off(server, Caught())
    assert [mail.recipient for mail in mails] == [MARIA["email"]] * 2
    assert (await server.client.post("/auth/session", SIGN_IN)).status == 200


async def test_asking_writes_the_same_for_an_account_and_for_none(server: Running) -> None:
    await server.client.signed_in()

    for name in ("maria", "nobody"):
        await server.client.post(RESET, {"username": name})

    async with server.parts.core.storage.reading() as unit:
        kept = await unit.password_resets.asked(10)
        assert await unit.mails.due(datetime.max.replace(tzinfo=UTC), 10) == []
    assert [each.username for each in kept] == ["maria", "nobody"]


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [("username", "MISSING")]),
        ({"username": "maria", "email": MARIA["email"]}, [("email", "ONLY_ONE")]),
        ({"username": 7}, [("username", "WRONG_TYPE")]),
        ({"username": "maria", "x": 1}, [("x", "UNKNOWN_FIELD")]),
    ],
)
async def test_a_wrong_form_asks_for_nothing(
    server: Running, body: dict[str, object], problems: list[tuple[str, str]]
) -> None:
    await server.client.signed_in()

    answer = await server.client.post(RESET, body)

    assert (answer.status, answer.problems) == (422, problems)
    assert await worked_off(server, Caught()) == []


async def test_resets_are_bounded_by_address_and_by_account(tmp_path: Path) -> None:
    settings = AuthSettings(resets_per_address="4/1 hour", resets_per_account="2/1 hour")
    async with serving(tmp_path, SettableClock(), settings) as server:
        await server.client.signed_in()

        answers = [await server.client.post(RESET, {"username": "maria"}) for _ in range(5)]

        assert [each.status for each in answers] == [202, 202, 202, 202, 429]
        assert answers[4].problems == [(None, "RATE_LIMITED")]
        assert len(await worked_off(server, Caught())) == 2


async def test_the_mail_is_in_the_language_of_who_asked_and_links_the_frontends_page(server: Running) -> None:
    await server.client.signed_in()
    await server.client.post(RESET, {"username": "maria"}, {"accept-language": "sv-SE"})

    (mail,) = await worked_off(server, Caught(), page="https://app.example.com/reset")

    assert mail.subject == "Välj ett nytt lösenord"
    assert "https://app.example.com/reset#token=" in mail.text
    assert "inom 30 minuter" in mail.text


async def test_a_mail_that_is_not_taken_is_sent_later_and_in_the_end_given_up(server: Running) -> None:
    await server.client.signed_in()
    await server.client.post(RESET, {"username": "maria"})
    caught = Caught(failures=[OSError("away"), OSError("away")])

    sent = []
    for seconds in (0, 29, 1, 59, 1):
        server.clock.advance(seconds=seconds)
        sent.append(len(await worked_off(server, caught)))
    await server.client.post(RESET, {"username": "maria"})
    caught.failures = [OSError("away")] * 100
    for _ in range(60):
        server.clock.advance(minutes=1)
        await worked_off(server, caught)

    assert sent == [0, 0, 0, 0, 1]
    async with server.parts.core.storage.reading() as unit:
        assert await unit.mails.next_due() is None


async def test_a_mail_that_nobody_can_get_is_given_up_at_once(server: Running) -> None:
    await server.client.signed_in()
    await server.client.post(RESET, {"username": "maria"})

    await worked_off(server, Caught(failures=[Undeliverable("refused")]))

    async with server.parts.core.storage.reading() as unit:
        assert await unit.mails.next_due() is None


async def test_the_log_says_why_a_mail_waits(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    await server.client.signed_in()
    await server.client.post(RESET, {"username": "maria"})

    await worked_off(server, Caught(failures=[NotSent("SMTPAuthenticationError 535")]))

    (said,) = [each.getMessage() for each in caplog.records if each.name == "gateway.mail"]
    assert said.startswith("mail ")
    assert said.endswith(" waits: SMTPAuthenticationError 535")


async def test_a_mail_that_was_taken_up_before_a_crash_is_taken_up_again(server: Running) -> None:
    await server.client.signed_in()
    await server.client.post(RESET, {"username": "maria"})
    await worked_off(server, Caught(failures=[OSError("killed")]))

    server.clock.advance(seconds=30)

    assert len(await worked_off(server, Caught())) == 1


async def test_a_mail_that_waits_shows_neither_recipient_nor_token(server: Running, tmp_path: Path) -> None:
    await server.client.signed_in()
    core = server.parts.core
    async with core.storage.writing() as unit:
        actor_id = await unit.accounts.id_by_email(MARIA["email"])
        profile = await unit.accounts.profile(actor_id or "")
        assert profile is not None
        await tell_by_mail(unit, core, profile, MailKind.PASSWORD_RESET, "en", token="a-very-secret-token")

    async with core.storage.reading() as unit:
        (queued,) = await unit.mails.due(core.clock.now(), 10)

    assert "secret" not in repr(queued)
    assert "a-very-secret-token" not in queued.sealed
    assert MARIA["email"] not in queued.sealed
