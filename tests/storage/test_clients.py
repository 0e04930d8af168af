"""Service clients as they are kept, on every database."""

import dataclasses
from datetime import datetime, timedelta

from gateway.domain.clients import ClientRecord, ClientScope
from gateway.domain.identity import own_key
from gateway.storage import SqlStorage, tables
from tests.clock import NOON
from tests.samples import new_id

LATER = NOON + timedelta(days=1)


def a_client(name: str = "acme", at: datetime = NOON) -> ClientRecord:
    return ClientRecord(new_id("ServiceClient"), name, frozenset({ClientScope.PROVIDERS_WRITE}), at, "digest-1")


async def test_a_client_is_kept_with_its_scopes_and_the_digests_of_its_secrets(storage: SqlStorage) -> None:
    acme, other = a_client(), a_client("other")
    async with storage.writing() as unit:
        await unit.clients.add(acme)
        await unit.clients.add(other)
        await unit.clients.mark_used(acme.id, LATER)

    rotated = dataclasses.replace(
        acme,
        generation=2,
        secret_digest="digest-2",
        previous_digest="digest-1",
        previous_secret_until=LATER,
        ended_at=LATER,
    )
    async with storage.writing() as unit:
        held = await unit.clients.get(acme.id, lock=True)
        await unit.clients.save(rotated)

    async with storage.reading() as unit:
        assert held == dataclasses.replace(acme, last_used_at=LATER)
        assert await unit.clients.get(acme.id) == dataclasses.replace(rotated, last_used_at=LATER)
        assert await unit.clients.get(other.id) == other
        assert await unit.clients.get(new_id("ServiceClient")) is None
        assert await unit.clients.get("\0") is None


def _made(record: ClientRecord) -> tuple[datetime, str | None]:
    return record.created_at, own_key("ServiceClient", record.id)


async def test_clients_are_listed_newest_first(storage: SqlStorage) -> None:
    kept = [a_client(str(number), NOON + timedelta(minutes=number // 2)) for number in range(5)]
    async with storage.writing() as unit:
        for each in kept:
            await unit.clients.add(each)

    async with storage.reading() as unit:
        first = await unit.clients.page(2, None)
        rest = await unit.clients.page(9, (first[-1].created_at, first[-1].id))

    assert [*first, *rest] == sorted(kept, key=_made, reverse=True)


async def test_a_scope_of_a_newer_version_allows_nothing(storage: SqlStorage) -> None:
    acme = a_client()
    async with storage.writing() as unit:
        await unit.clients.add(acme)
    async with storage.engine.begin() as connection:
        await connection.execute(tables.service_client.update().values(scopes='["all:powerful","operations"]'))

    async with storage.reading() as unit:
        found = await unit.clients.get(acme.id)

    assert found is not None
    assert found.scopes == {ClientScope.OPERATIONS}
