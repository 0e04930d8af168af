"""Providers are opened from data, and one that can't be reached stops nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.contract import Provider, ProviderRole, ProviderSettings, Unavailable
from gateway.federation.registry import ProviderSpec, UnknownAdapter, open_registry
from tests.federation.scripted import HandClock, Scripted

CP = (ProviderRole.CONTENT_PROVIDER,)


class Adapter:
    """Connects to a scripted provider once it has failed as often as its options say."""

    def __init__(self) -> None:
        self.tries = 0
        self.closed = 0

    @asynccontextmanager
    async def connect(self, settings: ProviderSettings) -> AsyncIterator[Provider]:
        self.tries += 1
        if self.tries <= settings.options.get("failures", 0):
            raise OSError("refused")
        yield Scripted(settings.profile.slug).provider()
        self.closed += 1


async def test_a_provider_that_cannot_be_connected_is_there_unavailable_and_tried_again() -> None:
    well, ill = Adapter(), Adapter()
    specs = [ProviderSpec("b", "B", CP, "well"), ProviderSpec("a", "A", CP, "ill", {"failures": 2})]

    adapters = {"well": well.connect, "ill": ill.connect}
    async with open_registry(specs, [], HandClock(), adapters=adapters, retry_s=0.01) as registry:
        first = registry.provider("a")
        assert [each.profile.slug for each in registry.providers()] == ["a", "b"]
        assert first is not None
        assert first.catalog is not None
        with pytest.raises(Unavailable):
            await first.catalog.offering("ref")
        assert isinstance(registry.failure("a"), Unavailable)
        while registry.failure("a"):  # noqa: ASYNC110 it has no event for that
            await asyncio.sleep(0.005)
        again = registry.provider("a")
        assert again is not None
        assert again.catalog is not None
        assert await again.catalog.offering("ref") is None

    assert (well.closed, ill.closed, ill.tries) == (0, 0, 3)


async def test_an_unknown_adapter_stops_the_start_and_is_named() -> None:
    with pytest.raises(UnknownAdapter, match="provider 'a': no adapter 'x' \\(installed: well\\)"):
        async with open_registry(
            [ProviderSpec("a", "A", CP, "x")], [], HandClock(), adapters={"well": Adapter().connect}
        ):
            raise AssertionError("must not open")


async def test_a_provider_is_known_by_its_profile() -> None:
    async with open_registry(
        [ProviderSpec("a", "A", CP, "w")], [], HandClock(), adapters={"w": Adapter().connect}
    ) as r:
        known, unknown = r.profile("a"), r.profile("z")

    assert known is not None
    assert (known.slug, known.name, known.roles) == ("a", "A", CP)
    assert unknown is None
