"""What is refused by policy, or over a limit, is a security event: asked for as those see it whom it concerns."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.usecases.refusals import keeping
from tests.callers.world import OFFERING, OTHER_PRODUCT, World, a_world

ADDRESS = "192.0.2.7"
FIELDS = "edges { node { kind occurredAt actorId customerId subject parameters { name value } address times } }"
THEIRS = f"query ($customer: ID!) {{ securityEvents(customerId: $customer, filter: {{kinds: KINDS}}) {{ {FIELDS} }} }}"
EVERYBODYS = f"{{ allSecurityEvents(filter: {{kinds: KINDS}}) {{ {FIELDS} }} }}"
KINDS = "[ACCESS_REFUSED, USE_REFUSED, TOKEN_REFUSED, SIGN_IN_REFUSED, REFUSALS_COUNTED]"
INVITE = """mutation ($customer: ID!) {
  inviteMember(input: {customerId: $customer, role: SERVICE_USER, idempotencyKey: "k"}) { userErrors { code } } }"""
ORDER = """mutation ($bundle: ID!, $key: String!) {
  placeOrder(input: {bundleId: $bundle, expectedRevision: 1, idempotencyKey: $key}) { userErrors { code } } }"""
GRANT = """mutation ($actor: ID!, $product: ID!) { grantAuthorization(input: {
  actorId: $actor, functions: [SEE_ORDERS], scope: {productIds: [$product]}}) { userErrors { code } } }"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as started:
        callers = started.gateway.tokens.callers
        for token, caller in callers.items():
            callers[token] = replace(caller, address=ADDRESS)
        yield started


@asynccontextmanager
async def kept(world: World) -> AsyncIterator[None]:
    """What is refused inside is in the trail afterwards."""
    async with keeping(world.gateway.core.refusals, world.gateway.storage, world.gateway.clock):
        yield


async def asked(world: World, document: str, token: str | None, **variables: Any) -> list[Mapping[str, Any]]:
    """The refusals, oldest first."""
    answer = await world.gateway.ask(document.replace("KINDS", KINDS), variables, token)
    (page,) = answer["data"].values()
    return [edge["node"] for edge in reversed(page["edges"])]


def refused(world: World, who: str, kind: str, **params: str) -> dict[str, Any]:
    """The event as it is answered."""
    return {
        "kind": kind,
        "occurredAt": "2026-03-01T12:00:00Z",
        "actorId": world.actors[who],
        "customerId": world.customer,
        "subject": None,
        "parameters": [{"name": name, "value": value} for name, value in sorted(params.items())],
        "address": ADDRESS,
        "times": 1,
    }


@pytest.mark.requirement("S4", "S2")
async def test_what_the_policy_refuses_is_seen_by_the_manager_with_who_tried_what(world: World) -> None:
    async with kept(world):
        answer = await world.gateway.ask(INVITE, {"customer": world.customer}, "holder")

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    expected = [refused(world, "holder", "ACCESS_REFUSED", field="inviteMember", reason="FORBIDDEN")]
    assert await asked(world, THEIRS, "manager", customer=world.customer) == expected
    assert await asked(world, EVERYBODYS, "operator") == expected


@pytest.mark.requirement("S4", "R3")
@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("over", "SPENDING_LIMIT_EXCEEDED"),
        ("other", "NOT_ALLOWED"),
        ("expired", "AUTHORIZATION_EXPIRED"),
        ("outside", "OUTSIDE_HOURS"),
    ],
)
async def test_what_an_authorization_does_not_allow_is_seen_with_its_code(world: World, who: str, code: str) -> None:
    async with kept(world):
        answer = await world.gateway.ask(ORDER, await world.anew(["bundle", "key"]), who)

    assert [each["code"] for each in answer["data"]["placeOrder"]["userErrors"]] == [code]
    assert await asked(world, THEIRS, "manager", customer=world.customer) == [
        refused(world, who, "USE_REFUSED", code=code, field="placeOrder")
    ]
    async with world.gateway.storage.reading() as unit:
        assert await unit.orders.page(world.customer, 10, None) == []


@pytest.mark.requirement("S4", "S3")
async def test_a_grant_on_what_is_not_the_customers_is_seen(world: World) -> None:
    async with kept(world):
        given = {"actor": world.actors["granted"], "product": OTHER_PRODUCT}
        answer = await world.gateway.ask(GRANT, given, "manager")

    assert answer["data"]["grantAuthorization"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert await asked(world, THEIRS, "manager", customer=world.customer) == [
        refused(world, "manager", "USE_REFUSED", code="NOT_FOUND", field="grantAuthorization")
    ]


@pytest.mark.requirement("S4")
async def test_who_has_merely_not_signed_in_and_what_is_merely_wrong_fill_no_trail(world: World) -> None:
    async with kept(world):
        nobodys = await world.gateway.ask(INVITE, {"customer": world.customer})
        wrong = await world.gateway.ask(
            "mutation ($offering: ID!) { addBundleItem(input: {bundleId: $offering, offeringId: $offering}) {"
            " userErrors { code } } }",
            {"offering": OFFERING},
            "manager",
        )

    assert nobodys["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert wrong["data"]["addBundleItem"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert await asked(world, EVERYBODYS, "operator") == []
