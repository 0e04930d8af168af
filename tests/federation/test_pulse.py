"""How a provider is, as its calls show: told whenever that changes, and not otherwise."""

import pytest

from gateway.contract import Limits, Provider, Unavailable
from gateway.domain.health import Circuit, GuardLimits, HealthChange, HealthState
from gateway.federation.guarded import guarded
from gateway.federation.pulse import Pulse
from tests.federation.scripted import HandClock, Scripted, failing

LIMITS = Limits(read_tries=1, breaker_failures=2, breaker_open_s=10, by_capability={"ordering": Limits(concurrency=3)})


class Watched:
    """A provider, and what was told of its health."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.scripted = Scripted("one")
        self.told: list[HealthChange] = []
        self.pulse = Pulse(self.clock, "one", self.told.append)
        self.provider: Provider = guarded(self.scripted.provider(), LIMITS, self.clock, pulse=self.pulse)

    async def ask(self, is_answered: bool = True) -> None:
        """One read of the catalogue."""
        fine = Scripted("fresh").behaviour
        self.scripted.behaviour = fine if is_answered else failing(Unavailable("one", "catalog"))
        assert self.provider.catalog is not None
        if is_answered:
            await self.provider.catalog.offering("ref")
        else:
            with pytest.raises(Unavailable):
                await self.provider.catalog.offering("ref")

    @property
    def states(self) -> list[tuple[HealthState, Circuit]]:
        return [(each.state, each.circuit) for each in self.told]


async def test_each_change_is_told_once_with_the_circuit_that_it_is_about() -> None:
    watched = Watched()

    for is_answered in (True, True, False, False):
        await watched.ask(is_answered)
    watched.clock.forward(10)
    await watched.ask()

    assert watched.states == [
        (HealthState.UP, Circuit.CLOSED),
        (HealthState.DOWN, Circuit.CLOSED),
        (HealthState.DOWN, Circuit.OPEN),
        (HealthState.DOWN, Circuit.HALF_OPEN),
        (HealthState.UP, Circuit.CLOSED),
    ]
    assert {(each.provider, each.capability) for each in watched.told} == {("one", "catalog")}


async def test_a_provider_that_answers_for_a_part_of_what_it_can_do_is_degraded() -> None:
    watched = Watched()
    await watched.ask()
    assert watched.provider.ordering is not None
    watched.scripted.behaviour = failing(Unavailable("one", "ordering"))
    with pytest.raises(Unavailable):
        await watched.provider.ordering.find("key")

    health = watched.pulse.health()

    assert (health.state, watched.states[-1]) == (HealthState.DEGRADED, (HealthState.DEGRADED, Circuit.CLOSED))
    by_name = {each.capability: each for each in health.capabilities}
    assert (by_name["catalog"].state, by_name["ordering"].state) == (HealthState.UP, HealthState.DOWN)
    assert by_name["ordering"].calls == 0


async def test_each_capability_shows_the_limits_that_bound_it() -> None:
    found = {each.capability: each.limits for each in Watched().pulse.health().capabilities}

    assert found["catalog"] == GuardLimits(2000, 5000, 15000, 16, 1, 100.0, 2, 10000)
    assert found["ordering"] == GuardLimits(2000, 5000, 15000, 3, 3, 100.0, 5, 10000)
