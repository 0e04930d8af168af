"""What is done to providers and agreements is a security event, once, with who did it and no secret."""

from dataclasses import replace

import pytest

from gateway.domain.agreements import Proposed
from gateway.domain.errors import RequestError
from gateway.domain.registrations import Connection
from gateway.domain.security import SecurityEventKind as Kind
from gateway.usecases.agreements import approve_agreement, propose_agreement, terminate_agreement
from gateway.usecases.registration_inputs import UpdateProvider
from gateway.usecases.registrations import remove_provider, resume_provider, suspend_provider, update_provider
from tests.registrations.world import ACME, OPERATOR, OTHER, SECRET, World
from tests.security.recording import recorded, verify

BOTH = Proposed("Films over fibre", frozenset({"acme-tv", "other-net"}), ("iptv",))


@pytest.mark.requirement("S4")
async def test_a_providers_life_is_told(world: World) -> None:
    made = await world.settled(await world.register())
    await world.register()  # the same again: nothing happens
    caller = replace(ACME, address="192.0.2.1")
    await update_provider(world.core, caller, UpdateProvider(made.id, name="Acme Films"))
    another = Connection("scripted", {"url": "http://acme.example"}, {"bearer_token": "another-s3cret"})
    await world.settled(await update_provider(world.core, caller, UpdateProvider(made.id, connection=another)))
    for _ in range(2):
        await suspend_provider(world.core, caller, made.id)
    for _ in range(2):
        await resume_provider(world.core, OPERATOR, made.id)
    with pytest.raises(RequestError):
        await remove_provider(world.core, OTHER, made.id)
    await remove_provider(world.core, caller, made.id)

    told = await recorded(world.storage)

    assert [(each.kind, each.actor_id, each.subject) for each in told] == [
        (Kind.PROVIDER_REGISTERED, "acme", "acme-tv"),
        (Kind.PROVIDER_CHANGED, "acme", "acme-tv"),
        (Kind.PROVIDER_CREDENTIALS_CHANGED, "acme", "acme-tv"),
        (Kind.PROVIDER_SUSPENDED, "acme", "acme-tv"),
        (Kind.PROVIDER_RESUMED, "operator", "acme-tv"),
        (Kind.PROVIDER_REMOVED, "acme", "acme-tv"),
    ]
    assert told[1].address == "192.0.2.1"
    assert SECRET not in str(told)
    assert "another-s3cret" not in str(told)
    assert {each.customer_id for each in told} == {None}
    assert (await verify(world.storage)).finding is None


@pytest.mark.requirement("S4")
async def test_an_agreement_is_told_with_what_it_has_become(world: World) -> None:
    for caller, slug in ((ACME, "acme-tv"), (OTHER, "other-net")):
        await world.settled(await world.register(caller, slug=slug))
    proposed = await propose_agreement(world.core, ACME, BOTH)
    for _ in range(2):
        await approve_agreement(world.core, OTHER, proposed.id)
    await terminate_agreement(world.core, ACME, proposed.id)

    told = await recorded(world.storage, Kind.AGREEMENT_CHANGED)

    assert [(each.actor_id, each.subject, each.params["status"]) for each in told] == [
        ("acme", proposed.id, "IN_PROCESS"),
        ("other", proposed.id, "APPROVED"),
        ("acme", proposed.id, "TERMINATED"),
    ]
