"""One-time passwords: switched on and off, asked for when signing in, each code good once."""

import asyncio
import dataclasses
from pathlib import Path

import pytest

from gateway.api.auth import AuthSettings
from gateway.domain.errors import AccessError
from gateway.domain.one_time_passwords import OneTimePasswordRequirement
from gateway.usecases import policy
from gateway.usecases.policy import Access
from tests.auth.second_factor import PATH, STEP_S, enrolled, maria, told
from tests.auth.server import MARIA, ORIGIN, SIGN_IN, Running, serving
from tests.clock import SettableClock

WRONG_CODE = [("oneTimeCode", "INVALID_ONE_TIME_CODE")]
OVER = [(None, "INVALID_CHALLENGE")]


@pytest.mark.requirement("S1")
async def test_a_one_time_password_is_switched_on_by_its_first_code(server: Running) -> None:
    person = await maria(server)

    begun = await person.begin()
    done = await person.confirm(person.code())

    assert (begun.status, sorted(begun.body)) == (200, ["otpauthUri", "qrCode", "secret"])
    uri = begun.body["otpauthUri"]
    assert uri.startswith("otpauth://totp/Telecom%20gateway:maria?")
    assert f"secret={person.secret}" in uri
    assert begun.body["qrCode"].startswith("data:image/svg+xml")
    assert (done.status, len(set(done.body["recoveryCodes"]))) == (200, 10)
    state = await server.client.send("GET", PATH, headers=person.headers)
    assert state.body == {"isOn": True, "isRequired": False, "recoveryCodesLeft": 10}
    assert "ONE_TIME_PASSWORD_ON" in await told(server)


def _all_kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("gateway.db*"))


async def test_the_secret_and_the_recovery_codes_are_not_readable_at_rest(server: Running, tmp_path: Path) -> None:
    person = await enrolled(server)

    kept = await asyncio.to_thread(_all_kept, tmp_path)

    assert person.secret.encode() not in kept
    assert all(code.encode() not in kept for code in person.recovery_codes)


async def test_nothing_is_on_before_a_right_code(server: Running) -> None:
    person = await maria(server)
    early = await person.confirm("123456")
    await person.begin()

    wrong = await person.confirm(person.wrong_code())

    assert (early.status, early.problems) == (409, [(None, "NOT_BEGUN")])
    assert (wrong.status, wrong.problems) == (422, WRONG_CODE)
    assert (await person.sign_in()).status == 200


async def test_a_secret_that_waits_too_long_is_begun_anew(server: Running) -> None:
    person = await maria(server)
    await person.begin()

    server.clock.advance(minutes=14)
    person.tokens = (await person.sign_in()).body
    server.clock.advance(minutes=14)
    person.tokens = (await person.sign_in()).body
    server.clock.advance(minutes=2)

    assert (await person.confirm(person.code())).problems == [(None, "NOT_BEGUN")]


async def test_beginning_takes_the_password_and_ends_what_was_begun(server: Running) -> None:
    person = await maria(server)
    stranger = await server.client.post(PATH, {"password": "wrong horse battery staple"}, person.headers)
    await person.begin()
    first = person.code()

    await person.begin()

    assert (stranger.status, stranger.problems) == (422, [("password", "INVALID_PASSWORD")])
    assert (await person.confirm(first)).problems == WRONG_CODE
    assert (await person.confirm(person.code())).status == 200
    assert (await person.begin()).problems == [(None, "ALREADY_ON")]


async def test_nobody_switches_anything(server: Running) -> None:
    answers = [
        await server.client.send("GET", PATH),
        await server.client.post(PATH, {"password": "x"}),
        await server.client.post(f"{PATH}/confirm", {"oneTimeCode": "123456"}),
        await server.client.post(f"{PATH}/recovery-codes", {"password": "x", "oneTimeCode": "123456"}),
        await server.client.send("DELETE", PATH, {"password": "x", "oneTimeCode": "123456"}),
        await server.client.send("PUT", "/auth/password", {"oldPassword": "x", "password": "y"}),
    ]

    assert [(each.status, each.problems) for each in answers] == [(401, [(None, "UNAUTHENTICATED")])] * 6


@pytest.mark.requirement("S1")
async def test_signing_in_takes_a_code_of_now_or_a_step_beside_it(server: Running) -> None:
    person = await enrolled(server)

    answers = []
    for steps in (-1, 0, 1):
        server.clock.advance(minutes=5)
        answers.append(await person.sign_in(person.code(steps)))
    server.clock.advance(minutes=5)
    far = [await person.sign_in(person.code(steps)) for steps in (-2, 2)]

    assert [each.status for each in answers] == [200, 200, 200]
    assert [(each.status, each.problems) for each in far] == [(422, WRONG_CODE)] * 2


async def test_a_code_is_typed_in_groups_or_not(server: Running) -> None:
    person = await enrolled(server)
    code = person.code()

    assert (await person.sign_in(f" {code[:3]} {code[3:]} ")).status == 200


async def test_a_code_that_was_used_is_refused_and_so_is_an_earlier_one(server: Running) -> None:
    person = await enrolled(server)
    code, before = person.code(), person.code(-1)

    first = await person.sign_in(code)
    again = await person.sign_in(code)
    earlier = await person.sign_in(before)

    assert first.status == 200
    assert [(each.status, each.problems) for each in (again, earlier)] == [(422, WRONG_CODE)] * 2
    assert (await told(server))[-2:] == ["ONE_TIME_CODE_REFUSED"] * 2
    server.clock.advance(seconds=STEP_S)
    assert (await person.sign_in(person.code())).status == 200


async def test_of_two_at_once_with_one_code_one_is_signed_in(server: Running) -> None:
    person = await enrolled(server)
    code = person.code()

    answers = await asyncio.gather(*(person.sign_in(code) for _ in range(4)))

    assert sorted(each.status for each in answers) == [200, 422, 422, 422]


async def test_the_code_that_switched_it_on_signs_nobody_in(server: Running) -> None:
    person = await maria(server)
    await person.begin()
    code = person.code()
    await person.confirm(code)

    assert (await person.sign_in(code)).problems == WRONG_CODE


@pytest.mark.requirement("S1")
async def test_without_a_code_a_challenge_waits_for_it(server: Running) -> None:
    person = await enrolled(server)

    waiting = await person.sign_in()
    done = await person.answer(waiting.body["challenge"], oneTimeCode=person.code())
    again = await person.answer(waiting.body["challenge"], oneTimeCode=person.code(1))

    assert (waiting.status, waiting.problems) == (401, [(None, "ONE_TIME_CODE_REQUIRED")])
    assert waiting.body["expires_in"] == 300
    assert (done.status, sorted(done.body)) == (200, ["access_token", "expires_in", "refresh_token", "token_type"])
    assert (await server.client.who(done.body["access_token"])).body["username"] == "maria"
    assert (again.status, again.problems) == (401, OVER)


async def test_a_challenge_goes_on_in_cookies_too(server: Running) -> None:
    person = await enrolled(server)
    origin = {"origin": ORIGIN}

    waiting = await person.sign_in(None, "/auth/session?mode=cookie", **origin)
    body = {"challenge": waiting.body["challenge"], "oneTimeCode": person.code()}
    done = await server.client.post("/auth/session/challenge?mode=cookie", body, origin)

    assert (waiting.status, dict(waiting.cookies)) == (401, {})
    assert (done.status, sorted(done.cookies)) == (200, ["__Host-access", "__Host-refresh"])
    assert done.body == {"expires_in": 900}


async def test_a_recovery_code_stands_in_once_however_it_is_typed(server: Running) -> None:
    person = await enrolled(server)
    code = person.recovery_codes[3]

    done = await person.answer(await person.challenged(), recoveryCode=f" {code.upper().replace('-', ' ')} ")
    again = await person.answer(await person.challenged(), recoveryCode=code)

    assert done.status == 200
    assert (again.status, again.problems) == (422, [("recoveryCode", "INVALID_RECOVERY_CODE")])
    assert "RECOVERY_CODE_USED" in await told(server)
    state = await server.client.send("GET", PATH, headers=person.headers)
    assert state.body["recoveryCodesLeft"] == 9


@pytest.mark.parametrize(
    ("proof", "problems"),
    [
        ({}, [("oneTimeCode", "MISSING")]),
        ({"oneTimeCode": "123456", "recoveryCode": "x"}, [("recoveryCode", "ONLY_ONE")]),
        ({"oneTimeCode": 123456}, [("oneTimeCode", "WRONG_TYPE")]),
        ({"recoveryCode": ["x"]}, [("recoveryCode", "WRONG_TYPE"), ("oneTimeCode", "MISSING")]),
        ({"oneTimeCode": "123456", "pin": "1"}, [("pin", "UNKNOWN_FIELD")]),
        ({"challenge": 7, "oneTimeCode": "123456"}, [("challenge", "WRONG_TYPE")]),
    ],
)
async def test_a_wrong_answer_form_is_told_field_by_field(
    server: Running, proof: dict[str, object], problems: list[tuple[str, str]]
) -> None:
    person = await enrolled(server)
    body = {"challenge": await person.challenged(), **proof}

    answer = await server.client.post("/auth/session/challenge", body)

    assert (answer.status, answer.problems) == (422, problems)


async def test_a_challenge_is_over_after_five_tries(server: Running) -> None:
    person = await enrolled(server)
    challenge = await person.challenged()

    tries = [await person.answer(challenge, oneTimeCode=person.wrong_code()) for _ in range(5)]
    late = await person.answer(challenge, oneTimeCode=person.code())

    assert [each.problems for each in tries] == [WRONG_CODE] * 5
    assert (late.status, late.problems) == (401, OVER)
    assert (await person.sign_in(person.code())).status == 200


async def test_a_challenge_is_over_after_five_minutes_and_an_unknown_one_never_was(server: Running) -> None:
    person = await enrolled(server)
    challenge = await person.challenged()

    server.clock.advance(minutes=5)
    late = await person.answer(challenge, oneTimeCode=person.code())
    unknown = await person.answer("nonsense", oneTimeCode=person.code())

    assert [each.problems for each in (late, unknown)] == [OVER, OVER]
    assert {key: late.body[key] for key in late.body} == {key: unknown.body[key] for key in unknown.body}


async def test_codes_are_guessed_no_further_over_many_challenges(tmp_path: Path) -> None:
    async with serving(tmp_path, SettableClock(), AuthSettings(failures_per_account="6/1 hour")) as server:
        person = await enrolled(server)
        challenges = [await person.challenged() for _ in range(2)]
        for challenge in challenges:
            for _ in range(3):
                await person.answer(challenge, oneTimeCode=person.wrong_code())

        answer = await person.answer(challenges[0], oneTimeCode=person.code())

        assert (answer.status, answer.problems) == (422, WRONG_CODE)


async def test_a_challenge_is_good_at_the_address_that_got_it(tmp_path: Path) -> None:
    from ipaddress import ip_network

    settings = AuthSettings(trusted_proxies=(ip_network("127.0.0.0/8"),))
    async with serving(tmp_path, SettableClock(), settings) as server:
        person = await enrolled(server)
        waiting = await server.client.post("/auth/session", SIGN_IN, {"x-forwarded-for": "192.0.2.1"})
        body = {"challenge": waiting.body["challenge"], "oneTimeCode": person.code()}

        elsewhere = await server.client.post("/auth/session/challenge", body, {"x-forwarded-for": "192.0.2.2"})
        there = await server.client.post("/auth/session/challenge", body, {"x-forwarded-for": "192.0.2.1"})

        assert (elsewhere.status, elsewhere.problems) == (401, OVER)
        assert there.status == 200


async def test_a_wrong_password_says_nothing_of_the_one_time_password(server: Running) -> None:
    person = await enrolled(server)
    wrong = {**SIGN_IN, "password": "wrong horse battery staple"}

    with_code = await server.client.post("/auth/session", {**wrong, "oneTimeCode": person.code()})
    without = await server.client.post("/auth/session", wrong)
    unknown = await server.client.post("/auth/session", {**wrong, "username": "lars"})

    assert {each.status for each in (with_code, without, unknown)} == {401}
    assert with_code.body == without.body == unknown.body
    assert (await person.sign_in(person.code())).status == 200


async def test_it_is_switched_off_by_the_password_and_a_code(server: Running) -> None:
    person = await enrolled(server)
    wrong = [
        {"password": "wrong horse battery staple", "oneTimeCode": person.code()},
        {"password": MARIA["password"], "oneTimeCode": person.wrong_code()},
        {"password": MARIA["password"], "recoveryCode": "abcd-abcd-abcd-abcd"},
    ]

    refused = [await server.client.send("DELETE", PATH, body, person.headers) for body in wrong]
    done = await server.client.send(
        "DELETE", PATH, {"password": MARIA["password"], "oneTimeCode": person.code()}, person.headers
    )

    assert [each.problems for each in refused] == [
        [("password", "INVALID_PASSWORD")],
        WRONG_CODE,
        [("recoveryCode", "INVALID_RECOVERY_CODE")],
    ]
    assert done.status == 204
    assert (await person.sign_in()).status == 200
    assert (await told(server)).count("ONE_TIME_PASSWORD_OFF") == 1


async def test_new_recovery_codes_end_those_before(server: Running) -> None:
    person = await enrolled(server)
    body = {"password": MARIA["password"], "oneTimeCode": person.code()}

    renewed = await server.client.post(f"{PATH}/recovery-codes", body, person.headers)

    assert (renewed.status, len(renewed.body["recoveryCodes"])) == (200, 10)
    old = await person.answer(await person.challenged(), recoveryCode=person.recovery_codes[0])
    new = await person.answer(await person.challenged(), recoveryCode=renewed.body["recoveryCodes"][0])
    assert [old.status, new.status] == [422, 200]


@pytest.mark.requirement("S1", "S2")
async def test_who_must_have_one_can_do_nothing_but_switch_it_on(tmp_path: Path) -> None:
    settings = AuthSettings(one_time_password_required=OneTimePasswordRequirement.MANAGERS)
    async with serving(tmp_path, SettableClock(), settings) as server:
        person = await maria(server)
        limited = await server.identity.caller_of_token(person.tokens["access_token"], "")
        with pytest.raises(AccessError, match="ONE_TIME_PASSWORD_REQUIRED"):
            policy.check(limited, Access.SIGNED_IN)

        await person.begin()
        await person.confirm(person.code())
        whole = await server.identity.caller_of_token(person.tokens["access_token"], "")

        assert person.tokens["oneTimePasswordRequired"] is True
        assert limited.actor is not None
        assert (limited.actor.memberships, limited.must_enrol) == ((), True)
        policy.check(whole, Access.MANAGER)
        off = {"password": MARIA["password"], "recoveryCode": person.recovery_codes[0]}
        refused = await server.client.send("DELETE", PATH, off, person.headers)
        assert (refused.status, refused.problems) == (403, [(None, "ONE_TIME_PASSWORD_REQUIRED")])
        assert await server.identity.is_live(limited)
        assert await server.identity.is_live(dataclasses.replace(whole, must_enrol=False))


async def test_a_secret_whose_key_is_lost_leaves_the_recovery_codes(server: Running, tmp_path: Path) -> None:
    person = await enrolled(server)
    (tmp_path / "secrets.key").unlink()

    async with serving(tmp_path, server.clock, AuthSettings()) as after:
        person.server = after
        code = await person.sign_in(person.code())
        recovered = await person.answer(await person.challenged(), recoveryCode=person.recovery_codes[0])

    assert (code.status, code.problems) == (422, WRONG_CODE)
    assert recovered.status == 200
