"""The whole way, from a client to the operators and into the collector: what is told of it, and what never is."""

import json
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.bench.programs import gateway, operators
from tests.e2e.consumer import PLACE, Consumer, consumer, document
from tests.e2e.shopping import basket, first_offering, place
from tests.telemetry.collector import Collector, collecting
from tests.telemetry.figures import figure_in
from tests.telemetry.test_traces import SAMPLED, SPAN, TRACE
from tests.web import serving

# None of these may be seen where operators look.
USERNAME, NAME, EMAIL = "asta-lindqvist", "Familjen Lindqvist", "asta.lindqvist@example.com"
PASSWORD, STREET = "mycket hemligt lösenord", "Kungsholmsgränd"
PLANTED = [USERNAME, NAME, "Familjen", EMAIL, PASSWORD, "hemligt", STREET]


@asynccontextmanager
async def overheard(providers: Path) -> AsyncIterator[dict[str, list[str]]]:
    """Stands between the gateway and its operators; the trace ids that each operator was sent."""
    content = _read(providers)
    roots = {each["slug"]: each["settings"]["url"] for each in content["providers"]}
    heard: dict[str, list[str]] = defaultdict(list)
    async with aiohttp.ClientSession() as session:

        async def pass_on(request: web.Request) -> web.Response:
            slug, _, path = request.raw_path[1:].partition("/")
            heard[slug].append(request.headers.get("traceparent", "-")[3:35])
            headers = {key: value for key, value in request.headers.items() if key.lower() != "host"}
            url, body = f"{roots[slug]}/{path}", await request.read()
            async with session.request(request.method, url, data=body, headers=headers) as answer:
                kept = {key: value for key, value in answer.headers.items() if key.lower() in {"content-type", "etag"}}
                kept |= {key: value for key, value in answer.headers.items() if key.lower().startswith("x-")}
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)

        async with serving(pass_on) as url:
            for each in content["providers"]:
                each["settings"]["url"] = f"{url}/{each['slug']}"
            _write(providers, content)
            yield heard


def _read(providers: Path) -> Any:
    return json.loads(providers.read_text("utf-8"))


def _write(providers: Path, content: Any) -> None:
    providers.write_text(json.dumps(content), "utf-8")


async def test_a_trace_reaches_the_operators_and_nothing_of_a_person_reaches_who_watches(tmp_path: Path) -> None:
    tracing = {"TRACES": "otlp", "LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}
    async with (
        collecting() as collector,
        operators(tmp_path / "operators", (0.1, 0.2)) as providers,
        overheard(providers) as heard,
        gateway(tmp_path / "gateway", providers, TRACES_ENDPOINT=collector.url, **tracing) as program,
        consumer(program.url) as nobody,
    ):
        asta = await _signed_up(nobody)
        await _qualify(asta)
        order = await place(asta, (await basket(asta)).given())
        await asta.events("12", {"orderId": order})
        await asta.send("query Bad($x: String!) { " + STREET, {"x": PASSWORD})
        await nobody.post("/auth/session", {"username": USERNAME, "password": PASSWORD + "!"})

        await _is_one_trace(collector, heard)
        async with nobody.session.get(f"{program.url}/metrics") as response:
            metrics = await response.text()
        lines = [json.loads(line) for line in program.written().splitlines() if line.startswith("{")]

    assert figure_in(metrics, "gateway_operation_seconds_count", operation="PlaceOrder", kind="mutation", outcome="ok")
    assert figure_in(metrics, "gateway_refusals_total", surface="accounts", code="INVALID_CREDENTIALS") == 1
    told = {"log": program.written(), "metrics": metrics, "spans": collector.raw.decode("utf-8", "replace")}
    assert all(len(each) > 500 for each in told.values())
    assert lines
    tokens = [*PLANTED, asta.token or "no token"]
    assert [(where, word) for where, text in told.items() for word in tokens if word in text] == []


async def _signed_up(nobody: Consumer) -> Consumer:
    body: Any = {"username": USERNAME, "password": PASSWORD, "email": EMAIL}
    status, _ = await nobody.post("/auth/accounts", {**body, "customer": {"name": NAME, "kind": "HOUSEHOLD"}})
    assert status == 201
    return await nobody.signed_in(USERNAME, PASSWORD)


async def _qualify(asker: Consumer) -> None:
    """Asks operators within a trace that the client has begun."""
    address = {**PLACE["address"], "street": STREET}
    given = {"offeringIds": [await first_offering(asker)], "place": {"address": address}}
    body = {"query": document("04"), "variables": {"input": given}}
    headers = {**asker.headers, "traceparent": SAMPLED, "baggage": f"who={secrets.token_hex(4)}"}
    async with asker.session.post(f"{asker.url}/graphql", json=body, headers=headers) as response:
        assert "errors" not in await response.json()


async def _is_one_trace(collector: Collector, heard: dict[str, list[str]]) -> None:
    """The question about the place: one span in the client's trace, and below it one for each operator asked."""
    (operation,) = await collector.named("query QualifyOfferings")
    assert (operation.trace_id, operation.parent_id) == (TRACE, SPAN)
    asked = {str(each.attributes["gateway.provider"]) for each in collector.below(operation)}
    assert asked
    assert asked == {slug for slug, traces in heard.items() if TRACE in traces}
    assert {each.attributes["gateway.capability"] for each in collector.below(operation)} == {"qualification"}
