"""Registration for events at a provider that is away is tried for as long as it takes, and told of once."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gateway.contract import Provider, ProviderError, Rejected, Signal, Unavailable
from gateway.federation.callbacks import Callbacks, registered
from tests.cores import NoProviders
from tests.federation.scripted import profile

LIMIT_S = 2.0
CALLBACKS = Callbacks("https://gateway.test", b"key")


class Hub:
    """Fails as told, one failure a try, then takes the address."""

    def __init__(self, *failures: ProviderError) -> None:
        self.failures = list(failures)
        self.taken = asyncio.Event()

    async def subscribe(self, callback_url: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        assert callback_url == CALLBACKS.url("nord")
        self.taken.set()

    async def unsubscribe(self) -> None:
        self.taken.clear()

    def read(self, body: Mapping[str, Any]) -> Sequence[Signal]:
        return ()


class One(NoProviders):
    """A directory of one provider."""

    def __init__(self, hub: Hub) -> None:
        self.one = Provider(profile("nord"), events=hub)

    def provider(self, slug: str) -> Provider | None:
        return self.one if slug == "nord" else None

    def providers(self) -> Sequence[Provider]:
        return (self.one,)


async def test_each_kind_of_failure_is_told_once_until_the_address_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    away, refused = Unavailable("nord", "events", "away"), Rejected("nord", "events")
    hub = Hub(away, away, away, refused, refused, away)

    async with registered(One(hub), CALLBACKS, retry_s=0.001), asyncio.timeout(LIMIT_S):
        await hub.taken.wait()

    assert not hub.taken.is_set()
    assert caplog.messages == [
        "no events yet provider=nord error=Unavailable",
        "no events yet provider=nord error=Rejected",
        "no events yet provider=nord error=Unavailable",
    ]
