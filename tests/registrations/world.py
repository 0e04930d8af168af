"""The parts of a gateway that bring providers in: storage, registry, catalogue, joining and checking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from cryptography.fernet import Fernet

from gateway.contract.provider import Connect, Limits
from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.identity import own_id
from gateway.domain.parties import Actor, Agreement, Caller, ServiceClient
from gateway.domain.registration_events import RegistrationEvent
from gateway.domain.registrations import Connection, ProviderRegistration, RegistrationStatus
from gateway.federation.callbacks import Callbacks, registered
from gateway.federation.joining import Joining, Parts
from gateway.federation.projection import open_projection
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.federation.tending import tended
from gateway.storage import MemoryWakeUps, SqlStorage, SystemClock, open_storage
from gateway.storage.sealing import FernetSealing
from gateway.usecases.checking import follow_registrations
from gateway.usecases.core import Core
from gateway.usecases.health import keep_health
from gateway.usecases.onboarding import Onboarding
from gateway.usecases.policy import PROVIDERS_WRITE
from gateway.usecases.registration_inputs import RegisterProvider
from gateway.usecases.registrations import find_registration, register_provider
from tests.federation.scripted import Adapter

KEY = Fernet.generate_key().decode()
SECRET = "s3cret-of-acme"
OPERATOR = Caller(Actor("operator", "operator", is_operator=True))
SP = (ProviderRole.SERVICE_PROVIDER,)
CONFIGURED = ProviderSpec("in-file", "In the file", SP, "scripted", {"url": "http://in.file"})


RESALE = Agreement(own_id("Agreement", "resale"), "Resale", frozenset({"operator", "in-file"}))


def partner(name: str, *scopes: str) -> Caller:
    """A service client, with the scope that partners have unless others are given."""
    return Caller(client=ServiceClient(name, name.title(), frozenset(scopes or (PROVIDERS_WRITE,))))


ACME, OTHER = partner("acme"), partner("other")


class Gate:
    """A provider that answers once the gate is open."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def __call__(self) -> None:
        await self._event.wait()

    def open(self) -> None:
        self._event.set()


@dataclass
class World:
    """One gateway's parts. `adapter` is of scripted providers."""

    core: Core
    adapter: Adapter
    storage: SqlStorage

    async def register(self, caller: Caller = ACME, **given: Any) -> ProviderRegistration:
        """Registers a provider of the scripted adapter."""
        return await register_provider(self.core, caller, registering(**given))

    async def read(self, registration: ProviderRegistration) -> ProviderRegistration:
        """The registration as it is now."""
        found = await find_registration(self.core, OPERATOR, registration.id)
        assert found is not None
        return found

    async def settled(
        self, registration: ProviderRegistration, status: RegistrationStatus = RegistrationStatus.ACTIVE
    ) -> ProviderRegistration:
        """The registration once its checks are over, with that status."""

        async def is_over() -> bool:
            return (await self.read(registration)).status is not RegistrationStatus.CHECKING

        await until(is_over)
        found = await self.read(registration)
        assert found.status is status, found
        return found

    async def events(self, registration: ProviderRegistration) -> list[RegistrationEvent]:
        """Its whole history."""
        async with self.storage.reading() as unit:
            return list(await unit.registrations.events(registration.id, 0, 1000))

    def offerings(self, slug: str) -> int:
        """How many of its offerings the catalogue lists."""
        return sum(1 for each in self.core.offerings.all() if each.provider.slug == slug)


def registering(slug: str = "acme-tv", name: str = "Acme TV", **given: Any) -> RegisterProvider:
    """An input; by default of a scripted provider with a bearer token."""
    connection = Connection("scripted", {"url": "http://acme.example"}, {"bearer_token": SECRET})
    return RegisterProvider(**{"slug": slug, "name": name, "roles": SP, "connection": connection, **given})


async def until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = condition()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def open_world(
    url: str,
    *,
    key: str = KEY,
    by: str = "local",
    checks: bool = True,
    adapters: Mapping[str, Connect] | None = None,
) -> AsyncIterator[World]:
    """A gateway's parts from entry to exit; with `checks` it runs those of what is registered."""
    wakeups, clock, adapter = MemoryWakeUps(), SystemClock(), Adapter()
    known = {"scripted": adapter.connect, **(adapters or {})}
    async with (
        open_storage(url, wakeups, clock, None) as storage,
        open_registry([CONFIGURED], [RESALE], clock, adapters=known, retry_s=0.2) as registry,
        open_projection(registry, wakeups, clock, age=timedelta(hours=1)) as projection,
        registered(registry, Callbacks("http://127.0.0.1:1", b"key"), retry_s=0.1) as subscriptions,
    ):
        onboarding = Onboarding(
            FernetSealing([key]), known, (CONFIGURED,), Limits(read_tries=1), by=by, agreements=(RESALE,)
        )
        core = Core(storage, registry, projection, wakeups, clock, onboarding=onboarding)
        joining = Joining(
            storage, wakeups, onboarding.sealing, Parts(registry, projection, subscriptions), Limits(read_tries=1)
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(tended("joining", joining.follow))
            await stack.enter_async_context(tended("health", partial(keep_health, core, registry.health_change)))
            if checks:
                await stack.enter_async_context(tended("checking", partial(follow_registrations, core)))
            yield World(core, adapter, storage)
