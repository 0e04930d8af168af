"""A hundred providers with fifty offerings each, one dead and one slow: what the others' customers notice of it."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from tests.bench.figures import Figure, milliseconds
from tests.bench.large_catalogue import BASE, OFFERINGS, Resources, resources_of
from tests.bench.programs import cpu_s, gateway, memory
from tests.e2e.processes import Program, free_port
from tests.web import serving

PROVIDERS = 100
OFFERINGS_EACH = 50
ASKS = 200
SLOW_S = 5.0
MEMORY_LIMIT = 250
RATIO_LIMIT = 1.2
FIRST_PAGE = {
    "query": """{ productOfferings(first: 50) {
      edges { node { id name role provider { name } prices { __typename id name } } }
      unavailableProviders { provider { name } }
      pageInfo { hasNextPage endCursor }
    } }"""
}
ROLES = ["SERVICE_PROVIDER", "NETWORK_OPERATOR", "CONTENT_PROVIDER"]


async def measure(folder: Path, providers: int = PROVIDERS, asks: int = ASKS) -> Sequence[Figure]:
    """Two gateways in turn over the same catalogues: to one of them a provider is dead, and another is slow."""
    async with AsyncExitStack() as stack:
        root = await stack.enter_async_context(_catalogues(resources_of(OFFERINGS_EACH)))
        urls = [f"{root}/p-{number:03}" for number in range(providers)]
        troubled = [f"http://127.0.0.1:{free_port()}", f"{root}/slow", *urls[2:]]
        healthy = await _gateway(stack, folder / "healthy", urls)
        ill = await _gateway(stack, folder / "ill", troubled)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await _complete(session, healthy, providers, set())
        await _complete(session, ill, providers, {"P000"})
        taken = await _in_turn(session, (healthy, ill), asks)
        return _figures(providers, *taken, cpu_s(healthy), max(memory(healthy), memory(ill)))


async def _gateway(stack: AsyncExitStack, folder: Path, urls: Sequence[str]) -> Program:
    lacks = dict.fromkeys(("qualification", "ordering", "inventory", "billing"))
    entries = [
        {"slug": f"p-{number:03}", "name": f"P{number:03}", "adapter": "tmforum", "roles": ROLES,
         "settings": {"url": url, "paths": lacks}}
        for number, url in enumerate(urls)
    ]  # fmt: skip
    path = folder.with_suffix(".json")
    path.write_text(json.dumps({"providers": entries}), "utf-8")
    slow = str(2 * SLOW_S)
    return await stack.enter_async_context(gateway(folder, path, PROVIDER_READ_TIMEOUT_S=slow))


async def _complete(session: aiohttp.ClientSession, program: Program, providers: int, away: set[str]) -> None:
    """Waits until each provider has answered but those."""
    query = {"query": "{ productOfferings(first: 1) { unavailableProviders { provider { name } } } }"}
    async with asyncio.timeout(120):
        while True:
            page = (await _ask(session, program, query))["productOfferings"]
            if {each["provider"]["name"] for each in page["unavailableProviders"]} == away:
                return
            await asyncio.sleep(0.2)


async def _ask(session: aiohttp.ClientSession, program: Program, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    async with session.post(f"{program.url}/graphql", data=orjson.dumps(body), headers=headers) as response:
        answer = orjson.loads(await response.read())
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]
    return found


async def _in_turn(
    session: aiohttp.ClientSession, programs: tuple[Program, Program], asks: int
) -> tuple[list[float], list[float]]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(asks):
        for program, times in zip(programs, taken, strict=True):
            begun = time.perf_counter()
            page = await _ask(session, program, FIRST_PAGE)
            times.append(time.perf_counter() - begun)
            assert len(page["productOfferings"]["edges"]) == 50
    return taken


def _figures(
    providers: int, healthy: Sequence[float], ill: Sequence[float], start_cpu_s: float, most: int
) -> list[Figure]:
    usual, troubled = statistics.median(healthy), statistics.median(ill)
    return [
        Figure(f"{providers} providers × {OFFERINGS_EACH} offerings: the first page", milliseconds(usual)),
        Figure(
            "… one of them dead, one slow",
            milliseconds(troubled),
            f"{troubled / usual:.2f} × all healthy",
            f"{RATIO_LIMIT:g} ×",
        ),
        Figure("… CPU of the gateway, from its start to here", f"{start_cpu_s:.1f} s"),
        Figure("… memory of the gateway", f"{most / 1e6:.0f} MB", limit=f"{MEMORY_LIMIT} MB"),
    ]


@asynccontextmanager
async def _catalogues(resources: Resources) -> AsyncIterator[str]:
    """Serves the same catalogue under any first part of the path; under `slow`, each answer takes its time."""
    rows = {kind: list(each.values()) for kind, each in resources.items()}

    async def handle(request: web.Request) -> web.Response:
        provider, _, path = request.path.removeprefix("/").partition("/")
        if provider == "slow":
            await asyncio.sleep(SLOW_S)
        kind, _, key = f"/{path}".removeprefix(f"{BASE}/").partition("/")
        if key:
            found = resources.get(kind, {}).get(key)
            return web.json_response(found) if found else web.Response(status=404)
        offset, limit = int(request.query.get("offset", "0")), int(request.query.get("limit", "100"))
        page, headers = rows.get(kind, []), {"X-Total-Count": str(len(rows.get(kind, [])))}
        return web.json_response(page[offset : offset + limit], headers=headers)

    assert OFFERINGS in rows
    async with serving(handle) as root:
        yield root
