"""A provider that posts nothing is asked what changed: seldom when nothing does, and whoever comes or goes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.contract import PolledSignals, Provider, ProviderProfile, Signal, SignalKind, Unavailable
from gateway.federation.polling import TOPIC, Pace, polled
from gateway.storage import MemoryWakeUps
from tests.cores import NoProviders
from tests.federation.scripted import profile

QUICK = Pace(first_s=0.01, most_s=0.04)
LIMIT_S = 2.0


@dataclass
class Listed:
    """A provider's list of what changed: hands out what stands after the mark."""

    slug: str
    changes: list[Signal] = field(default_factory=list)
    marks: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    failure: Exception | None = None

    async def since(self, mark: str | None) -> PolledSignals:
        self.marks.append(mark)
        self.times.append(asyncio.get_running_loop().time())
        if self.failure is not None:
            raise self.failure
        start = len(self.changes) if mark is None else int(mark)
        return PolledSignals(tuple(self.changes[start:]), str(len(self.changes)))

    def provider(self) -> Provider:
        return Provider(profile(self.slug), polled_events=self)


class Changing(NoProviders):
    """A directory whose providers come and go."""

    def __init__(self, *listed: Listed) -> None:
        self.by_slug = {each.slug: each.provider() for each in listed}

    def provider(self, slug: str) -> Provider | None:
        return self.by_slug.get(slug)

    def providers(self) -> Sequence[Provider]:
        return tuple(self.by_slug.values())

    def profile(self, slug: str) -> ProviderProfile | None:
        return self.by_slug[slug].profile if slug in self.by_slug else None


async def asked(listed: Listed, times: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(listed.marks) < times:  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(0.005)


async def test_what_changed_wakes_who_waits_for_it_and_what_is_old_nobody() -> None:
    nord, wakeups = Listed("nord", [Signal(SignalKind.ORDER, "old")]), MemoryWakeUps()
    with wakeups.listen("provider-order:nord:new") as new, wakeups.listen("provider-order:nord:old") as old:
        async with polled(Changing(nord), wakeups, QUICK):
            await asked(nord, 1)
            nord.changes += [Signal(SignalKind.ORDER, "new"), Signal(SignalKind.ORDER, "nobody's")]

            assert await new.wait(LIMIT_S)
            assert not await old.wait(0)

    assert nord.marks[:2] == [None, "1"]


async def test_the_pauses_grow_to_the_longest_and_are_short_again_after_news() -> None:
    nord, wakeups = Listed("nord"), MemoryWakeUps()
    async with polled(Changing(nord), wakeups, Pace(first_s=0.01, most_s=0.1)):
        await asked(nord, 9)
        pauses = [later - earlier for earlier, later in zip(nord.times[:-1], nord.times[1:], strict=True)]
        nord.changes.append(Signal(SignalKind.CATALOG))
        await asked(nord, 11)

    # Each by half more than the last, give or take a quarter; 0.075 is the shortest of the longest.
    assert pauses[0] < 0.075 <= pauses[-1]
    assert nord.times[10] - nord.times[9] < 0.075
    assert nord.marks[10] == "1"


async def test_a_provider_that_fails_is_asked_again_from_where_it_was() -> None:
    nord, wakeups = Listed("nord"), MemoryWakeUps()
    with wakeups.listen("provider-order:nord:o1") as waiter:
        async with polled(Changing(nord), wakeups, QUICK):
            await asked(nord, 1)
            nord.failure = Unavailable("nord", "polled_events")
            nord.changes.append(Signal(SignalKind.ORDER, "o1"))
            await asked(nord, 4)
            nord.failure = None

            assert await waiter.wait(LIMIT_S)

    assert nord.marks[1:4] == ["0", "0", "0"]


async def test_a_provider_that_names_a_time_to_wait_is_left_alone() -> None:
    nord = Listed("nord", failure=Unavailable("nord", "polled_events", retry_after_s=60))
    async with polled(Changing(nord), MemoryWakeUps(), QUICK):
        await asked(nord, 1)
        await asyncio.sleep(0.1)

    assert len(nord.marks) == 1


async def test_one_that_joins_is_asked_and_one_that_leaves_is_not_any_more() -> None:
    nord, syd, wakeups = Listed("nord"), Listed("syd"), MemoryWakeUps()
    directory = Changing(nord)
    async with polled(directory, wakeups, QUICK):
        await asked(nord, 1)
        directory.by_slug = {"syd": syd.provider()}
        wakeups.notify(TOPIC)
        await asked(syd, 2)
        before = len(nord.marks)
        await asked(syd, 4)

    assert len(nord.marks) == before
    assert syd.marks[:2] == [None, "0"]


async def test_one_that_lost_its_connection_goes_on_from_where_it_was() -> None:
    nord, wakeups = Listed("nord"), MemoryWakeUps()
    directory = Changing(nord)
    async with polled(directory, wakeups, QUICK):
        await asked(nord, 1)
        directory.by_slug = {"nord": Provider(profile("nord"))}
        wakeups.notify(TOPIC)
        await asyncio.sleep(0.05)
        directory.by_slug, nord.marks = {"nord": nord.provider()}, []
        wakeups.notify(TOPIC)
        await asked(nord, 1)

    assert nord.marks[0] == "0"


async def test_nobody_is_asked_after_the_end() -> None:
    nord = Listed("nord")
    async with polled(Changing(nord), MemoryWakeUps(), QUICK):
        await asked(nord, 1)
    before = len(nord.marks)
    await asyncio.sleep(0.1)

    assert len(nord.marks) == before
