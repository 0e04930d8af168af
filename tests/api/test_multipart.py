"""Answers in parts, by `@defer` and `@stream`, and subscriptions as multipart: in the formats that clients read."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.api.running import Running
from tests.api.streams import FOLLOW, Open, an_order_of, opened, told
from tests.clock import NOON

SUBSCRIPTION = {"accept": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"}
PATHS = {"accept": "multipart/mixed, application/json"}
IDS = {"accept": "multipart/mixed;incrementalSpec=v0.2, application/json"}
DEFER = """
query { productOfferings(first: 2) { edges { cursor } ... @defer(label: "later") { pageInfo { hasNextPage } } } }
"""
STREAM = 'query { nodes(ids: ["a", "b", "c"]) @stream(initialCount: 1) { id } viewer { id } }'


async def _parts(stream: Open) -> list[Any]:
    """All of them; the body is well-formed to its end."""
    body = await stream.rest()
    assert body.startswith(b"\r\n--graphql\r\n")
    assert body.endswith(b"\r\n--graphql--\r\n")
    return [orjson.loads(part.partition(b"\r\n\r\n")[2]) for part in body.split(b"\r\n--graphql")[1:-1]]


@pytest.mark.requirement("V8", "N3")
async def test_a_subscriptions_events_come_as_payloads(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced", "OrderCompleted")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **SUBSCRIPTION) as stream:
        assert stream.response.headers["content-type"] == 'multipart/mixed; boundary="graphql";subscriptionSpec=1.0'
        parts = await _parts(stream)

    assert [each["payload"]["data"]["orderEvents"]["sequence"] for each in parts] == [1, 2]


async def test_each_event_is_readable_as_soon_as_it_happened(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **SUBSCRIPTION) as stream:
        assert await stream.until(b"--graphql") == b"\r\n--graphql"
        assert (await stream.part())["payload"]["data"]["orderEvents"]["sequence"] == 1
        # A sign of life is an empty object.
        assert await stream.part() == {}
        await told(gateway, order, "OrderItemActivated")
        while (part := await stream.part()) == {}:
            pass
        assert part["payload"]["data"]["orderEvents"]["sequence"] == 2


async def test_the_end_of_the_session_is_an_error_of_the_transport(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **SUBSCRIPTION) as stream:
        await stream.until(b"--graphql")
        await stream.part()
        async with gateway.storage.writing() as unit:
            await unit.accounts.end_session("maria", NOON)
            unit.wake("session:maria")
        last = await stream.part()

        assert last["payload"] is None
        assert last["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await stream.rest() == b"--\r\n"


async def test_a_client_that_names_no_specification_gets_bare_answers(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced", "OrderCompleted")

    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", accept="multipart/mixed") as stream:
        parts = await _parts(stream)

    assert [each["data"]["orderEvents"]["sequence"] for each in parts] == [1, 2]


@pytest.mark.parametrize("query", [FOLLOW, "subscription { nothing }"])
async def test_a_refusal_comes_in_the_only_type_that_the_client_reads(gateway: Running, query: str) -> None:
    async with opened(gateway, query, {"id": "x"}, accept="multipart/mixed;subscriptionSpec=1.0") as stream:
        (part,) = await _parts(stream)
        assert stream.response.content_type == "multipart/mixed"
    async with opened(gateway, query, {"id": "x"}, accept="multipart/mixed") as stream:
        (bare,) = await _parts(stream)

    assert part["payload"]["errors"][0]["extensions"]["code"] in {"UNAUTHENTICATED", "GRAPHQL_VALIDATION_FAILED"}
    assert bare["errors"] == part["payload"]["errors"]


async def test_an_event_stream_goes_before_multipart_without_a_specification(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced", "OrderCompleted")

    accept = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", accept=accept) as stream:
        assert stream.response.content_type == "text/event-stream"


async def test_what_is_deferred_comes_later_with_its_path_and_label(gateway: Running) -> None:
    async with opened(gateway, DEFER, **PATHS) as stream:
        first, second = await _parts(stream)

    assert list(first["data"]["productOfferings"]) == ["edges"]
    assert first["hasNext"] is True
    assert first["extensions"]["cost"]["requested"] > 0
    assert second == {
        "hasNext": False,
        "incremental": [
            {"data": {"pageInfo": {"hasNextPage": True}}, "path": ["productOfferings"], "label": "later"},
        ],
    }


async def test_what_is_deferred_comes_by_id_for_a_client_of_that_format(gateway: Running) -> None:
    async with opened(gateway, DEFER, **IDS) as stream:
        first, second = await _parts(stream)

    assert first["pending"] == [{"id": "0", "path": ["productOfferings"], "label": "later"}]
    assert second == {
        "hasNext": False,
        "incremental": [{"data": {"pageInfo": {"hasNextPage": True}}, "id": "0"}],
        "completed": [{"id": "0"}],
    }


async def test_streamed_rows_are_counted_from_where_the_first_part_ended(gateway: Running) -> None:
    async with opened(gateway, STREAM, **PATHS) as stream:
        first, *rest = await _parts(stream)

    assert first["data"] == {"nodes": [None], "viewer": None}
    rows = [each for part in rest for each in part.get("incremental", ())]
    assert rows[0]["path"] == ["nodes", 1]
    assert [item for row in rows for item in row["items"]] == [None, None]
    assert rest[-1]["hasNext"] is False


async def test_a_client_that_reads_no_parts_gets_all_at_once(gateway: Running) -> None:
    whole = await gateway.ask(DEFER)
    streamed = await gateway.ask(STREAM)

    assert whole["data"]["productOfferings"].keys() == {"edges", "pageInfo"}
    assert streamed["data"]["nodes"] == [None, None, None]


async def test_an_operation_without_parts_is_answered_as_json(gateway: Running) -> None:
    async with opened(gateway, "{ viewer { id } }", **PATHS) as answer:
        assert answer.response.content_type == "application/json"


async def test_what_fails_later_says_so_in_its_part(gateway: Running) -> None:
    query = '{ viewer { id } ... @defer(label: "d") { productOfferings(first: 0) { edges { cursor } } } }'
    async with opened(gateway, query, **PATHS) as stream:
        first, second = await _parts(stream)

    assert first["data"] == {"viewer": None}
    (failed,) = second["incremental"]
    assert (failed["data"], failed["path"], failed["label"]) == (None, [], "d")
    assert failed["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "problem": "PAGE_SIZE", "field": ["first"]}


async def test_a_client_that_leaves_between_parts_leaves_nothing_behind(gateway: Running) -> None:
    order = await an_order_of(gateway, await gateway.sign_in("maria"), "OrderPlaced")
    async with opened(gateway, FOLLOW, {"id": order.id}, "maria", **SUBSCRIPTION) as stream:
        await stream.until(b"--graphql")
        stream.response.close()

    async with asyncio.timeout(5):
        while gateway.core.feed._channels:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


NESTED = """
{ ... @defer(label: "a") { productOfferings(first: 1) { pageInfo { hasNextPage }
  ... @defer(label: "b") { edges { cursor } } } } }
"""


async def test_what_is_deferred_within_what_is_deferred_comes_with_its_path(gateway: Running) -> None:
    whole = (await gateway.ask(NESTED))["data"]
    async with opened(gateway, NESTED, **PATHS) as stream:
        first, *rest = await _parts(stream)

    told = [each for part in rest for each in part["incremental"]]
    assert first["data"] == {}
    assert [(each["label"], each["path"]) for each in told] == [("a", []), ("b", ["productOfferings"])]
    assert told[0]["data"]["productOfferings"] == {"pageInfo": whole["productOfferings"]["pageInfo"]}
    assert told[1]["data"] == {"edges": whole["productOfferings"]["edges"]}
    assert rest[-1]["hasNext"] is False
