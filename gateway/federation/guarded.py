"""A provider's capabilities, each call behind a guard: reads may be repeated, changes are sent once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.contract.billing import Billing
from gateway.contract.catalog import Catalog, Qualification
from gateway.contract.events import EventProof, Events, PolledEvents, PolledSignals, Post, Proven, Signal
from gateway.contract.inventory import Inventory
from gateway.contract.ordering import Ordering, OrderRequest, ProviderCancellation, ProviderOrder
from gateway.contract.provider import Limits, Provider
from gateway.domain.billing import Bill, Charge
from gateway.domain.catalog.offerings import CatalogSnapshot, ProductOffering
from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.catalog.qualification import OfferingQualification
from gateway.domain.errors import ContractBroken, Unavailable
from gateway.domain.inventory import Product
from gateway.domain.parties import Place
from gateway.federation.guard import Guard, sorting
from gateway.federation.pulse import Pulse
from gateway.federation.unwatched import UNWATCHED
from gateway.ports import Clock, ProviderCalls


@dataclass(frozen=True, slots=True)
class GuardedCatalog:
    """See contract.Catalog; one of more offerings than the limits allow is ContractBroken."""

    inner: Catalog
    guard: Guard

    async def snapshot(self, known_version: str | None) -> CatalogSnapshot | None:
        limits = self.guard.limits
        found = await self.guard.read(lambda: self.inner.snapshot(known_version), limits.snapshot_timeout_s)
        if found is not None and len(found.offerings) > limits.rows:
            raise ContractBroken(self.guard.provider, self.guard.capability, f"more than {limits.rows} offerings")
        return found

    async def offering(self, ref: str) -> ProductOffering | None:
        return await self.guard.read(lambda: self.inner.offering(ref))


@dataclass(frozen=True, slots=True)
class GuardedQualification:
    """See contract.Qualification; an answer of another length or order than the question is ContractBroken."""

    inner: Qualification
    guard: Guard

    async def qualify(self, refs: Sequence[str], place: Place) -> Sequence[OfferingQualification]:
        answers = await self.guard.read(lambda: self.inner.qualify(refs, place))
        if len(answers) != len(refs):
            raise ContractBroken(self.guard.provider, self.guard.capability, f"{len(answers)} answers for {len(refs)}")
        return answers


@dataclass(frozen=True, slots=True)
class GuardedOrdering:
    """See contract.Ordering."""

    inner: Ordering
    guard: Guard

    async def place(self, request: OrderRequest) -> ProviderOrder:
        return await self.guard.change(lambda: self.inner.place(request))

    async def find(self, key: str) -> ProviderOrder | None:
        return await self.guard.read(lambda: self.inner.find(key))

    async def track(self, ref: str) -> ProviderOrder:
        return await self.guard.read(lambda: self.inner.track(ref))

    async def cancel(self, ref: str, key: str, reason: str | None) -> ProviderCancellation:
        return await self.guard.change(lambda: self.inner.cancel(ref, key, reason))

    async def cancellation(self, ref: str) -> ProviderCancellation | None:
        return await self.guard.read(lambda: self.inner.cancellation(ref))

    async def terminate(self, product_ref: str, key: str, party: str) -> ProviderOrder:
        return await self.guard.change(lambda: self.inner.terminate(product_ref, key, party))


@dataclass(frozen=True, slots=True)
class GuardedInventory:
    """See contract.Inventory."""

    inner: Inventory
    guard: Guard

    async def product(self, ref: str) -> Product | None:
        return await self.guard.read(lambda: self.inner.product(ref))

    async def products(self, party: str) -> Sequence[Product]:
        return await self.guard.read(lambda: self.inner.products(party))


@dataclass(frozen=True, slots=True)
class GuardedBilling:
    """See contract.Billing."""

    inner: Billing
    guard: Guard

    async def bills(self, party: str) -> Sequence[Bill]:
        return await self.guard.read(lambda: self.inner.bills(party))

    async def charges(self, party: str) -> Sequence[Charge]:
        return await self.guard.read(lambda: self.inner.charges(party))


@dataclass(frozen=True, slots=True)
class GuardedEvents:
    """See contract.Events; to subscribe again is harmless, so it is guarded as a read."""

    inner: Events
    guard: Guard

    async def subscribe(self, callback_url: str) -> None:
        await self.guard.read(lambda: self.inner.subscribe(callback_url))

    async def unsubscribe(self) -> None:
        await self.guard.read(self.inner.unsubscribe)

    def read(self, body: Mapping[str, Any]) -> Sequence[Signal]:
        with sorting(self.guard.provider, self.guard.capability, ContractBroken):
            return self.inner.read(body)


@dataclass(frozen=True, slots=True)
class GuardedPolledEvents:
    """See contract.PolledEvents."""

    inner: PolledEvents
    guard: Guard

    async def since(self, mark: str | None) -> PolledSignals:
        return await self.guard.read(lambda: self.inner.since(mark))


@dataclass(frozen=True, slots=True)
class GuardedProof:
    """See contract.EventProof; what an adapter lets out is ContractBroken."""

    inner: EventProof
    provider: str

    def check(self, post: Post) -> Proven | None:
        with sorting(self.provider, "events", ContractBroken):
            return self.inner.check(post)


def guarded(
    provider: Provider,
    limits: Limits,
    clock: Clock,
    calls: ProviderCalls = UNWATCHED,
    pulse: Pulse | None = None,
) -> Provider:
    """The same provider, each capability behind a guard of its own that tells `calls`; what it lacks stays None.

    `pulse` is told how all of them fare.
    """

    def guard(capability: str) -> Guard:
        return Guard(provider.profile.slug, capability, limits.of(capability), clock, calls, pulse)

    return Provider(
        provider.profile,
        provider.catalog and GuardedCatalog(provider.catalog, guard("catalog")),
        provider.qualification and GuardedQualification(provider.qualification, guard("qualification")),
        provider.ordering and GuardedOrdering(provider.ordering, guard("ordering")),
        provider.inventory and GuardedInventory(provider.inventory, guard("inventory")),
        provider.billing and GuardedBilling(provider.billing, guard("billing")),
        provider.events and GuardedEvents(provider.events, guard("events")),
        provider.polled_events and GuardedPolledEvents(provider.polled_events, guard("polled_events")),
        provider.event_proof and GuardedProof(provider.event_proof, provider.profile.slug),
        provider.honours_keys,
        provider.settles_after_s,
    )


@dataclass(frozen=True, slots=True)
class _Unreachable:
    """Stands for each capability of a provider that could not be connected yet: every call is Unavailable."""

    slug: str

    def __getattr__(self, capability: str) -> Any:
        async def refuse(*_: object, **__: object) -> Any:
            raise Unavailable(self.slug, capability, "not connected yet")

        return refuse


def unreachable(profile: ProviderProfile) -> Provider:
    """A provider of whom only the profile is known: asked for anything but events, it is Unavailable."""
    none: Any = _Unreachable(profile.slug)
    return Provider(profile, none, none, none, none, none)
