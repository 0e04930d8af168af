"""Links to identities, and what came by them, on every database."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.domain.clients import ClientRecord
from gateway.domain.issuer import IssuerSubject
from gateway.ports import Session
from gateway.ports.issuer import IssuerSession, SignInCode
from gateway.storage import SqlStorage
from tests.clock import NOON
from tests.samples import an_account, new_id

ISSUER = "https://id.example.com"
ANNA, BEA = IssuerSubject(ISSUER, "anna"), IssuerSubject(ISSUER, "bea")
LATER = NOON + timedelta(minutes=1)


async def an_actor(storage: SqlStorage, username: str = "maria") -> str:
    account = an_account(username)
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
    return account.actor_id


async def test_an_identity_has_one_account_and_an_account_one_identity_of_an_issuer(storage: SqlStorage) -> None:
    maria, nils = await an_actor(storage), await an_actor(storage, "nils")
    elsewhere = IssuerSubject("https://other.example.com", "anna")

    async with storage.writing() as unit:
        links = unit.issuer_accounts
        assert await links.link(ANNA, maria, NOON)
        assert [await links.link(ANNA, nils, NOON), await links.link(BEA, maria, NOON)] == [False, False]
        assert await links.link(elsewhere, maria, NOON)

    async with storage.writing() as unit:
        links = unit.issuer_accounts
        assert [await links.actor_of(each) for each in (ANNA, BEA, elsewhere)] == [maria, None, maria]
        assert await links.linked(maria, ISSUER) == ANNA
        assert await links.linked(nils, ISSUER) is await links.linked("nonsense", ISSUER) is None
        assert [await links.unlink(ANNA), await links.unlink(ANNA)] == [True, False]
        assert await links.actor_of(ANNA) is None


async def a_session(storage: SqlStorage, actor: str, key: str, who: IssuerSubject, sid: str | None) -> None:
    async with storage.writing() as unit:
        await unit.accounts.add_session(Session(key, actor, f"digest-{key}", None, None, NOON, LATER))
        await unit.issuer_accounts.keep_session(IssuerSession(key, who, sid, "sealed", LATER))


async def test_sessions_are_found_by_their_subject_by_their_sid_or_by_both(storage: SqlStorage) -> None:
    maria = await an_actor(storage)
    for key, who, sid in (("1", ANNA, "a"), ("2", ANNA, "b"), ("3", BEA, "c"), ("4", ANNA, None)):
        await a_session(storage, maria, key, who, sid)
    async with storage.writing() as unit:
        await unit.accounts.end_session("2", NOON)

    async with storage.reading() as unit:
        found = unit.issuer_accounts
        assert await found.open_sessions(ISSUER, "anna", None) == ["1", "4"]
        assert await found.open_sessions(ISSUER, None, "c") == ["3"]
        assert await found.open_sessions(ISSUER, "anna", "c") == []
        assert await found.open_sessions(ISSUER, None, None) == []
        assert await found.open_sessions("https://other.example.com", "anna", None) == []
        assert await found.session("1") == IssuerSession("1", ANNA, "a", "sealed", LATER)
        assert await found.session("none") is None


def a_code(digest: str, who: IssuerSubject = ANNA, sid: str | None = "a") -> SignInCode:
    return SignInCode(digest, "challenge", who, sid, "sealed", LATER)


async def test_a_code_is_taken_once_and_goes_with_its_time_or_its_session(storage: SqlStorage) -> None:
    async with storage.writing() as unit:
        codes = unit.issuer_accounts
        for code in (a_code("1"), a_code("2"), a_code("3", BEA, None)):
            await codes.keep_code(code, NOON)
        assert await codes.take_code("1") == a_code("1")
        assert await codes.take_code("1") is None

    async with storage.writing() as unit:
        codes = unit.issuer_accounts
        await codes.drop_codes(ISSUER, None, None)
        await codes.drop_codes(ISSUER, "anna", None)
        assert await codes.take_code("2") is None
        await codes.keep_code(a_code("4"), LATER)
        assert await codes.take_code("3") is None
        assert await codes.take_code("4") == a_code("4")


async def test_a_logout_is_remembered_until_it_runs_out(storage: SqlStorage) -> None:
    async def noted(jti: str, at: timedelta = timedelta()) -> bool:
        async with storage.writing() as unit:
            return await unit.issuer_accounts.note_logout(ISSUER, jti, LATER + at, NOON + at)

    assert [await noted("1"), await noted("1"), await noted("2")] == [True, False, True]
    assert await noted("1", timedelta(minutes=2))


async def test_a_clients_id_at_the_issuer_is_one_live_clients(storage: SqlStorage) -> None:
    def record() -> ClientRecord:
        return ClientRecord(new_id("ServiceClient"), "acme", frozenset(), NOON, "d", issuer=ISSUER, issuer_client="a")

    first, second = record(), record()
    async with storage.writing() as unit:
        await unit.clients.add(first)
        assert await unit.clients.of_issuer(ISSUER, "a") == first
        assert await unit.clients.of_issuer(ISSUER, "b") is None
    with pytest.raises(IntegrityError):
        async with storage.writing() as unit:
            await unit.clients.add(second)
    async with storage.writing() as unit:
        ended = ClientRecord(first.id, "acme", frozenset(), NOON, "d", ended_at=LATER, issuer=ISSUER, issuer_client="a")
        await unit.clients.save(ended)
        await unit.clients.add(second)
        assert await unit.clients.of_issuer(ISSUER, "a") == second
