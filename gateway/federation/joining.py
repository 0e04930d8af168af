"""Takes over what is registered: providers join, change, are suspended and leave while the gateway runs."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gateway.contract.provider import Limits
from gateway.domain.registrations import Connection, ProviderRegistration, RegistrationStatus
from gateway.federation.callbacks import Subscriptions
from gateway.federation.projection import Projection
from gateway.federation.registry import ProviderSpec, Registry, UnknownAdapter
from gateway.ports import Storage, WakeUps
from gateway.ports.registrations import PROVIDERS_TOPIC, SealBroken, SealedConnections, Sealing

log = logging.getLogger(__name__)

# How soon another process's change is seen; its price is one read of one row.
SWEEP_S = 0.5
# How soon another key is noticed; its price is one read of a small file.
RESEAL_LOOK_S = 2.0


def sealed_connection(sealing: Sealing, connection: Connection) -> str:
    """The connection with its credentials, readable for nobody without the key."""
    parts = [connection.adapter, connection.options, connection.credentials]
    return sealing.seal(json.dumps(parts, sort_keys=True))


def unsealed_connection(sealing: Sealing, sealed: str) -> Connection:
    """The connection again. Raises: SealBroken."""
    adapter, options, credentials = json.loads(sealing.unseal(sealed))
    return Connection(adapter, options, credentials)


def spec_of(registration: ProviderRegistration, connection: Connection, limits: Limits) -> ProviderSpec:
    """What is to run of a registration."""
    profile = registration.profile
    return ProviderSpec(profile.slug, profile.name, profile.roles, connection.adapter, connection.settings, limits)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a provider is part of in this process."""

    registry: Registry
    projection: Projection
    subscriptions: Subscriptions


class Joining:
    """Brings this process to what the table says, each provider by itself: one that is slow delays no other."""

    def __init__(self, storage: Storage, wakeups: WakeUps, sealing: Sealing, parts: Parts, limits: Limits) -> None:
        self._storage = storage
        self._wakeups = wakeups
        self._sealing = sealing
        self._parts = parts
        self._limits = limits
        # Of the operator's file: nothing that is registered takes their place.
        self._configured = frozenset(each.profile.slug for each in parts.registry.providers())
        self._number = -1
        self._revisions: Mapping[str, int] = {}
        self._known: dict[str, ProviderSpec] = {}
        self._announcing: set[asyncio.Task[None]] = set()

    async def follow(self) -> None:
        """Takes over each change, at the wake-up of this process or half a second after another's."""
        with self._wakeups.listen(PROVIDERS_TOPIC) as waiter:
            while True:
                await self.take_over()
                await waiter.wait(SWEEP_S)

    async def take_over(self) -> None:
        """Makes the providers here those that serve; without a change since the last time, one read of one row."""
        async with self._storage.reading() as unit:
            number = await unit.registrations.number()
            if number == self._number:
                return
            serving = await unit.registrations.serving()
            revisions = await unit.registrations.revisions()
            approved = await unit.agreements.approved()
        wanted = {each.slug: (each, sealed) for each, sealed in serving if each.slug not in self._configured}
        for slug in self._known.keys() - wanted.keys():
            await self._leave(slug)
        for registration, sealed in wanted.values():
            await self._join(registration, sealed)
        self._parts.registry.agree([each.agreement for each in approved])
        self._tell(revisions)
        self._number = number

    async def _join(self, registration: ProviderRegistration, sealed: str) -> None:
        slug, registry, projection = registration.slug, self._parts.registry, self._parts.projection
        is_suspended = registration.effective is RegistrationStatus.SUSPENDED
        try:
            spec = spec_of(registration, unsealed_connection(self._sealing, sealed), self._limits)
            if spec != self._known.get(slug):
                registry.put(spec, is_suspended=is_suspended)
                self._announce(slug)
        except (SealBroken, UnknownAdapter) as error:
            log.error("provider can't join provider=%s error=%s", slug, type(error).__name__)  # noqa: TRY400
            return
        self._known[slug] = spec
        registry.suspend(slug, is_suspended=is_suspended)
        projection.add(spec.profile, is_sold=not is_suspended)
        await projection.set_sold(slug, is_sold=not is_suspended)
        self._parts.subscriptions.add(slug)

    async def _leave(self, slug: str) -> None:
        del self._known[slug]
        await self._parts.subscriptions.drop(slug)
        self._parts.registry.drop(slug)
        await self._parts.projection.drop(slug)

    def _announce(self, slug: str) -> None:
        """Has the catalogue read as soon as the provider is open."""

        async def announce() -> None:
            await self._parts.registry.tried(slug)
            # Whoever looks after each provider looks again, too: by now it can be asked.
            self._wakeups.notify(f"catalog:{slug}", PROVIDERS_TOPIC)

        task = asyncio.create_task(announce())
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)

    def _tell(self, revisions: Mapping[str, int]) -> None:
        """Wakes who follows a registration that another process has changed."""
        changed = [each for each in {*revisions, *self._revisions} if revisions.get(each) != self._revisions.get(each)]
        self._wakeups.notify(*(f"registration:{each}" for each in changed))
        self._revisions = revisions


async def reseal(storage: Storage, sealing: Sealing) -> int:
    """Seals what an older key has sealed by the newest one; how many were. One that no key opens stays as it is."""
    count = 0
    async with storage.writing() as unit:
        for registration_id, seen in (await unit.registrations.all_connections()).items():
            if seen.renewed(sealing) is None:
                continue
            registration = await unit.registrations.get(registration_id, lock=True)
            # Read again under the lock: another gateway may have changed it, or sealed it anew, meanwhile.
            renewed = (await unit.registrations.connections(registration_id)).renewed(sealing)
            if registration is not None and renewed is not None:
                await unit.registrations.save(registration, renewed)
                count += 1
    return count


async def keep_resealed(
    newest: Callable[[], str], reseal_all: Callable[[], Awaitable[None]], sealed_by: str | None = None
) -> None:
    """Has all sealed anew whenever another key than `sealed_by`, by which all is sealed already, is the newest one."""
    while True:
        key = newest()
        if key != sealed_by:
            await reseal_all()
            sealed_by = key
        await asyncio.sleep(RESEAL_LOOK_S)


async def unopened(storage: Storage, sealing: Sealing) -> int:
    """How many registrations have a connection that it does not open."""
    async with storage.reading() as unit:
        connections = (await unit.registrations.all_connections()).values()
    return sum(not _opens(sealing, each) for each in connections)


def _opens(sealing: Sealing, connections: SealedConnections) -> bool:
    try:
        for sealed in filter(None, (connections.serving, connections.pending)):
            sealing.unseal(sealed)
    except SealBroken:
        return False
    return True
