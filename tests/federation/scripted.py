"""A small provider in this process that answers, waits and fails as it is told; and a clock that is set by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.contract import (
    CatalogSnapshot,
    EventProof,
    InvalidOptions,
    Limits,
    OneTimePrice,
    ProductOffering,
    Provider,
    ProviderCancellation,
    ProviderOrder,
    ProviderProfile,
    ProviderRole,
    ProviderSettings,
    Signal,
    SignalKind,
    own_id,
    provider_id,
)
from gateway.contract.ordering import OrderRequest
from gateway.domain.health import Health
from gateway.domain.money import Money
from gateway.domain.parties import Agreement
from gateway.federation.guarded import guarded
from gateway.ports import Clock

START = datetime(2026, 1, 1, tzinfo=UTC)


class HandClock:
    """Time that moves only when it is told to."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def steady_s(self) -> float:
        return self.time.timestamp()

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def profile(slug: str, *roles: ProviderRole) -> ProviderProfile:
    return ProviderProfile(own_id("Provider", slug), slug, slug.title(), roles or (ProviderRole.SERVICE_PROVIDER,))


def offering(slug: str, ref: str, name: str = "", **more: Any) -> ProductOffering:
    made = ProductOffering(
        id=provider_id("ProductOffering", slug, ref),
        ref=ref,
        provider=profile(slug),
        name=name or f"Offering {ref}",
        role=ProviderRole.SERVICE_PROVIDER,
        search_text=(name or f"Offering {ref}").lower(),
    )
    return replace(made, **more)


def price(amount: str) -> OneTimePrice:
    return OneTimePrice(id=f"p{amount}", name="Once", amount=Money(Decimal(amount), "SEK"))


Behaviour = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Answers at once."""


async def never() -> None:
    """Never answers."""
    await asyncio.Event().wait()


def failing(error: BaseException) -> Behaviour:
    async def fail() -> None:
        raise error

    return fail


@dataclass
class Scripted:
    """Catalogue, ordering and events of one provider; `behaviour` is awaited before each answer."""

    slug: str
    offerings: tuple[ProductOffering, ...] = ()
    behaviour: Behaviour = at_once
    version: str = "1"
    calls: int = 0
    at_once: int = 0
    most_at_once: int = 0
    asked_versions: list[str | None] = field(default_factory=list)
    event_proof: EventProof | None = None

    async def _answer(self) -> None:
        self.calls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.behaviour()
        finally:
            self.at_once -= 1

    async def snapshot(self, known_version: str | None) -> CatalogSnapshot | None:
        self.asked_versions.append(known_version)
        await self._answer()
        if known_version == self.version:
            return None
        return CatalogSnapshot(self.slug, self.version, START, self.offerings)

    async def offering(self, ref: str) -> ProductOffering | None:
        await self._answer()
        return next((each for each in self.offerings if each.ref == ref), None)

    async def place(self, request: OrderRequest) -> ProviderOrder:
        await self._answer()
        raise NotImplementedError

    async def find(self, key: str) -> ProviderOrder | None:
        await self._answer()
        return None

    async def track(self, ref: str) -> ProviderOrder:
        raise NotImplementedError

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        raise NotImplementedError

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        raise NotImplementedError

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        raise NotImplementedError

    async def subscribe(self, callback_url: str) -> None:
        await self._answer()

    async def unsubscribe(self) -> None:
        await self._answer()

    def read(self, body: Mapping[str, Any]) -> Sequence[Signal]:
        refs = body.get("refs", [body.get("ref")])
        return [Signal(SignalKind(body["kind"]), ref, body.get("key")) for ref in refs]

    def provider(self) -> Provider:
        return Provider(profile(self.slug), catalog=self, ordering=self, events=self, event_proof=self.event_proof)


class Fixed:
    """A directory of these providers."""

    def __init__(self, clock: Clock, *scripted: "Scripted", agreements: Sequence[Agreement] = ()) -> None:
        self._agreements = agreements
        self.suspended: set[str] = set()
        self._providers = {each.slug: guarded(each.provider(), Limits(read_tries=1), clock) for each in scripted}

    def provider(self, slug: str) -> Provider | None:
        return self._providers.get(slug)

    def providers(self) -> Sequence[Provider]:
        return tuple(self._providers.values())

    def profile(self, slug: str) -> ProviderProfile | None:
        found = self.provider(slug)
        return found.profile if found else None

    def is_suspended(self, slug: str) -> bool:
        return slug in self.suspended

    def health(self, slug: str) -> Health | None:
        return Health() if slug in self._providers else None

    def agreements(self) -> Sequence[Agreement]:
        return self._agreements


class Adapter:
    """An adapter of scripted providers: `behaviour` is theirs; options other than a text `url` are refused."""

    def __init__(self, behaviour: Behaviour = at_once) -> None:
        self.behaviour = behaviour
        self.given: list[ProviderSettings] = []
        self.open = 0

    async def behave(self) -> None:
        """As it is told at that moment."""
        await self.behaviour()

    @asynccontextmanager
    async def connect(self, settings: ProviderSettings) -> AsyncIterator[Provider]:
        for name, value in settings.options.items():
            if name not in ("url", "credentials") or value == "wrong":
                raise InvalidOptions(
                    f"provider {settings.profile.slug!r}, option {name}: is {value!r}", name, "another text"
                )
        self.given.append(settings)
        slug = settings.profile.slug
        rows = tuple(replace(offering(slug, ref), provider=settings.profile) for ref in ("a", "b"))
        self.open += 1
        try:
            scripted = Scripted(slug, rows, self.behave)
            yield replace(scripted.provider(), profile=settings.profile, ordering=None)
        finally:
            self.open -= 1
