"""Processor time of queries, each beside a handler that answers the same bytes: same run, server kind and client."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.bench.figures import Figure, microseconds
from tests.bench.large_catalogue import large_provider
from tests.bench.programs import bare, catalogue_only, cpu_s, gateway
from tests.e2e.consumer import Consumer, consumer
from tests.e2e.processes import Program

OFFERINGS = 150
ROUNDS = 7
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

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": "application/json"} | ({"authorization": f"Bearer {self.token}"} if self.token else {})


async def measure(folder: Path) -> Sequence[Figure]:
    """The processor time of one answer: the median of the rounds, which alternate between the two servers."""
    async with large_provider(OFFERINGS) as root:
        providers = catalogue_only(folder / "providers.json", root)
        async with gateway(folder / "gateway", providers) as program, consumer(program.url) as nobody:
            queries = await _queries(nobody)
            async with aiohttp.ClientSession() as session:
                answers = [await _answer(session, program.url, query) for query in queries]
                async with bare(_kept(folder / "answers", answers)) as beside:
                    found = [await _compared(session, program, beside, n, query) for n, query in enumerate(queries)]
    rows = zip(queries, answers, found, strict=True)
    return [figure for query, answer, rounds in rows for figure in _figures(query, len(answer), rounds)]


async def _queries(nobody: Consumer) -> list[Query]:
    member = await nobody.newcomer()
    page = await nobody.ask("{ productOfferings(first: 100) { pageInfo { endCursor } } }")
    after = page["productOfferings"]["pageInfo"]["endCursor"]
    return [
        Query(f"{OFFERINGS} offerings × 20 fields", {"query": CATALOGUE, "variables": {"after": after}}, 20),
        Query("`{ __typename }`", {"query": "{ __typename }"}, 400),
        Query("`{ viewer { username } }`, signed in", {"query": "{ viewer { username } }"}, 400, member.token),
    ]


async def _answer(session: aiohttp.ClientSession, url: str, query: Query) -> bytes:
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
    session: aiohttp.ClientSession, program: Program, beside: Program, number: int, query: Query
) -> tuple[list[float], list[float]]:
    ours, theirs = [], []
    for _ in range(ROUNDS + 1):
        ours.append(await _round(session, program, f"{program.url}/graphql", query, query.asks))
        theirs.append(await _round(session, beside, f"{beside.url}/{number}", query, 400))
    # The first round warms up.
    return ours[1:], theirs[1:]


async def _round(session: aiohttp.ClientSession, program: Program, url: str, query: Query, asks: int) -> float:
    body, headers = orjson.dumps(query.body), query.headers
    begun = cpu_s(program)
    for _ in range(asks):
        async with session.post(url, data=body, headers=headers) as response:
            assert response.status == 200
            await response.read()
    return (cpu_s(program) - begun) / asks


def _figures(query: Query, size: int, found: tuple[list[float], list[float]]) -> list[Figure]:
    ours, theirs = found
    ratio = statistics.median(ours) / statistics.median(theirs)
    kilobytes = f", {size / 1000:,.0f} kB" if size >= 1000 else ""
    return [
        Figure(f"CPU per query: {query.name}{kilobytes}", microseconds(ours), f"{ratio:.1f} × bare"),
        Figure("… a bare Starlette handler, the same bytes", microseconds(theirs), "1"),
    ]
