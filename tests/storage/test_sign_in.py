"""What is kept of one-time passwords, challenges, resets and mails, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.ports.mails import QueuedMail
from gateway.ports.sign_in import Challenge, OneTimePassword, PasswordReset, ResetRequest
from gateway.storage import SqlStorage
from tests.clock import NOON
from tests.samples import an_account

LATER = NOON + timedelta(minutes=5)


async def an_actor(storage: SqlStorage, username: str = "maria") -> str:
    account = an_account(username, f"{username}@example.com")
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
    return account.actor_id


async def enrolled(storage: SqlStorage) -> str:
    actor_id = await an_actor(storage)
    async with storage.writing() as unit:
        assert await unit.one_time_passwords.put_pending(OneTimePassword(actor_id, "sealed", NOON))
        assert await unit.one_time_passwords.confirm(actor_id, "sealed", 100, NOON)
    return actor_id


async def test_an_account_is_found_with_its_address_and_by_it(storage: SqlStorage) -> None:
    actor_id = await an_actor(storage)

    async with storage.writing() as unit:
        profile = await unit.accounts.profile(actor_id, lock=True)
        by_email = await unit.accounts.id_by_email("MARIA@example.com")
        nobody = (await unit.accounts.profile("unknown"), await unit.accounts.id_by_email("lars@example.com"))

    assert profile is not None
    assert (profile.username, profile.email, by_email) == ("maria", "maria@example.com", actor_id)
    assert nobody == (None, None)


async def test_a_pending_one_time_password_counts_once_it_is_confirmed(storage: SqlStorage) -> None:
    actor_id = await an_actor(storage)
    first, second = (OneTimePassword(actor_id, sealed, NOON) for sealed in ("first", "second"))

    async with storage.writing() as unit:
        begun = [await unit.one_time_passwords.put_pending(each) for each in (first, second)]
        used_early = await unit.one_time_passwords.use_step(actor_id, 1)
        done = [await unit.one_time_passwords.confirm(actor_id, sealed, 7, LATER) for sealed in ("first", "second")]
        again = await unit.one_time_passwords.put_pending(first)
        actor = await unit.accounts.actor(actor_id)

    assert (begun, used_early, done, again) == ([True, True], False, [False, True], False)
    assert actor is not None
    assert actor.has_one_time_password
    async with storage.reading() as unit:
        assert await unit.one_time_passwords.get(actor_id) == replace(second, confirmed_at=LATER, last_step=7)


async def test_of_many_who_use_a_step_at_once_one_has_it(storage: SqlStorage) -> None:
    actor_id = await enrolled(storage)

    async def use(step: int) -> bool:
        async with storage.writing() as unit:
            return await unit.one_time_passwords.use_step(actor_id, step)

    used = await asyncio.gather(*(use(101) for _ in range(5)))

    assert sorted(used) == [False, False, False, False, True]
    assert [await use(step) for step in (100, 101, 102)] == [False, False, True]


async def test_a_recovery_code_is_used_once_and_goes_with_its_one_time_password(storage: SqlStorage) -> None:
    actor_id, other = await enrolled(storage), await an_actor(storage, "lars")

    async with storage.writing() as unit:
        await unit.one_time_passwords.set_recovery_codes(actor_id, ["a", "b", "c"])
        used = [await unit.one_time_passwords.use_recovery_code(each, "a") for each in (other, actor_id, actor_id)]
        left = await unit.one_time_passwords.recovery_codes_left(actor_id)
        removed = [await unit.one_time_passwords.remove(actor_id) for _ in range(2)]
        none = await unit.one_time_passwords.recovery_codes_left(actor_id)

    assert (used, left, removed, none) == ([False, True, False], 2, [True, False], 0)


async def test_a_secret_is_resealed_where_it_is_still_the_same(storage: SqlStorage) -> None:
    actor_id = await enrolled(storage)

    async with storage.writing() as unit:
        await unit.one_time_passwords.reseal(actor_id, "another", "lost")
        await unit.one_time_passwords.reseal(actor_id, "sealed", "anew")

    async with storage.reading() as unit:
        assert await unit.one_time_passwords.sealed_secrets() == [(actor_id, "anew")]


async def test_a_challenge_counts_its_tries_and_ends_once(storage: SqlStorage) -> None:
    actor_id = await an_actor(storage)
    challenge = Challenge("digest", actor_id, "192.0.2.1", NOON, LATER)

    async with storage.writing() as unit:
        await unit.one_time_passwords.add_challenge(challenge)
        await unit.one_time_passwords.count_attempt("digest")
        counted = await unit.one_time_passwords.challenge("digest", lock=True)
        ended = [await unit.one_time_passwords.end_challenge("digest") for _ in range(2)]

    assert (counted, ended) == (replace(challenge, attempts=1), [True, False])


async def test_challenges_that_expired_are_forgotten_with_the_next(storage: SqlStorage) -> None:
    actor_id = await an_actor(storage)
    old = Challenge("old", actor_id, "192.0.2.1", NOON, LATER)

    async with storage.writing() as unit:
        await unit.one_time_passwords.add_challenge(old)
        await unit.one_time_passwords.add_challenge(replace(old, digest="new", created_at=LATER))
        found = [await unit.one_time_passwords.challenge(digest) for digest in ("old", "new")]
        await unit.one_time_passwords.end_challenges(actor_id)
        left = await unit.one_time_passwords.challenge("new")

    assert [each is not None for each in (*found, left)] == [False, True, False]


async def test_an_actor_has_one_reset_and_it_is_used_once(storage: SqlStorage) -> None:
    actor_id = await an_actor(storage)
    first = PasswordReset("first", actor_id, NOON, LATER)

    async with storage.writing() as unit:
        await unit.password_resets.put(first)
        await unit.password_resets.put(replace(first, digest="second"))
        found = [await unit.password_resets.get(digest) for digest in ("first", "second")]
        used = [await unit.password_resets.use("second") for _ in range(2)]

    assert (found, used) == ([None, replace(first, digest="second")], [True, False])


async def test_a_request_is_done_by_one_process(storage: SqlStorage) -> None:
    request = ResetRequest("01890000-0000-7000-8000-000000000001", "maria", None, "sv", NOON)
    async with storage.writing() as unit:
        await unit.password_resets.ask(request)

    async def done() -> bool:
        async with storage.writing() as unit:
            return await unit.password_resets.done(request.key)

    async with storage.reading() as unit:
        assert await unit.password_resets.asked(10) == [request]
    assert sorted(await asyncio.gather(*(done() for _ in range(3)))) == [False, False, True]


async def test_a_mail_is_claimed_by_one_process_and_due_again_later(storage: SqlStorage) -> None:
    mail = QueuedMail("01890000-0000-7000-8000-000000000002", "PASSWORD_RESET", "en", "sealed", NOON, NOON, LATER)
    async with storage.writing() as unit:
        await unit.mails.add(mail)

    async def claimed() -> bool:
        async with storage.writing() as unit:
            return await unit.mails.claim(mail, LATER)

    claims = await asyncio.gather(*(claimed() for _ in range(3)))

    assert sorted(claims) == [False, False, True]
    async with storage.writing() as unit:
        assert await unit.mails.due(NOON, 10) == []
        assert await unit.mails.due(LATER, 10) == [replace(mail, due_at=LATER, tries=1)]
        assert await unit.mails.next_due() == LATER
        await unit.mails.remove(mail.key)
        assert await unit.mails.next_due() is None
