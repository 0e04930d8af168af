"""GraphQL over HTTP: what is asked well is answered, what is not gets its documented error, never a traceback."""

import asyncio
import json
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from graphql import get_introspection_query
from multidict import CIMultiDict

from gateway.domain.parties import Caller
from tests.api.running import SECRET, Running

NAMES = "{ productOfferings { edges { node { name } } } }"
GRAPHQL = "application/graphql-response+json"


async def _posted(gateway: Running, body: Any, **headers: str) -> tuple[int, str, dict[str, Any]]:
    sent = {"content-type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    async with gateway.http.post(f"{gateway.address}/graphql", data=data, headers=sent) as response:
        return response.status, response.content_type, json.loads(await response.read())


def _codes(answer: dict[str, Any]) -> list[str]:
    return [each["extensions"]["code"] for each in answer["errors"]]


@pytest.mark.requirement("F1")
async def test_nobody_can_read_the_catalogue(gateway: Running) -> None:
    status, kind, answer = await _posted(gateway, {"query": NAMES})

    assert (status, kind) == (200, "application/json")
    names = [edge["node"]["name"] for edge in answer["data"]["productOfferings"]["edges"]]
    assert sorted(names) == ["Fibre 100", "Fibre 200", "Fibre 300"]


async def test_the_answer_has_the_media_type_that_was_asked_for(gateway: Running) -> None:
    status, kind, answer = await _posted(gateway, {"query": NAMES}, accept=f"{GRAPHQL}, application/json;q=0.9")

    assert (status, kind, "errors" in answer) == (200, GRAPHQL, False)


async def test_a_query_can_be_asked_by_get(gateway: Running) -> None:
    query = {"query": "query($n: Int) { productOfferings(first: $n) { edges { cursor } } }", "variables": '{"n": 2}'}
    async with gateway.http.get(f"{gateway.address}/graphql", params=query) as response:
        answer = await response.json()

    assert len(answer["data"]["productOfferings"]["edges"]) == 2


async def test_a_mutation_is_never_run_by_get(gateway: Running) -> None:
    query = {"query": 'mutation { createBundle(input: {name: "x"}) { userErrors { code } } }'}
    async with gateway.http.get(f"{gateway.address}/graphql", params=query) as response:
        answer = await response.json()

    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert _codes(answer) == ["BAD_USER_INPUT"]


DEEP = "{" + "a{" * 5000 + "b" + "}" * 5001
CYCLE = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
NESTED_FRAGMENTS = (
    "{ ...F0 }"
    + "".join(f"fragment F{n} on Query {{ a{n}: viewer {{ id }} ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    + "fragment F40 on Query { viewer { id } }"
)
# 5 ** 6 times the last one, in a thousand characters.
SPREADING = (
    "{ ...F0 }"
    + "".join(
        f"fragment F{n} on Query {{"
        + "".join(f"a{m}: viewer {{ memberships {{ ...F{n + 1} }} }} " for m in range(5))
        + "}"
        for n in range(6)
    )
    + "fragment F6 on Query { viewer { id } }"
)
ONE_NAME = "viewer { id memberships { role } } " * 200
BAD_DOCUMENTS = [
    ("{", "GRAPHQL_PARSE_FAILED"),
    ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    (DEEP, "QUERY_TOO_COMPLEX"),
    (CYCLE, "GRAPHQL_VALIDATION_FAILED"),
    ("{" + "".join(f"a{n}: viewer {{ id }} " for n in range(101)) + "}", "QUERY_TOO_COMPLEX"),
    ("{ __schema { types " + "{ ofType " * 20 + "{ name }" + "}" * 20 + "} }", "QUERY_TOO_COMPLEX"),
    (SPREADING, "QUERY_TOO_COMPLEX"),
    ("{" + ONE_NAME + "}", "QUERY_TOO_COMPLEX"),
    ("{ viewer { id } } fragment Unused on Query {" + ONE_NAME + "}", "QUERY_TOO_COMPLEX"),
    (
        "{ viewer { id } } fragment A on Query { ...B } fragment B on Query { ...A " + ONE_NAME + "}",
        "QUERY_TOO_COMPLEX",
    ),
    ("subscription { customerEvents { id } }", "BAD_USER_INPUT"),
    ("query A { viewer { id } } query B { viewer { id } }", "BAD_USER_INPUT"),
    ("query($n: Int!) { productOfferings(first: $n) { edges { cursor } } }", "BAD_USER_INPUT"),
    ('{ productOfferings(first: "many") { edges { cursor } } }', "GRAPHQL_VALIDATION_FAILED"),
    ("query { productOfferings(filter: {roles: [PLUMBER]}) { edges { cursor } } }", "GRAPHQL_VALIDATION_FAILED"),
]


@pytest.mark.parametrize(("query", "code"), BAD_DOCUMENTS)
async def test_a_document_that_can_not_be_run_gets_its_code(gateway: Running, query: str, code: str) -> None:
    _, _, answer = await _posted(gateway, {"query": query})
    status, _, again = await _posted(gateway, {"query": query}, accept=GRAPHQL)

    assert set(_codes(answer)) == {code}
    assert "data" not in answer
    assert (status, _codes(again)) == (400, _codes(answer))


async def test_fragments_that_double_at_each_step_are_measured_in_no_time(gateway: Running) -> None:
    _, _, answer = await _posted(gateway, {"query": NESTED_FRAGMENTS})

    assert "errors" not in answer or _codes(answer)


BAD_BODIES = [
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[" * 100_000, 400),
    (b'"query"', 400),
    (b"[]", 400),
    (b'[{"query": "{ viewer { id } }"}]', 400),
    (b"{}", 400),
    (b'{"query": 1}', 400),
    (b'{"query": "{ viewer { id } }", "variables": []}', 400),
    (b'{"query": "{ viewer { id } }", "operationName": {}}', 400),
    (b'{"query": "{ viewer { id } }", "extensions": "x"}', 400),
    (b'{"query": "' + b"x" * 1_000_000 + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
async def test_a_body_that_is_no_request_is_refused(gateway: Running, body: bytes, status: int) -> None:
    found, _, answer = await _posted(gateway, body)

    assert (found, _codes(answer)) == (status, ["BAD_USER_INPUT"])


async def test_a_body_without_a_length_is_cut_off_at_the_limit(gateway: Running) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 10_000

    headers = {"content-type": "application/json"}
    async with gateway.http.post(f"{gateway.address}/graphql", data=chunks(), headers=headers) as response:
        assert response.status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"accept": "image/png"}, 406),
        ({"content-type": "application/json; charset=latin-1"}, 415),
    ],
)
async def test_a_wrong_media_type_is_refused(gateway: Running, headers: dict[str, str], status: int) -> None:
    found, _, answer = await _posted(gateway, {"query": NAMES}, **headers)

    assert (found, _codes(answer)) == (status, ["BAD_USER_INPUT"])


async def test_another_method_is_refused(gateway: Running) -> None:
    async with gateway.http.patch(f"{gateway.address}/graphql") as response:
        assert (response.status, response.headers["allow"]) == (405, "GET, POST, PUT, DELETE")
        assert _codes(await response.json()) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("first", [0, -1, 101, 1000])
async def test_a_page_of_a_wrong_size_is_refused(gateway: Running, first: int) -> None:
    answer = await gateway.ask("query($n: Int) { productOfferings(first: $n) { edges { cursor } } }", {"n": first})

    assert answer["data"] is None
    assert _codes(answer) == ["BAD_USER_INPUT"]
    assert answer["errors"][0]["extensions"]["problem"] == "PAGE_SIZE"
    assert answer["errors"][0]["message"] == "A page has from 1 to 100 rows."


async def test_null_and_absent_arguments_mean_the_same(gateway: Running) -> None:
    query = """
    query($f: ProductOfferingFilter, $s: ProductOfferingSort, $n: Int, $a: String) {
      productOfferings(filter: $f, sort: $s, first: $n, after: $a) { edges { cursor } }
    }
    """

    absent = await gateway.ask(query)
    null = await gateway.ask(query, {"f": None, "s": None, "n": None, "a": None})
    inner = await gateway.ask(query, {"f": {"text": None, "roles": None, "isBundle": None}})

    assert absent == null == inner
    assert len(absent["data"]["productOfferings"]["edges"]) == 3


async def test_a_foreign_cursor_is_refused(gateway: Running) -> None:
    answer = await gateway.ask('{ providers(after: "bm9uZQ") { edges { node { id } } } }')

    assert _codes(answer) == ["BAD_USER_INPUT"]


async def test_an_unknown_id_is_null_without_an_error(gateway: Running) -> None:
    answer = await gateway.ask(
        '{ productOffering(id: "bm9uZQ") { id } node(id: "nothing") { id } nodes(ids: ["", "x"]) { id } }'
    )

    assert answer == {"data": {"productOffering": None, "node": None, "nodes": [None, None]}}


async def test_a_node_is_found_again_by_its_id(gateway: Running) -> None:
    first = (await gateway.ask("{ productOfferings { edges { node { id provider { id } } } } }"))["data"]
    node = first["productOfferings"]["edges"][0]["node"]
    answer = await gateway.ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": [node["provider"]["id"], node["id"]]}
    )

    assert answer["data"]["nodes"] == [
        {"__typename": "Provider", "id": node["provider"]["id"]},
        {"__typename": "ProductOffering", "id": node["id"]},
    ]


@pytest.mark.requirement("V2")
async def test_the_viewer_is_nobody_or_who_signed_in(gateway: Running) -> None:
    maria = await gateway.sign_in("maria")
    query = "{ viewer { username memberships { role customer { name } } } }"

    assert await gateway.ask(query) == {"data": {"viewer": None}}
    assert maria.actor is not None
    assert (await gateway.ask(query, token="maria"))["data"]["viewer"] == {
        "username": "maria",
        "memberships": [{"role": "SELF_SERVICE_MANAGER", "customer": {"name": "Maria's household"}}],
    }


async def test_a_token_that_is_good_no_more_is_refused_in_the_callers_language(gateway: Running) -> None:
    status, _, answer = await _posted(
        gateway, {"query": "{ viewer { id } }"}, authorization="Bearer gone", accept_language="sv"
    )

    assert (status, _codes(answer)) == (401, ["UNAUTHENTICATED"])
    assert answer["errors"][0]["message"] == "Logga in först."


async def test_answers_are_kept_by_no_cache(gateway: Running) -> None:
    async with gateway.http.post(f"{gateway.address}/graphql", json={"query": NAMES}) as response:
        assert response.headers["cache-control"] == "no-store"


async def test_a_browser_is_told_what_this_is(gateway: Running) -> None:
    async with gateway.http.get(f"{gateway.address}/graphql", headers={"accept": "text/html,*/*;q=0.8"}) as response:
        page = await response.text()

    assert response.content_type == "text/html"
    assert "This is a GraphQL endpoint" in page


async def test_health_and_readiness_are_told(gateway: Running) -> None:
    async with (
        gateway.http.get(f"{gateway.address}/healthz") as alive,
        gateway.http.get(f"{gateway.address}/readyz") as ready,
    ):
        assert (alive.status, ready.status) == (200, 200)

    gateway.readiness["engine"] = False
    async with gateway.http.get(f"{gateway.address}/readyz") as waiting:
        assert waiting.status == 503
        assert await waiting.json() == {"status": "waiting", "parts": {"database": True, "engine": False}}


async def _hub(gateway: Running, path: str, body: bytes) -> int:
    async with gateway.http.post(f"{gateway.address}/providers/{path}", data=BytesIO(body)) as response:
        assert await response.read() == b""
        return response.status


@pytest.mark.requirement("S6")
async def test_a_hubs_event_is_taken_from_who_knows_the_secret(gateway: Running) -> None:
    assert await _hub(gateway, f"nord/events/{SECRET}", b'{"kind": "ORDER", "ref": "nobody\'s"}') == 204
    assert gateway.posted == [("nord", {"kind": "ORDER", "ref": "nobody's"})]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nord/events/wrong", b"{}", 404),
        (f"else/events/{SECRET}", b"{}", 404),
        ("nord/events/%C3%A5", b"{", 404),
        (f"nord/events/{SECRET}", b"{", 400),
        (f"nord/events/{SECRET}", b"[]", 400),
        (f"nord/events/{SECRET}", b"\xff", 400),
        (f"nord/events/{SECRET}", b"[" * 100_000, 400),
        (f"nord/events/{SECRET}", b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (f"nord/events/{SECRET}", b'{"kind": "WEATHER"}', 400),
        (f"nord/events/{SECRET}", b" " * 1_040_000 + b"{" * 10_000, 413),
    ],
)
async def test_a_bad_event_is_refused(gateway: Running, path: str, body: bytes, status: int) -> None:
    assert await _hub(gateway, path, body) == status
    assert gateway.posted == []


async def test_introspection_as_tools_ask_it_is_answered(gateway: Running) -> None:
    answer = await gateway.ask(get_introspection_query(input_value_deprecation=True))

    assert "errors" not in answer


async def test_a_fault_shows_a_trace_id_and_nothing_of_the_inside(gateway: Running) -> None:
    gateway.tokens.actors = None  # nobody keeps such an actor
    nameless: Any = SimpleNamespace(id="an-id", memberships=())
    gateway.tokens.callers["broken"] = Caller(nameless, "broken")

    with structlog.testing.capture_logs() as logged:
        answer = await gateway.ask("{ viewer { username } }", token="broken")

    (error,) = answer["errors"]
    assert answer["data"] == {"viewer": None}
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"].keys() == {"code", "traceId"}
    assert error["extensions"]["code"] == "INTERNAL"
    assert "Namespace" not in json.dumps(error)
    assert [each["trace_id"] for each in logged if each["event"] == "fault"] == [error["extensions"]["traceId"]]


async def test_a_fault_beyond_the_schema_is_masked_too(gateway: Running) -> None:
    nobody: Any = "not a caller"
    gateway.tokens.callers["broken"] = nobody

    status, _, answer = await _posted(gateway, {"query": "{ viewer { id } }"}, authorization="Bearer broken")

    assert (status, _codes(answer)) == (500, ["INTERNAL"])
    assert answer["errors"][0]["extensions"].keys() == {"code", "traceId"}


async def test_no_answer_sends_anybody_to_another_address(gateway: Running) -> None:
    headers = {"host": "evil.example.com"}
    async with gateway.http.post(
        f"{gateway.address}/graphql/", json={}, headers=headers, allow_redirects=False
    ) as response:
        assert (response.status, "location" in response.headers) == (404, False)


async def test_several_lines_of_one_header_are_one_list(gateway: Running) -> None:
    headers = CIMultiDict([("accept", GRAPHQL), ("accept", "image/png")])
    async with gateway.http.post(f"{gateway.address}/graphql", json={"query": NAMES}, headers=headers) as response:
        assert (response.status, response.content_type) == (200, GRAPHQL)


async def test_a_body_that_never_comes_is_not_waited_for(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.api.bodies.SENT_S", 0.2)
    host, _, port = gateway.address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /graphql HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
    writer.write(head.encode())

    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()

    assert status == b"HTTP/1.1 400 Bad Request\r\n"
