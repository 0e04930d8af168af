"""Agreements: found by their parties, counted while they are not over, ended when a party leaves."""

import dataclasses
from datetime import timedelta

from gateway.domain.agreements import AgreementStatus, ProviderAgreement
from gateway.domain.parties import Agreement
from gateway.storage import MemoryWakeUps, SqlStorage
from tests.clock import NOON
from tests.samples import new_id

LATER = NOON + timedelta(minutes=1)


def an_agreement(*parties: str, minutes: int = 0, **changed: object) -> ProviderAgreement:
    """A proposal that nobody has approved."""
    at = NOON + timedelta(minutes=minutes)
    terms = Agreement(new_id("Agreement"), "Reselling", frozenset(parties), frozenset({"iptv"}), NOON, None)
    made = ProviderAgreement(terms, AgreementStatus.IN_PROCESS, at, at)
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]


async def keep(storage: SqlStorage, *agreements: ProviderAgreement) -> None:
    async with storage.writing() as unit:
        for each in agreements:
            await unit.agreements.add(each)


async def test_an_agreement_is_found_again_as_it_was_kept(storage: SqlStorage) -> None:
    made = an_agreement("nord", "syd").approved_by({"nord"}, NOON)
    await keep(storage, made)

    async with storage.reading() as unit:
        found = await unit.agreements.get(made.id)
        others = [await unit.agreements.get(each) for each in ("nonsense", new_id("Agreement"), "")]

    assert found == made
    assert others == [None, None, None]


async def test_the_last_partys_approval_makes_it_count(storage: SqlStorage) -> None:
    made = an_agreement("nord", "syd").approved_by({"nord"}, NOON)
    await keep(storage, made)
    async with storage.reading() as unit:
        before = await unit.agreements.approved()

    async with storage.writing() as unit:
        held = await unit.agreements.get(made.id, lock=True)
        assert held is not None
        await unit.agreements.save(held.approved_by({"syd", "vest"}, LATER))

    async with storage.reading() as unit:
        after = await unit.agreements.approved()
    assert (before, [each.id for each in after]) == ([], [made.id])
    assert [(each.party, each.approved_at) for each in after[0].approvals] == [("nord", NOON), ("syd", LATER)]


async def test_a_page_has_the_newest_first_and_only_those_of_the_parties_that_are_meant(storage: SqlStorage) -> None:
    first, second, third = (
        an_agreement("nord", "syd"),
        an_agreement("syd", "vest", minutes=1),
        an_agreement("nord", "vest", minutes=2),
    )
    await keep(storage, first, second, third)

    async with storage.reading() as unit:
        everyone = await unit.agreements.page(None, 2, None)
        rest = await unit.agreements.page(None, 2, (second.created_at, second.id))
        nords = await unit.agreements.page(["nord"], 10, None)
        both = await unit.agreements.page(["nord", "syd"], 10, None)
        nobodys = await unit.agreements.page([], 10, None)

    assert [list(each) for each in (everyone, rest, nords)] == [[third, second], [first], [third, first]]
    assert (list(both), nobodys) == ([third, second, first], [])


async def test_who_leaves_ends_what_it_agreed_to_and_nothing_else(storage: SqlStorage) -> None:
    theirs, others = an_agreement("nord", "syd"), an_agreement("syd", "vest")
    rejected = an_agreement("nord", "vest", status=AgreementStatus.REJECTED)
    await keep(storage, theirs, others, rejected)

    async with storage.writing() as unit:
        before = await unit.agreements.count("nord")
        await unit.agreements.end_all("nord", LATER)

    async with storage.reading() as unit:
        after = await unit.agreements.count("nord"), await unit.agreements.count("syd")
        found = [await unit.agreements.get(each.id) for each in (theirs, others, rejected)]
    assert (before, after) == (1, (0, 1))
    states = [each.status for each in found if each]
    assert states == [AgreementStatus.TERMINATED, AgreementStatus.IN_PROCESS, AgreementStatus.REJECTED]


async def test_every_gateway_hears_of_a_change(storage: SqlStorage, wakeups: MemoryWakeUps) -> None:
    async with storage.reading() as unit:
        before = await unit.registrations.number()

    with wakeups.listen("providers") as waiter:
        await keep(storage, an_agreement("nord", "syd"))
        assert await waiter.wait(0.1)

    async with storage.reading() as unit:
        assert await unit.registrations.number() == before + 1
