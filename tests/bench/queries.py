"""Processor time of queries, each beside handlers that answer the same: same run, server kind and client.

One handler sends the bytes that it has, the other reads the request's JSON and writes the answer's.
"""

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.bench.figures import Figure, microseconds
from tests.bench.large_catalogue import large_provider
from tests.bench.programs import START_LIMIT_S, bare, catalogue_only, cpu_s, gateway
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import Program

OFFERINGS = 150
ROUNDS = 7
LIMIT = 3.0
CATALOGUE = """
query Catalogue($after: String) {
  first: productOfferings(first: 100) { ...Offerings }
  rest: productOfferings(first: 50, after: $after) { ...Offerings }
}
fragment Offerings on ProductOfferingConnection {
  edges {
    node {
      id name description isBundle role
      categories { id slug name }
      provider { id name roles }
      prices {
        __typename id name
        ... on OneTimePrice { amount { amount currency } }
        ... on RecurringPrice { period amount { amount currency } }
      }
      characteristics { name label values unit }
    }
  }
  pageInfo { endCursor }
}
"""
"""20 fields with a value of their own are asked of each offering; those in lists come as often as the list is long."""


@dataclass(frozen=True, slots=True)
class Query:
    """A request's body, who asks it, and how often a round asks it."""

    name: str
    body: Mapping[str, Any]
    asks: int
    token: str | None = None
    limit: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": "application/json"} | ({"authorization": f"Bearer {self.token}"} if self.token else {})


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds of processor time for one answer, round by round: ours and the two handlers'."""

    ours: Sequence[float]
    same_bytes: Sequence[float]
    json: Sequence[float]


async def measure(folder: Path, rounds: int = ROUNDS, asks: int = 400) -> Sequence[Figure]:
    """The processor time of one answer: the median of the rounds, which alternate between the servers.

    `asks` is how often a round asks what is small.
    """
    async with large_provider(OFFERINGS) as root:
        providers = catalogue_only(folder / "providers.json", root)
        async with gateway(folder / "gateway", providers) as program, consumer(program.url) as nobody:
            queries = await _queries(nobody, asks)
            async with aiohttp.ClientSession() as session:
                answers = [await answer_of(session, program.url, query) for query in queries]
                async with bare(_kept(folder / "answers", answers)) as beside:
                    found = [
                        await _compared(session, program, beside, number, query, rounds)
                        for number, query in enumerate(queries)
                    ]
    rows = zip(queries, answers, found, strict=True)
    return [figure for query, answer, each in rows for figure in _figures(query, len(answer), each)]


async def catalogue(nobody: Consumer, asks: int) -> Query:
    """All offerings with what a page shows of them, in two pages; as soon as the gateway has read them."""
    page: Any = {}
    async with asyncio.timeout(START_LIMIT_S):
        while not page.get("hasNextPage"):
            asked = await nobody.ask("{ productOfferings(first: 100) { pageInfo { endCursor hasNextPage } } }")
            page = asked["productOfferings"]["pageInfo"]
    after = page["endCursor"]
    return Query(f"{OFFERINGS} offerings × 20 fields", {"query": CATALOGUE, "variables": {"after": after}}, asks)


async def _queries(nobody: Consumer, asks: int) -> list[Query]:
    member = await nobody.newcomer()
    viewer = {"query": "{ viewer { username } }"}
    return [
        await catalogue(nobody, max(1, asks // 20)),
        Query("`{ __typename }`", {"query": "{ __typename }"}, asks, limit=f"{LIMIT:g} × JSON"),
        Query("`{ viewer { username } }`, signed in", viewer, asks, member.token),
    ]


async def answer_of(session: aiohttp.ClientSession, url: str, query: Query) -> bytes:
    """The gateway's answer. Fails where it is not what was meant."""
    async with session.post(f"{url}/graphql", data=orjson.dumps(query.body), headers=query.headers) as response:
        body = await response.read()
    answer = orjson.loads(body)
    assert "errors" not in answer, answer
    pages = [page for page in answer["data"].values() if isinstance(page, dict) and "edges" in page]
    assert not pages or sum(len(page["edges"]) for page in pages) == OFFERINGS
    return body


def _kept(folder: Path, answers: Sequence[bytes]) -> Path:
    """The folder, with the answers for the other server."""
    folder.mkdir()
    for number, answer in enumerate(answers):
        (folder / f"{number}.json").write_bytes(answer)
    return folder


async def _compared(
    session: aiohttp.ClientSession, program: Program, beside: Program, number: int, query: Query, rounds: int
) -> Rounds:
    places = [
        (program, f"{program.url}/graphql"),
        (beside, f"{beside.url}/{number}"),
        (beside, f"{beside.url}/{number}/json"),
    ]
    # The first round warms up.
    taken = [[await round_of(session, *place, query) for place in places] for _ in range(rounds + 1)][1:]
    return Rounds(*zip(*taken, strict=True))


async def round_of(session: aiohttp.ClientSession, program: Program, url: str, query: Query) -> float:
    """The seconds of processor time that the program takes for one answer, over many, one after the other."""
    body, headers = orjson.dumps(query.body), query.headers
    begun = cpu_s(program)
    for _ in range(query.asks):
        async with session.post(url, data=body, headers=headers) as response:
            assert response.status == 200
            await response.read()
    return (cpu_s(program) - begun) / query.asks


def _figures(query: Query, size: int, found: Rounds) -> list[Figure]:
    ours = statistics.median(found.ours)
    to_bytes, to_json = ours / statistics.median(found.same_bytes), ours / statistics.median(found.json)
    kilobytes = f", {size / 1000:,.0f} kB" if size >= 1000 else ""
    ratios = f"{to_bytes:.1f} × bare, {to_json:.1f} × JSON"
    return [
        Figure(f"CPU per query: {query.name}{kilobytes}", microseconds(found.ours), ratios, query.limit),
        Figure("… a bare Starlette handler, the same bytes", microseconds(found.same_bytes)),
        Figure("… a Starlette JSON handler, the same content", microseconds(found.json)),
    ]
