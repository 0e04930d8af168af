"""Agreements: proposed by one party, in force once all have approved, and only between those whose business it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.domain.agreements import AgreementStatus, Proposed, ProviderAgreement
from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id
from gateway.domain.ordering.bundle_rules import Part
from gateway.domain.ordering.bundles import BundleItem
from gateway.domain.parties import Caller
from gateway.federation.directory import Directory
from gateway.usecases.agreements import (
    approve_agreement,
    check_agreed,
    list_agreements,
    parties_of,
    propose_agreement,
    reject_agreement,
    terminate_agreement,
)
from gateway.usecases.registration_inputs import GivenAgreement
from gateway.usecases.registrations import remove_provider
from tests.registrations.world import ACME, OPERATOR, OTHER, RESALE, World, partner, until

BOTH = Proposed("Films over fibre", frozenset({"acme-tv", "other-net"}), ("iptv",))


@pytest.fixture
async def two(world: World) -> World:
    """A provider of Acme's and one of the other partner's."""
    for caller, slug in ((ACME, "acme-tv"), (OTHER, "other-net")):
        await world.settled(await world.register(caller, slug=slug))
    return world


async def in_force(world: World, count: int) -> list[str]:
    """The names of those that count, once there are so many beside the file's."""
    await until(lambda: len(world.core.directory.agreements()) == count + 1)
    return [each.name for each in world.core.directory.agreements()]


def codes(error: pytest.ExceptionInfo[RequestError]) -> list[tuple[str, tuple[str, ...] | None]]:
    return [(each.code, each.field) for each in error.value.problems]


async def listed(world: World, caller: Caller) -> list[ProviderAgreement]:
    return [each.node for each in (await list_agreements(world.core, caller, None, None)).edges]


@pytest.mark.requirement("R6")
async def test_an_agreement_counts_when_the_other_side_has_approved_and_not_before(two: World) -> None:
    proposed = await propose_agreement(two.core, ACME, BOTH)
    before = [each.name for each in two.core.directory.agreements()]
    approved = await approve_agreement(two.core, OTHER, proposed.id)

    assert (proposed.status, proposed.missing, before) == (
        AgreementStatus.IN_PROCESS,
        frozenset({"other-net"}),
        ["Resale"],
    )
    assert approved.status is AgreementStatus.APPROVED
    assert await in_force(two, 1) == ["Resale", "Films over fibre"]
    found = two.core.directory.agreements()[1]
    assert found.covers("acme-tv", "other-net", frozenset({"iptv"}), datetime.now(UTC))
    assert not found.covers("acme-tv", "other-net", frozenset({"mobile"}), datetime.now(UTC))
    assert await approve_agreement(two.core, OTHER, proposed.id) == approved


@pytest.mark.requirement("R6")
async def test_either_party_ends_it_and_a_proposal_is_turned_down(two: World) -> None:
    ended = await propose_agreement(two.core, ACME, BOTH)
    await approve_agreement(two.core, OTHER, ended.id)
    await in_force(two, 1)
    with pytest.raises(RequestError) as early:
        await reject_agreement(two.core, OTHER, ended.id)

    gone = await terminate_agreement(two.core, ACME, ended.id)
    rejected = await reject_agreement(two.core, OTHER, (await propose_agreement(two.core, ACME, BOTH)).id)

    assert codes(early) == [("NOT_IN_PROCESS", ("agreementId",))]
    assert (gone.status, rejected.status) == (AgreementStatus.TERMINATED, AgreementStatus.REJECTED)
    assert await in_force(two, 0) == ["Resale"]
    for over in (gone, rejected):
        with pytest.raises(RequestError) as late:
            await approve_agreement(two.core, OTHER, over.id)
        assert codes(late) == [("AGREEMENT_OVER", ("agreementId",))]


@pytest.mark.requirement("R6")
async def test_what_ended_a_moment_ago_lets_no_order_pass_where_it_is_not_known_yet(two: World) -> None:
    proposed = await propose_agreement(two.core, ACME, replace(BOTH, categories=None))
    await approve_agreement(two.core, OTHER, proposed.id)
    await in_force(two, 1)
    await until(lambda: two.offerings("acme-tv") + two.offerings("other-net") == 4)
    theirs = ("acme-tv", "other-net")
    sold = {each.provider.slug: each for each in two.core.offerings.all() if each.provider.slug in theirs}
    parts = [Part(BundleItem(slug, each.id, each.name, slug, each.role), each) for slug, each in sold.items()]
    known = two.core.directory.agreements()
    unaware = replace(two.core, directory=cast(Directory, SimpleNamespace(agreements=lambda: known)))

    async with two.storage.writing() as unit:
        await check_agreed(unaware, unit, parts)
    await terminate_agreement(two.core, ACME, proposed.id)

    with pytest.raises(RequestError) as ended:
        async with two.storage.writing() as unit:
            await check_agreed(unaware, unit, parts)
    assert codes(ended) == [("NOT_ORDERABLE", ("bundleId",))]


@pytest.mark.requirement("S3")
async def test_a_stranger_finds_no_agreement_and_proposes_none_in_anothers_name(two: World) -> None:
    stranger = partner("stranger")
    kept = await propose_agreement(two.core, ACME, BOTH)

    for change in (approve_agreement, reject_agreement, terminate_agreement):
        for agreement_id in (kept.id, own_id("Agreement", "resale"), "nonsense", ""):
            with pytest.raises(RequestError) as refused:
                await change(two.core, stranger, agreement_id)
            assert codes(refused) == [("NOT_FOUND", ("agreementId",))]
    with pytest.raises(RequestError) as foreign:
        await propose_agreement(two.core, stranger, BOTH)
    with pytest.raises(RequestError, match="FORBIDDEN"):
        await list_agreements(two.core, partner("weak", "operations"), None, None)

    assert codes(foreign) == [("NOT_A_PARTY", ("providerIds",))]
    assert (await listed(two, stranger), await listed(two, OTHER)) == ([], [kept])


async def test_the_operator_approves_for_its_own_and_for_nobody_else(two: World) -> None:
    three = Proposed("All together", frozenset({"acme-tv", "in-file", "operator"}))
    kept = await propose_agreement(two.core, ACME, three)
    foreign = await propose_agreement(two.core, ACME, BOTH)

    approved = await approve_agreement(two.core, OPERATOR, kept.id)
    with pytest.raises(RequestError) as refused:
        await approve_agreement(two.core, OPERATOR, foreign.id)
    ended = await terminate_agreement(two.core, OPERATOR, foreign.id)

    assert (kept.missing, approved.status) == (frozenset({"in-file", "operator"}), AgreementStatus.APPROVED)
    assert codes(refused) == [("NOT_FOUND", ("agreementId",))]
    assert ended.status is AgreementStatus.TERMINATED


async def test_the_operator_sees_those_of_its_file_last_and_changes_none(two: World) -> None:
    made = [await propose_agreement(two.core, ACME, BOTH) for _ in range(2)]

    pages, after = [], None
    while True:
        page = await list_agreements(two.core, OPERATOR, 1, after)
        pages += [each.node.id for each in page.edges]
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            break
    with pytest.raises(RequestError) as fixed:
        await terminate_agreement(two.core, OPERATOR, RESALE.id)

    assert pages == [made[1].id, made[0].id, RESALE.id]
    assert codes(fixed) == [("IS_CONFIGURED", ("agreementId",))]


async def test_a_registration_proposes_agreements_that_end_when_it_is_removed(world: World) -> None:
    operators = GivenAgreement("Reselling", ())
    mixed = GivenAgreement("With the file's", (own_id("Provider", "in-file"),), with_operator=True)
    kept = await world.settled(await world.register(agreements=(operators, mixed)))

    again = await world.register(agreements=(operators, mixed))
    proposed = await listed(world, ACME)
    for each in proposed:
        await approve_agreement(world.core, OPERATOR, each.id)
    names = await in_force(world, 2)
    await remove_provider(world.core, ACME, kept.id)

    assert again.id == kept.id
    assert [set(each.agreement.parties) for each in proposed] == [
        {"acme-tv", "in-file", "operator"},
        {"acme-tv", "operator"},
    ]
    assert sorted(names) == ["Resale", "Reselling", "With the file's"]
    assert await in_force(world, 0) == ["Resale"]


WRONG = [
    (Proposed(" ", frozenset({"acme-tv", "operator"})), "INVALID_NAME", ("name",)),
    (Proposed("a\0b", frozenset({"acme-tv", "operator"})), "INVALID_NAME", ("name",)),
    (Proposed("One", frozenset({"acme-tv"})), "TOO_FEW_PARTIES", ("providerIds",)),
    (Proposed("Many", frozenset({"acme-tv", *map(str, range(20))})), "TOO_MANY_PARTIES", ("providerIds",)),
    (Proposed("Gone", frozenset({"acme-tv", "nobody"})), "NOT_FOUND", ("providerIds",)),
    (Proposed("None", frozenset({"acme-tv", "operator"}), ()), "INVALID_TEXT", ("categories",)),
    (Proposed("Odd", frozenset({"acme-tv", "operator"}), ("",)), "INVALID_TEXT", ("categories", "0")),
    (
        Proposed("Past", frozenset({"acme-tv", "operator"}), valid_until=datetime.now(UTC) - timedelta(days=1)),
        "INVALID_PERIOD",
        ("validUntil",),
    ),
]


@pytest.mark.parametrize(("proposed", "code", "field"), WRONG, ids=[each[0].name for each in WRONG])
async def test_what_is_wrong_with_a_proposal_is_told_at_its_field(
    two: World, proposed: Proposed, code: str, field: tuple[str, ...]
) -> None:
    with pytest.raises(RequestError) as wrong:
        await propose_agreement(two.core, ACME, proposed)

    assert codes(wrong) == [(code, field)]
    assert await listed(two, ACME) == []


def test_providers_are_named_by_their_ids_and_nobody_means_the_operator() -> None:
    nord = own_id("Provider", "nord")

    assert parties_of([nord], False) == {"nord"}
    assert parties_of([nord], True) == {"nord", "operator"}
    assert parties_of([], False) == {"operator"}
    with pytest.raises(RequestError) as unknown:
        parties_of([nord, "nonsense", own_id("Customer", "nord")], False, "providerIds")
    assert codes(unknown) == [("NOT_FOUND", ("providerIds", "1")), ("NOT_FOUND", ("providerIds", "2"))]
