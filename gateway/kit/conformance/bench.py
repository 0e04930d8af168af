"""Where a check meets the adapter: a connection of its own, straight to the provider or through the fault proxy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from gateway.contract import (
    CAPABILITIES,
    Connect,
    Limits,
    OrderItemState,
    OrderRequest,
    Provider,
    ProviderOrder,
    ProviderSettings,
)
from gateway.federation.checking import PARTY, PLACE, Subject, Unkept, missing
from gateway.kit.conformance.declared import Conformance, Declared, option_at, with_option
from gateway.kit.conformance.proxy import FaultProxy, fault_proxy

POLL_S = 0.05
SETTLED = frozenset(
    {OrderItemState.COMPLETED, OrderItemState.CANCELLED, OrderItemState.FAILED, OrderItemState.REJECTED}
)


class NoConnection(TypeError):
    """What the adapter's `connect` gives can't be entered: `@asynccontextmanager` is missing, most likely."""


class Bench:
    """The adapter with what its author declared. Nothing is kept between two checks but what it can do."""

    def __init__(self, connect: Connect, declared: Declared) -> None:
        self.declared = declared
        self._connect = connect
        self._capabilities: frozenset[str] | None = None

    @property
    def wanted(self) -> Conformance:
        """What the checks can't find out by asking."""
        return self.declared.conformance

    @property
    def party(self) -> str:
        """A customer's account: the declared one, or one that is new each time."""
        return self.wanted.party or f"gw-check-{uuid4().hex[:12]}"

    @asynccontextmanager
    async def connected(
        self, options: Mapping[str, Any] | None = None, limits: Limits | None = None
    ) -> AsyncIterator[Provider]:
        """The provider, until the exit."""
        given = self.declared.settings if options is None else options
        opening = self._connect(ProviderSettings(self.declared.profile, given, limits or self.declared.bounds))
        if not isinstance(opening, AbstractAsyncContextManager):
            raise NoConnection(
                f"connect gives no async context manager (@asynccontextmanager), but: {type(opening).__name__}"
            )
        async with opening as provider:
            yield provider

    @asynccontextmanager
    async def proxied(self, limits: Limits | None = None) -> AsyncIterator[tuple[Provider, FaultProxy]]:
        """The provider behind a proxy, to which the option that holds its address is turned."""
        async with self.proxy() as proxy, self.connected(self.turned_to(proxy), limits) as provider:
            yield provider, proxy

    @asynccontextmanager
    async def proxy(self) -> AsyncIterator[FaultProxy]:
        """A proxy to the declared address. Raises: Lacking where none is declared."""
        target = option_at(self.declared.settings, self.wanted.url)
        if not isinstance(target, str):
            missing(f"settings.{self.wanted.url} is no address: name the option by conformance.url")
        async with fault_proxy(target) as proxy:
            yield proxy

    def turned_to(self, proxy: FaultProxy) -> Mapping[str, Any]:
        """The options, with the proxy's address."""
        return with_option(self.declared.settings, self.wanted.url, proxy.url)

    async def capabilities(self) -> frozenset[str]:
        """The names of what it can do."""
        if self._capabilities is None:
            async with self.connected() as provider:
                self._capabilities = frozenset(name for name in CAPABILITIES if getattr(provider, name) is not None)
        return self._capabilities

    async def unless_sold(self) -> None:
        """Raises: Unkept where the catalogue has no such offering as is to be ordered, or its form no such field."""
        ref = self.wanted.offering
        if ref is None or "catalog" not in await self.capabilities():
            return
        async with self.connected() as provider:
            offering = await provider.catalog.offering(ref) if provider.catalog else None
        if offering is None:
            raise Unkept("conformance.offering: the catalogue has no offering of that reference", ref)
        strange = sorted(self.wanted.values.keys() - {field.key for field in offering.fields})
        if strange:
            raise Unkept("conformance.values: the offering's form has no such field", *strange)

    def subject(self, provider: Provider) -> Subject:
        """The provider, to be asked about nobody."""
        place = self.wanted.delivers_at
        return Subject(provider, PARTY, place.place if place else PLACE)

    def request(self) -> OrderRequest:
        """An order of what was declared, with a new key. Raises: Lacking where nothing was."""
        if self.wanted.offering is None:
            missing("declare conformance.offering")
        values = {key: tuple(each) for key, each in self.wanted.values.items()}
        place = self.wanted.delivers_at.place if self.wanted.delivers_at else None
        key = f"{uuid4()}/1/place/1"
        return OrderRequest(key, self.party, self.wanted.offering, values=values, place=place)

    def like(self, request: OrderRequest, **changes: Any) -> OrderRequest:
        """The same order with other attributes."""
        return replace(request, **changes)

    async def settled(self, provider: Provider, ref: str) -> ProviderOrder:
        """The order when it has ended. Raises: Unkept where it does not, in the declared time."""
        assert provider.ordering is not None  # noqa: S101 the check needs the capability
        try:
            async with asyncio.timeout(self.wanted.delivery_s):
                while (order := await provider.ordering.track(ref)).state not in SETTLED:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise Unkept(
                f"an order has not ended within {self.wanted.delivery_s:g} s (conformance.delivery_s)"
            ) from None
        return order


async def error_of(call: Awaitable[object]) -> BaseException | None:
    """What the call raises, None where it answers; cancellation passes."""
    (found,) = await asyncio.gather(call, return_exceptions=True)
    return found if isinstance(found, BaseException) else None
