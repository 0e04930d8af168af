"""What operators see of the calls to providers: how each ended, and whom the gateway spares."""

import asyncio

import pytest

from gateway.api.telemetry.watching import Telemetry
from gateway.contract import Limits, Provider, Rejected, Unavailable
from gateway.domain.errors import ProviderError
from gateway.federation.guarded import guarded
from tests.federation.scripted import HandClock, Scripted, failing, never
from tests.federation.test_guard import change, read
from tests.telemetry.figures import figure

LIMITS = Limits(read_timeout_s=1, change_timeout_s=0.05, read_tries=3)
UNAVAILABLE = Unavailable("nord", "catalog")


def watched(scripted: Scripted, telemetry: Telemetry, clock: HandClock | None = None) -> Provider:
    return guarded(scripted.provider(), LIMITS, clock or HandClock(), telemetry.provider_calls)


def calls(telemetry: Telemetry, capability: str, outcome: str) -> float:
    labels = {"provider": "nord", "capability": capability, "outcome": outcome}
    return figure(telemetry, "gateway_provider_call_seconds_count", **labels)


async def test_a_call_is_counted_by_how_it_ended() -> None:
    telemetry = Telemetry()

    await read(watched(Scripted("nord"), telemetry))
    with pytest.raises(ProviderError):
        await change(watched(Scripted("nord", behaviour=failing(Rejected("nord", "ordering"))), telemetry))
    with pytest.raises(ProviderError):
        await change(watched(Scripted("nord", behaviour=never), telemetry))
    with pytest.raises(ProviderError):
        await read(watched(Scripted("nord", behaviour=failing(ValueError("secret"))), telemetry))

    assert calls(telemetry, "catalog", "ok") == 1
    assert calls(telemetry, "ordering", "PROVIDER_REJECTED") == 1
    assert calls(telemetry, "ordering", "PROVIDER_OUTCOME_UNKNOWN") == 1
    assert calls(telemetry, "catalog", "PROVIDER_CONTRACT_BROKEN") == 1
    assert b"secret" not in telemetry.metrics.exposed()


async def test_a_read_that_is_tried_three_times_is_one_call_with_two_retries() -> None:
    telemetry = Telemetry()
    scripted = Scripted("nord", behaviour=failing(UNAVAILABLE))

    with pytest.raises(Unavailable):
        await read(watched(scripted, telemetry))

    assert scripted.calls == 3
    assert calls(telemetry, "catalog", "PROVIDER_UNAVAILABLE") == 1
    labels = {"provider": "nord", "capability": "catalog"}
    assert figure(telemetry, "gateway_provider_retries_total", **labels) == 2


async def test_a_call_whose_asker_went_away_was_abandoned() -> None:
    telemetry = Telemetry()

    task = asyncio.create_task(read(watched(Scripted("nord", behaviour=never), telemetry)))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert calls(telemetry, "catalog", "ABANDONED") == 1


async def test_the_breaker_is_seen_to_open_and_to_close_and_what_it_spares_is_no_failure() -> None:
    telemetry, clock = Telemetry(), HandClock()
    scripted = Scripted("nord", behaviour=failing(UNAVAILABLE))
    provider = watched(scripted, telemetry, clock)

    def is_open() -> float:
        return figure(telemetry, "gateway_provider_breaker_open", provider="nord", capability="catalog")

    seen = [is_open()]
    for _ in range(3):
        with pytest.raises(Unavailable):
            await read(provider)
    seen.append(is_open())
    clock.forward(11)
    scripted.behaviour = Scripted("nord").behaviour
    await read(provider)
    seen.append(is_open())

    assert seen == [0, 1, 0]
    assert calls(telemetry, "catalog", "PROVIDER_UNAVAILABLE") == 2
    assert calls(telemetry, "catalog", "SPARED") == 1
    assert calls(telemetry, "catalog", "ok") == 1
