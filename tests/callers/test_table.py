"""Who may do what: every root field × every kind of caller, over HTTP and WebSocket, against one running gateway."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.api.schema.access import AccessDirective
from gateway.api.schema.built import schema
from gateway.usecases.policy import Access
from tests.api.running import begun, said, send
from tests.callers.table import MUTATIONS, NULL, QUERIES, SEEN, SIGN_IN, SUBSCRIPTIONS, TABLE, Row
from tests.callers.world import CALLERS, World, a_world
from tests.samples import new_id

ROOTS = {
    "query": schema._schema.query_type,
    "mutation": schema._schema.mutation_type,
    "subscription": schema._schema.subscription_type,
}


@pytest.mark.parametrize("kind", ROOTS)
def test_every_root_field_has_a_row(kind: str) -> None:
    root = ROOTS[kind]
    assert root is not None

    assert {row.root for row in TABLE[kind]} == root.fields.keys()


@pytest.mark.parametrize("row", [*QUERIES, *MUTATIONS, *SUBSCRIPTIONS], ids=lambda row: row.root)
def test_nobody_gets_what_the_schema_says_of_the_field(row: Row) -> None:
    roots = {name: field for root in ROOTS.values() if root for name, field in root.fields.items()}
    applied = roots[row.root].extensions["strawberry-definition"].directives
    (declared,) = [each for each in applied if isinstance(each, AccessDirective)]

    assert (row.cells[0] != SIGN_IN) is (declared.caller is Access.PUBLIC)
    if declared.function:
        assert f"It takes the function {declared.function}." in (roots[row.root].description or "")
        assert dict(row.by_caller())["without"] == "FORBIDDEN"


@pytest.mark.requirement("R3", "R4", "R5", "S2", "S3", "M6")
async def test_each_caller_gets_what_is_theirs_and_no_more(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        found = {
            (row.selection, caller): await _answer(world, kind, row, caller)
            for kind, rows in TABLE.items()
            for row in rows
            for caller in CALLERS
        }

    expected = {
        (row.selection, caller): cell for rows in TABLE.values() for row in rows for caller, cell in row.by_caller()
    }
    wrong = {key: (found[key], cell) for key, cell in expected.items() if found[key] != cell}
    assert not wrong, "\n".join(f"{key[0][:60]} of {key[1]}: {is_}, not {to_be}" for key, (is_, to_be) in wrong.items())


@pytest.mark.requirement("S3")
async def test_anothers_id_can_not_be_told_from_an_unknown_one(tmp_path: Path) -> None:
    query = "query($id: ID!) { order(id: $id) { id } }"
    cancel = """mutation($id: ID!) {
      cancelOrder(input: {orderId: $id, idempotencyKey: "k"}) { order { id } userErrors { code field message } } }"""
    async with a_world(tmp_path) as world:
        order = (await world.anew(["order"]))["order"]

        for document in (query, cancel):
            for caller in ("stranger", "other", "operator"):
                theirs, nobodys, garbage = [
                    await world.gateway.ask(document, {"id": each}, caller)
                    for each in (order, new_id("Order"), "garbage")
                ]

                assert theirs == nobodys == garbage, caller


async def test_a_client_sees_what_anybody_sees_and_is_no_viewer(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for row in QUERIES:
            if row.cells[0] != SIGN_IN:
                document, used = _document("query", row), await world.anew(_names(row))
                found = [await world.gateway.ask(document, used, token) for token in ("partner", None)]
                assert found[0] == found[1], row.selection


def _names(row: Row) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\$(\w+)", row.selection)))


def _document(kind: str, row: Row) -> str:
    declared = ", ".join(f"${name}: {'String!' if name == 'key' else 'ID!'}" for name in _names(row))
    return f"{kind} Asked{f'({declared})' if declared else ''} {{ {row.selection} }}"


async def _answer(world: World, kind: str, row: Row, caller: str) -> str:
    document, used = _document(kind, row), await world.anew(_names(row))
    token = None if caller == "nobody" else caller
    if kind == "subscription":
        return _outcome(row.root, await _first(world, document, used, token))
    return _outcome(row.root, await world.gateway.ask(document, used, token))


async def _first(world: World, document: str, variables: Mapping[str, Any], token: str | None) -> Mapping[str, Any]:
    async with world.gateway.socket() as socket:
        await begun(socket, {"authorization": f"Bearer {token}"} if token else None)
        await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": document, "variables": variables}})
        message = await said(socket)
    payload = message["payload"]
    return {"errors": payload} if message["type"] == "error" else payload


def _outcome(root: str, answer: Mapping[str, Any]) -> str:
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    found = answer["data"][root]
    if isinstance(found, dict) and found.get("userErrors"):
        return str(found["userErrors"][0]["code"])
    return NULL if found in (None, [None]) else SEEN
