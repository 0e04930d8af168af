"""Service clients at the API: what the operator does with them, and what a client is to everything that serves it."""

from typing import Any

import pytest

from gateway.api.operations.fanout import rights_key
from gateway.api.operations.limits import Budgets, OperationLimits
from gateway.api.operations.watched import _kind_of
from gateway.domain.clients import ClientScope
from gateway.domain.parties import Caller, ServiceClient
from gateway.usecases import clients
from tests.api.running import Running

CREATE = """
mutation($name: String!) {
  createServiceClient(input: {name: $name, scopes: [PROVIDERS_WRITE]}) {
    serviceClient { id name scopes createdAt lastUsedAt previousSecretUntil endedAt } secret
    userErrors { code field message }
  }
}
"""
ROTATE = """
mutation($id: ID!, $now: Boolean) {
  rotateServiceClientSecret(input: {clientId: $id, endPrevious: $now}) {
    serviceClient { id previousSecretUntil } secret userErrors { code field }
  }
}
"""
END = (
    "mutation($id: ID!) { endServiceClient(input: {clientId: $id}) { serviceClient { endedAt } userErrors { code } } }"
)
LIST = """
query($first: Int, $after: String) {
  serviceClients(first: $first, after: $after) { edges { node { name } } pageInfo { hasNextPage endCursor } }
}
"""
NODE = "query($id: ID!) { node(id: $id) { id ... on ServiceClient { name } } }"
ACME = ServiceClient("acme", "acme", frozenset({"providers:write"}), 1)
ALL = frozenset(ClientScope)


async def test_the_operator_makes_a_client_changes_its_secret_and_ends_it(gateway: Running) -> None:
    await gateway.sign_in("operator", is_operator=True)
    made = (await gateway.ask(CREATE, {"name": " acme "}, "operator"))["data"]["createServiceClient"]
    client_id = made["serviceClient"].pop("id")

    assert made["userErrors"] == []
    assert made["serviceClient"] == {
        "name": "acme",
        "scopes": ["PROVIDERS_WRITE"],
        "createdAt": "2026-03-01T12:00:00Z",
        "lastUsedAt": None,
        "previousSecretUntil": None,
        "endedAt": None,
    }
    rotated = (await gateway.ask(ROTATE, {"id": client_id}, "operator"))["data"]["rotateServiceClientSecret"]
    assert rotated["serviceClient"] == {"id": client_id, "previousSecretUntil": "2026-03-02T12:00:00Z"}
    at_once = await gateway.ask(ROTATE, {"id": client_id, "now": True}, "operator")
    third = at_once["data"]["rotateServiceClientSecret"]
    assert third["serviceClient"]["previousSecretUntil"] is None
    secrets = {made["secret"], rotated["secret"], third["secret"]}
    assert (len(secrets), {len(each) for each in secrets}) == (3, {43})
    ended = [(await gateway.ask(END, {"id": client_id}, "operator"))["data"]["endServiceClient"] for _ in range(2)]
    assert ended == [{"serviceClient": {"endedAt": "2026-03-01T12:00:00Z"}, "userErrors": []}] * 2
    late = (await gateway.ask(ROTATE, {"id": client_id}, "operator"))["data"]["rotateServiceClientSecret"]
    assert late == {
        "serviceClient": None,
        "secret": None,
        "userErrors": [{"code": "CLIENT_ENDED", "field": ["clientId"]}],
    }


@pytest.mark.parametrize(("name", "code"), [(" ", "INVALID_NAME"), ("a\nb", "INVALID_NAME"), ("x" * 101, "TOO_LONG")])
async def test_a_client_needs_a_name_that_can_be_read(gateway: Running, name: str, code: str) -> None:
    await gateway.sign_in("operator", is_operator=True)

    made = (await gateway.ask(CREATE, {"name": name}, "operator"))["data"]["createServiceClient"]

    assert (made["serviceClient"], made["secret"]) == (None, None)
    assert [(each["code"], each["field"]) for each in made["userErrors"]] == [(code, ["name"])]


async def test_a_scope_that_there_is_not_is_no_valid_document(gateway: Running) -> None:
    await gateway.sign_in("operator", is_operator=True)

    answer = await gateway.ask(CREATE.replace("PROVIDERS_WRITE", "EVERYTHING"), {"name": "acme"}, "operator")

    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_operator_pages_through_the_clients_and_nobody_else_sees_one(gateway: Running) -> None:
    await gateway.sign_in("operator", is_operator=True)
    await gateway.sign_in("maria")
    made = []
    for number in range(3):
        made.append(await clients.create_client(gateway.core, f"tool {number}", []))
        gateway.clock.advance(seconds=1)

    first = (await gateway.ask(LIST, {"first": 2}, "operator"))["data"]["serviceClients"]
    rest = (await gateway.ask(LIST, {"after": first["pageInfo"]["endCursor"]}, "operator"))["data"]["serviceClients"]

    assert [each["node"]["name"] for page in (first, rest) for each in page["edges"]] == ["tool 2", "tool 1", "tool 0"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    found = [await gateway.ask(NODE, {"id": made[0].client.id}, token) for token in ("operator", "maria", None)]
    assert [each["data"]["node"] for each in found] == [{"id": made[0].client.id, "name": "tool 0"}, None, None]


def test_each_client_has_a_budget_of_its_own() -> None:
    budgets = Budgets(OperationLimits(cost_per_actor="10/hour", cost_per_address="100/hour"))
    acme, other, nobody = Caller(client=ACME), Caller(client=ServiceClient("other", "", frozenset())), Caller()

    assert budgets.charge(acme, 10) is None
    assert (budgets.charge(acme, 1) or 0) > 3500
    assert (budgets.charge(other, 10), budgets.charge(nobody, 50)) == (None, None)


def test_what_a_client_follows_is_made_for_it_alone() -> None:
    keys = [
        rights_key(Caller()),
        rights_key(Caller(client=ACME)),
        rights_key(Caller(client=ServiceClient("acme", "acme", frozenset(), 1))),
        rights_key(Caller(client=ServiceClient("other", "acme", ACME.scopes, 1))),
    ]

    assert len(set(keys)) == 4
    assert rights_key(Caller(client=ACME)) == rights_key(Caller(client=ServiceClient(*_fields(ACME, generation=2))))


def _fields(client: ServiceClient, **changes: Any) -> tuple[Any, ...]:
    return client.id, client.name, client.scopes, changes.get("generation", client.generation)


def test_operators_see_that_a_client_asked() -> None:
    assert [_kind_of(each) for each in (Caller(client=ACME), Caller())] == ["client", "nobody"]
