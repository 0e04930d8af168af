"""Which providers run: finds their adapters, opens them, and keeps trying those that can't be reached."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from random import uniform
from typing import Any

from gateway.contract.provider import Connect, Limits, Provider, ProviderSettings
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.errors import GatewayError, ProviderError, Unavailable
from gateway.domain.identity import own_id
from gateway.domain.parties import Agreement
from gateway.federation.guard import sorting
from gateway.federation.guarded import guarded, unreachable
from gateway.federation.unwatched import UNWATCHED
from gateway.ports import Clock, ProviderCalls

ENTRY_POINT_GROUP = "gateway.adapters"


class UnknownAdapter(GatewayError):
    """A provider names an adapter that is not installed."""


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """A provider that is to run: data, never code. `options` are its adapter's own."""

    slug: str
    name: str
    roles: tuple[ProviderRole, ...]
    adapter: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    limits: Limits = field(default_factory=Limits)

    @property
    def profile(self) -> ProviderProfile:
        """Its public face."""
        return ProviderProfile(own_id("Provider", self.slug), self.slug, self.name, self.roles)


class Registry:
    """Implements Directory. A provider that is not connected (yet) is there too: every call to it is Unavailable."""

    def __init__(
        self,
        specs: Sequence[ProviderSpec],
        agreements: Sequence[Agreement],
        clock: Clock,
        calls: ProviderCalls = UNWATCHED,
    ) -> None:
        self._profiles = {spec.slug: spec.profile for spec in sorted(specs, key=lambda spec: spec.slug)}
        self._providers = {slug: unreachable(profile) for slug, profile in self._profiles.items()}
        self._agreements = tuple(agreements)
        self._clock = clock
        self._calls = calls
        self._failures: dict[str, ProviderError | None] = dict.fromkeys(self._profiles)

    def provider(self, slug: str) -> Provider | None:
        """The provider of that slug."""
        return self._providers.get(slug)

    def providers(self) -> Sequence[Provider]:
        """All of them, by slug."""
        return tuple(self._providers.values())

    def profile(self, slug: str) -> ProviderProfile | None:
        """The public face of the provider of that slug, also while it can't be reached."""
        return self._profiles.get(slug)

    def agreements(self) -> Sequence[Agreement]:
        """All agreements, in force or not."""
        return self._agreements

    def failure(self, slug: str) -> ProviderError | None:
        """Why the provider is not connected, None where it is."""
        return self._failures.get(slug)

    async def keep_open(self, spec: ProviderSpec, connect: Connect, tried: asyncio.Event, retry_s: float) -> None:
        """Opens the provider and holds it until cancelled; tries again, with jitter, when it can't be opened."""
        while True:
            try:
                await self._hold(spec, connect, tried)
            except ProviderError as error:
                self._failures[spec.slug] = error
                self._providers[spec.slug] = unreachable(spec.profile)
                tried.set()
            await asyncio.sleep(uniform(0.5, 1.5) * retry_s)  # noqa: S311 jitter

    async def _hold(self, spec: ProviderSpec, connect: Connect, tried: asyncio.Event) -> None:
        settings = ProviderSettings(spec.profile, spec.options, spec.limits, self._clock.now)
        with sorting(spec.slug, "connect", Unavailable):
            async with connect(settings) as provider:
                self._providers[spec.slug] = guarded(provider, spec.limits, self._clock, self._calls)
                self._failures[spec.slug] = None
                tried.set()
                await asyncio.Event().wait()


def installed_adapters() -> Mapping[str, Connect]:
    """The adapters that are installed, by name."""
    return {point.name: point.load() for point in entry_points(group=ENTRY_POINT_GROUP)}


@asynccontextmanager
async def open_registry(
    specs: Sequence[ProviderSpec],
    agreements: Sequence[Agreement],
    clock: Clock,
    *,
    adapters: Mapping[str, Connect] | None = None,
    retry_s: float = 5.0,
    calls: ProviderCalls = UNWATCHED,
) -> AsyncIterator[Registry]:
    """Opens every provider side by side, until the exit; one that can't be reached stops nobody and is tried again.

    Returns once each has been tried, or its change limit is over; `calls` is told of each call. Raises: UnknownAdapter.
    """
    connects = {spec.slug: _adapter(spec, adapters) for spec in specs}
    registry = Registry(specs, agreements, clock, calls)
    tried = {spec.slug: asyncio.Event() for spec in specs}
    # Each provider is entered and left in one task of its own, as context managers with time limits inside demand.
    tasks = [
        asyncio.create_task(registry.keep_open(spec, connects[spec.slug], tried[spec.slug], retry_s)) for spec in specs
    ]
    try:
        await asyncio.gather(*(_wait_at_most(tried[spec.slug], spec.limits.change_timeout_s) for spec in specs))
        yield registry
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _adapter(spec: ProviderSpec, adapters: Mapping[str, Connect] | None) -> Connect:
    known = installed_adapters() if adapters is None else adapters
    if spec.adapter not in known:
        installed = ", ".join(sorted(known)) or "none"
        raise UnknownAdapter(f"provider {spec.slug!r}: no adapter {spec.adapter!r} (installed: {installed})")
    return known[spec.adapter]


async def _wait_at_most(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
