"""Each call to a provider is bounded, and whatever it fails with has a name."""

import asyncio
import time
from dataclasses import replace

import pytest

from gateway.contract import ContractBroken, Limits, OrderRequest, OutcomeUnknown, Provider, Rejected, Unavailable
from gateway.domain.health import Circuit
from gateway.federation.breaker import Breaker
from gateway.federation.gather import gather
from gateway.federation.guarded import guarded, unreachable
from tests.federation.scripted import HandClock, Scripted, failing, never, offering, profile

SHORT = Limits(read_timeout_s=0.1, change_timeout_s=0.1, concurrency=2, read_tries=3)
REQUEST = OrderRequest("key", "party", "ref")


def guard_of(scripted: Scripted, clock: HandClock | None = None, limits: Limits = SHORT) -> Provider:
    return guarded(scripted.provider(), limits, clock or HandClock())


async def read(provider: Provider) -> object:
    assert provider.catalog is not None
    return await provider.catalog.offering("ref")


async def change(provider: Provider) -> object:
    assert provider.ordering is not None
    return await provider.ordering.place(REQUEST)


async def test_a_read_without_an_answer_is_unavailable_at_its_limit() -> None:
    provider = guard_of(Scripted("one", behaviour=never))

    started = time.monotonic()
    with pytest.raises(Unavailable):
        await read(provider)

    assert 0.09 < time.monotonic() - started < 0.5


async def test_a_catalogue_of_more_offerings_than_allowed_breaks_the_contract() -> None:
    scripted = Scripted("one", tuple(offering("one", ref) for ref in "abc"))
    provider = guard_of(scripted, limits=replace(SHORT, rows=2))
    assert provider.catalog is not None

    with pytest.raises(ContractBroken, match="more than 2 offerings"):
        await provider.catalog.snapshot(None)


async def test_a_change_without_an_answer_has_an_unknown_outcome_and_is_sent_once() -> None:
    scripted = Scripted("one", behaviour=never)

    with pytest.raises(OutcomeUnknown):
        await change(guard_of(scripted))

    assert scripted.calls == 1


async def test_a_change_that_never_got_a_place_was_not_sent() -> None:
    scripted = Scripted("one", behaviour=never)
    provider = guard_of(scripted, limits=Limits(read_timeout_s=60, change_timeout_s=0.05, concurrency=2))
    assert provider.ordering is not None
    # Reads that outlast the change: were the places held by changes, the first would be free as its own time ends.
    reads = [asyncio.create_task(provider.ordering.find("key")) for _ in range(2)]
    while scripted.calls < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await change(provider)

    assert scripted.calls == 2
    for each in reads:
        each.cancel()
    await asyncio.gather(*reads, return_exceptions=True)


@pytest.mark.parametrize(("ask", "sorted_as"), [(read, ContractBroken), (change, OutcomeUnknown)])
async def test_what_leaks_out_of_an_adapter_is_sorted(ask: object, sorted_as: type[Exception]) -> None:
    scripted = Scripted("one", behaviour=failing(KeyError("boom")))

    with pytest.raises(sorted_as):
        await (read if ask is read else change)(guard_of(scripted))

    assert scripted.calls == 1


async def test_a_read_that_did_not_arrive_is_repeated_and_a_refusal_is_not() -> None:
    lost, refused = (
        Scripted("one", behaviour=failing(Unavailable("one", "catalog"))),
        Scripted("two", behaviour=failing(Rejected("two", "catalog"))),
    )

    for scripted, error in ((lost, Unavailable), (refused, Rejected)):
        with pytest.raises(error):
            await read(guard_of(scripted, limits=Limits(read_tries=3)))

    assert (lost.calls, refused.calls) == (3, 1)


async def test_a_provider_that_named_a_time_to_wait_is_not_asked_again() -> None:
    scripted = Scripted("one", behaviour=failing(Unavailable("one", "catalog", retry_after_s=30)))

    with pytest.raises(Unavailable):
        await read(guard_of(scripted))

    assert scripted.calls == 1


async def test_cancellation_passes_and_is_no_failure_of_the_provider() -> None:
    scripted = Scripted("one", behaviour=never)
    provider = guard_of(scripted, limits=Limits(concurrency=1))

    for _ in range(6):
        task = asyncio.create_task(read(provider))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert scripted.calls == 6


async def test_no_more_calls_at_once_than_the_bulkhead_has_places() -> None:
    async def a_moment() -> None:
        await asyncio.sleep(0.005)

    scripted = Scripted("one", behaviour=a_moment)
    provider = guard_of(scripted, limits=Limits(concurrency=2))

    await asyncio.gather(*(read(provider) for _ in range(10)))

    assert (scripted.calls, scripted.most_at_once) == (10, 2)


async def test_a_provider_that_keeps_failing_is_spared_and_probed_by_one_call() -> None:
    clock = HandClock()
    scripted = Scripted("one", behaviour=failing(Unavailable("one", "catalog")))
    provider = guard_of(scripted, clock, Limits(read_tries=1))
    for _ in range(7):
        with pytest.raises(Unavailable):
            await read(provider)
    assert scripted.calls == 5

    clock.forward(11)
    with pytest.raises(Unavailable):
        await read(provider)
    with pytest.raises(Unavailable) as spared:
        await read(provider)

    assert scripted.calls == 6
    assert spared.value.retry_after_s == 10


async def test_who_is_told_that_a_provider_is_spared_is_told_why_it_failed() -> None:
    refused = Unavailable("one", "catalog", finding="CREDENTIALS_REFUSED")
    provider = guard_of(Scripted("one", behaviour=failing(refused)), limits=Limits(read_tries=1, breaker_failures=1))
    with pytest.raises(Unavailable):
        await read(provider)

    with pytest.raises(Unavailable, match="spared") as spared:
        await read(provider)

    assert spared.value.finding == "CREDENTIALS_REFUSED"


async def test_a_probe_that_succeeds_lets_calls_pass_again() -> None:
    clock = HandClock()
    scripted = Scripted("one", behaviour=failing(Unavailable("one", "catalog")))
    provider = guard_of(scripted, clock, Limits(read_tries=1))
    for _ in range(5):
        with pytest.raises(Unavailable):
            await read(provider)

    clock.forward(11)
    scripted.behaviour = Scripted("fresh").behaviour
    answers = [await read(provider) for _ in range(3)]

    assert answers == [None, None, None]
    assert scripted.calls == 8


async def test_timeouts_open_the_breaker_too() -> None:
    scripted = Scripted("one", behaviour=never)
    provider = guard_of(scripted, limits=Limits(read_timeout_s=0.01))

    for _ in range(6):
        with pytest.raises(Unavailable):
            await read(provider)

    assert scripted.calls == 5


async def test_one_slow_provider_delays_the_others_answer_by_its_own_limit_only() -> None:
    slow, quick = Scripted("slow", behaviour=never), Scripted("quick")
    clock = HandClock()

    started = time.monotonic()
    found = await gather([guard_of(slow, clock), guard_of(quick, clock), unreachable(profile("away"))], read, clock)

    assert time.monotonic() - started < 0.5
    assert [(who.slug, row) for who, row in found.rows] == [("quick", None)]
    assert [(who.provider.slug, who.code) for who in found.unavailable] == [
        ("slow", "PROVIDER_UNAVAILABLE"),
        ("away", "PROVIDER_UNAVAILABLE"),
    ]


async def test_a_time_to_wait_that_one_call_was_told_spares_the_calls_after_it_until_then() -> None:
    clock = HandClock()
    scripted = Scripted("one", behaviour=failing(Unavailable("one", "catalog", retry_after_s=30)))
    provider = guard_of(scripted, clock)
    with pytest.raises(Unavailable):
        await read(provider)

    clock.forward(20)
    with pytest.raises(Unavailable) as spared:
        await read(provider)
    clock.forward(10)
    scripted.behaviour = Scripted("fresh").behaviour
    await read(provider)

    assert (spared.value.retry_after_s, scripted.calls) == (10, 2)


async def test_no_answer_silences_a_provider_for_more_than_a_minute() -> None:
    clock = HandClock()
    scripted = Scripted("one", behaviour=failing(Unavailable("one", "catalog", retry_after_s=3600)))
    provider = guard_of(scripted, clock)
    with pytest.raises(Unavailable):
        await read(provider)

    clock.forward(60)
    with pytest.raises(Unavailable):
        await read(provider)

    assert scripted.calls == 2


async def test_calls_beyond_the_rate_wait_their_turn_and_those_that_cannot_wait_are_not_sent() -> None:
    scripted = Scripted("one")
    provider = guard_of(scripted, limits=Limits(read_timeout_s=0.3, change_timeout_s=0.3, rate_per_s=2))

    started = time.monotonic()
    answers = await asyncio.gather(*(read(provider) for _ in range(4)), return_exceptions=True)
    took = time.monotonic() - started

    assert [type(each) for each in answers] == [type(None), type(None), Unavailable, Unavailable]
    assert scripted.calls == 2
    assert 0.29 < took < 1


async def test_a_change_that_waits_for_its_turn_too_long_was_not_sent() -> None:
    scripted = Scripted("one", behaviour=failing(Rejected("one", "ordering")))
    provider = guard_of(scripted, limits=Limits(change_timeout_s=0.1, rate_per_s=1))

    with pytest.raises(Rejected):
        await change(provider)
    with pytest.raises(Unavailable):
        await change(provider)

    assert scripted.calls == 1


async def test_a_capability_has_limits_of_its_own() -> None:
    scripted = Scripted("one", behaviour=failing(Unavailable("one", "catalog")))
    limits = Limits(read_tries=2, by_capability={"ordering": Limits(read_tries=1)})
    provider = guard_of(scripted, limits=limits)
    assert provider.ordering is not None

    with pytest.raises(Unavailable):
        await provider.ordering.find("key")
    of_ordering = scripted.calls
    with pytest.raises(Unavailable):
        await read(provider)

    assert (of_ordering, scripted.calls - of_ordering) == (1, 2)


def test_a_breaker_is_closed_then_open_then_half_open_then_closed() -> None:
    clock = HandClock()
    breaker = Breaker(clock, failures=2)
    seen = [breaker.circuit]
    for _ in range(2):
        breaker.started()
        breaker.failed()
    seen.append(breaker.circuit)
    clock.forward(10)
    seen.append(breaker.circuit)
    breaker.started()
    breaker.succeeded()

    assert [*seen, breaker.circuit] == [Circuit.CLOSED, Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED]


async def test_an_error_that_is_kept_holds_on_to_nothing_that_was_read() -> None:
    def read() -> None:
        raise ContractBroken("one", "catalog", "nonsense") from ValueError("of sixteen megabytes")

    with pytest.raises(ContractBroken) as caught:
        read()
    kept = caught.value.bare()

    assert kept is caught.value
    assert (kept.detail, kept.__traceback__, kept.__cause__, kept.__context__) == ("nonsense", None, None, None)
