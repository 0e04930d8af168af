"""What traces cost: the same query at two gateways, one of which sends a span for each answer to a collector."""

from collections.abc import Sequence
from pathlib import Path

import aiohttp

from tests.bench.figures import Figure, microseconds
from tests.bench.large_catalogue import large_provider
from tests.bench.programs import catalogue_only, cpu_s, gateway
from tests.bench.queries import OFFERINGS, Query, answer_of, catalogue, round_of
from tests.e2e.consumer import consumer
from tests.e2e.processes import Program
from tests.telemetry.collector import Collector, collecting

# Short turns: what else the machine does then meets both alike.
ROUNDS = 120
ASKS = 5
LIMIT = 0.1


async def measure(folder: Path, rounds: int = ROUNDS, asks: int = ASKS) -> Sequence[Figure]:
    """The two take turns. What is sent later, by a thread of its own, is counted too: until the last span has come."""
    async with collecting() as collector, large_provider(OFFERINGS) as root:
        providers = catalogue_only(folder / "providers.json", root)
        sending = {"TRACES": "otlp", "TRACES_ENDPOINT": collector.url}
        async with (
            gateway(folder / "without", providers) as without,
            gateway(folder / "with", providers, **sending) as tracing,
        ):
            return await _compared(without, tracing, collector, rounds, asks)


async def _compared(
    without: Program, tracing: Program, collector: Collector, rounds: int, asks: int
) -> Sequence[Figure]:  # fmt: skip
    async with consumer(without.url) as nobody, consumer(tracing.url) as other, aiohttp.ClientSession() as session:
        query = await catalogue(nobody, asks)
        assert query == await catalogue(other, asks)
        assert await answer_of(session, without.url, query) == await answer_of(session, tracing.url, query)
        await _turns(session, without, tracing, query, 2)
        await collector.named("query Catalogue", 1 + 2 * asks)
        begun = cpu_s(without), cpu_s(tracing)
        plain = await _turns(session, without, tracing, query, rounds)
        await collector.named("query Catalogue", 1 + (2 + rounds) * asks)
        extra_s = (cpu_s(tracing) - begun[1]) - (cpu_s(without) - begun[0])
    each_s = extra_s / (rounds * asks)
    added = each_s / (sum(plain) / rounds)
    return [
        Figure(f"CPU per query: {query.name}, no traces", microseconds(plain)),
        Figure("… more with traces that are sent", microseconds([each_s]), f"{added:+.1%}", f"{LIMIT:.0%}"),
    ]


async def _turns(
    session: aiohttp.ClientSession, without: Program, tracing: Program, query: Query, rounds: int
) -> list[float]:
    """What one answer took without traces, round by round."""
    plain = []
    for _ in range(rounds):
        plain.append(await round_of(session, without, f"{without.url}/graphql", query))
        await round_of(session, tracing, f"{tracing.url}/graphql", query)
    return plain
