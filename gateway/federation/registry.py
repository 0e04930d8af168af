"""Which providers run: finds their adapters, opens them, keeps trying those that can't be reached, lets others go."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import uniform
from typing import Any

from gateway.contract.provider import Connect, Limits, Provider, ProviderSettings
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.errors import GatewayError, ProviderError, Unavailable
from gateway.domain.health import Circuit, Health, HealthChange, HealthState
from gateway.domain.identity import own_id
from gateway.domain.parties import Agreement
from gateway.federation.adapters import installed_adapters, why_unknown
from gateway.federation.guard import sorting
from gateway.federation.guarded import guarded, unreachable
from gateway.federation.pulse import Pulse
from gateway.federation.unwatched import UNWATCHED
from gateway.ports import Clock, ProviderCalls

END_LIMIT_S = 5.0
CHANGES = 1000


class UnknownAdapter(GatewayError):
    """A provider names an adapter that is not installed, or can't be loaded."""


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


@dataclass(slots=True, eq=False)
class _Held:
    """A provider's place: what it is made of, how it fares, and the task that keeps it open."""

    spec: ProviderSpec
    provider: Provider
    pulse: Pulse
    is_suspended: bool = False
    failure: ProviderError | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Registry:
    """Implements Directory. A provider that is not connected (yet) is there too: every call to it is Unavailable."""

    def __init__(
        self,
        agreements: Sequence[Agreement],
        clock: Clock,
        calls: ProviderCalls = UNWATCHED,
        adapters: Mapping[str, Connect] | None = None,
        retry_s: float = 5.0,
    ) -> None:
        self._held: dict[str, _Held] = {}
        self._coming: dict[str, _Held] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._configured = tuple(agreements)
        self._agreements = self._configured
        self._clock = clock
        self._calls = calls
        self._adapters = installed_adapters() if adapters is None else adapters
        self._retry_s = retry_s
        self._changes: asyncio.Queue[HealthChange] = asyncio.Queue(CHANGES)

    def provider(self, slug: str) -> Provider | None:
        """The provider of that slug."""
        held = self._held.get(slug)
        return held.provider if held else None

    def providers(self) -> Sequence[Provider]:
        """All of them, by slug."""
        return tuple(held.provider for held in self._held.values())

    def profile(self, slug: str) -> ProviderProfile | None:
        """The public face of the provider of that slug, also while it can't be reached."""
        held = self._held.get(slug)
        return held.spec.profile if held else None

    def agreements(self) -> Sequence[Agreement]:
        """All agreements, in force or not."""
        return self._agreements

    def agree(self, agreements: Sequence[Agreement]) -> None:
        """These count from now on, beside those of the operator's file, and no others."""
        self._agreements = (*self._configured, *agreements)

    def is_suspended(self, slug: str) -> bool:
        """Whether the provider takes no new orders."""
        held = self._held.get(slug)
        return held is not None and held.is_suspended

    def health(self, slug: str) -> Health | None:
        """How the provider is; DOWN while it can't be connected."""
        held = self._held.get(slug)
        if held is None:
            return None
        return held.pulse.health() if held.failure is None else Health(HealthState.DOWN)

    async def health_change(self) -> HealthChange:
        """The next change of a provider's health that this process has found, once there is one."""
        return await self._changes.get()

    def _hear(self, change: HealthChange) -> None:
        # Where nobody keeps them, the oldest are lost: it is the newest that count.
        if self._changes.full():
            self._changes.get_nowait()
        self._changes.put_nowait(change)

    def _connection(self, held: _Held, state: HealthState) -> HealthChange:
        return HealthChange(held.spec.slug, "connection", state, Circuit.CLOSED, self._clock.now())

    def failure(self, slug: str) -> ProviderError | None:
        """Why the provider is not connected, None where it is."""
        held = self._held.get(slug)
        return held.failure if held else None

    def put(self, spec: ProviderSpec, *, is_suspended: bool = False) -> None:
        """Adds the provider, or lets it take the place of the one of its slug as soon as it has been tried.

        Raises: UnknownAdapter.
        """
        connect = self.adapter(spec)
        held = _Held(spec, unreachable(spec.profile), Pulse(self._clock, spec.slug, self._hear), is_suspended)
        if spec.slug not in self._held:
            self._place(held)
        self._end(self._coming.pop(spec.slug, None))
        self._coming[spec.slug] = held
        # Each provider is entered and left in one task of its own, as context managers with time limits inside demand.
        held.task = asyncio.create_task(self._keep_open(held, connect))

    def suspend(self, slug: str, *, is_suspended: bool) -> None:
        """Says whether it takes new orders; nothing is closed."""
        for held in (self._held.get(slug), self._coming.get(slug)):
            if held is not None:
                held.is_suspended = is_suspended

    def drop(self, slug: str) -> None:
        """Lets the provider go: its connection is closed."""
        self._end(self._coming.pop(slug, None))
        self._end(self._held.pop(slug, None))

    async def tried(self, slug: str, timeout_s: float | None = None) -> None:
        """Returns once the provider was opened or could not be, or the time (its change limit) is over."""
        held = self._coming.get(slug) or self._held.get(slug)
        if held is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(held.spec.limits.change_timeout_s if timeout_s is None else timeout_s):
                    await held.tried.wait()

    async def close(self) -> None:
        """Closes every connection."""
        for slug in [*self._held]:
            self.drop(slug)
        if self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)

    def adapter(self, spec: ProviderSpec) -> Connect:
        """The adapter that it names. Raises: UnknownAdapter."""
        if spec.adapter not in self._adapters:
            raise UnknownAdapter(f"provider {spec.slug!r}: {why_unknown(spec.adapter, self._adapters)}")
        return self._adapters[spec.adapter]

    def _place(self, held: _Held) -> None:
        self._held = dict(sorted({**self._held, held.spec.slug: held}.items()))

    def _end(self, held: _Held | None) -> None:
        if held is not None and held.task is not None and held.task not in self._ending:
            self._ending.add(held.task)
            held.task.add_done_callback(self._ending.discard)
            held.task.cancel()

    async def _keep_open(self, held: _Held, connect: Connect) -> None:
        """Opens the provider and holds it until cancelled; tries again, with jitter, when it can't be opened."""
        while True:
            try:
                await self._hold(held, connect)
            except ProviderError as error:
                if held.failure is None:
                    self._hear(self._connection(held, HealthState.DOWN))
                held.failure, held.provider = error, unreachable(held.spec.profile)
                self._was_tried(held)
            await asyncio.sleep(uniform(0.5, 1.5) * self._retry_s)  # noqa: S311 jitter

    async def _hold(self, held: _Held, connect: Connect) -> None:
        spec = held.spec
        settings = ProviderSettings(spec.profile, spec.options, spec.limits, self._clock.now)
        with sorting(spec.slug, "connect", Unavailable):
            async with connect(settings) as provider:
                held.provider = guarded(provider, spec.limits, self._clock, self._calls, held.pulse)
                if held.failure is not None:
                    self._hear(self._connection(held, held.pulse.health().state))
                held.failure = None
                self._was_tried(held)
                await asyncio.Event().wait()

    def _was_tried(self, held: _Held) -> None:
        """It takes the place of the one before it, which is let go only now."""
        slug = held.spec.slug
        if self._coming.get(slug) is held:
            del self._coming[slug]
            before = self._held.get(slug)
            self._place(held)
            self._end(before if before is not held else None)
        held.tried.set()


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
    registry = Registry(agreements, clock, calls, adapters, retry_s)
    for spec in specs:
        registry.adapter(spec)
    try:
        for spec in specs:
            registry.put(spec)
        await asyncio.gather(*(registry.tried(spec.slug) for spec in specs))
        yield registry
    finally:
        await registry.close()


@asynccontextmanager
async def opened(spec: ProviderSpec, connect: Connect, clock: Clock) -> AsyncIterator[Provider]:
    """One provider that is not of the gateway's (yet), guarded, from entry to exit; nobody watches its calls.

    Raises, on entry: Unavailable, whatever its adapter raises.
    """
    settings, stack = ProviderSettings(spec.profile, spec.options, spec.limits, clock.now), AsyncExitStack()
    with sorting(spec.slug, "connect", Unavailable):
        async with asyncio.timeout(spec.limits.change_timeout_s):
            provider = await stack.enter_async_context(connect(settings))
    try:
        yield guarded(provider, spec.limits, clock)
    finally:
        with suppress(ProviderError), sorting(spec.slug, "connect", Unavailable):
            async with asyncio.timeout(END_LIMIT_S):
                await stack.aclose()
