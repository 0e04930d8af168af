"""Authorizations, from the grant to the refusal: over HTTP and WebSocket against a running gateway."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ordering.states import OrderState
from gateway.domain.parties import MemberRole, SelfServiceFunction
from gateway.storage import tables
from tests.api.running import begun, said, send
from tests.callers.world import OTHER_PRODUCT, PRODUCT, World, a_world
from tests.clock import NOON
from tests.samples import new_id

GRANT = """mutation ($input: GrantAuthorizationInput!) { grantAuthorization(input: $input) {
  authorization { id functions validUntil conditions { spendingLimitPerMonth { amount currency } timeZone } }
  userErrors { code field message } } }"""
CHANGE = """mutation ($input: ChangeAuthorizationInput!) { changeAuthorization(input: $input) {
  authorization { id functions conditions { spendingLimitPerOrder { amount } } } userErrors { code field } } }"""
REVOKE = """mutation ($input: RevokeAuthorizationInput!) { revokeAuthorization(input: $input) {
  revokedAuthorizationId userErrors { code field } } }"""
ENABLE = """mutation ($input: EnableFunctionInput!) { enableFunction(input: $input) {
  enabledFunction { id function productId enabledBy } userErrors { code field } } }"""
DISABLE = """mutation ($input: DisableFunctionInput!) { disableFunction(input: $input) {
  disabledFunctionIds userErrors { code field } } }"""
ORDER = """mutation ($bundle: ID!, $key: String!) {
  placeOrder(input: {bundleId: $bundle, expectedRevision: 1, idempotencyKey: $key}) {
    order { id placedBy } userErrors { code field message } } }"""
CHANGE_ROLE = """mutation ($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) {
  member { role } userErrors { code field } } }"""
SEE = "query ($order: ID!) { order(id: $order) { id items { id } events { edges { node { sequence } } } } }"
FOLLOW = "subscription ($order: ID!) { orderEvents(orderId: $order) { sequence } }"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as started:
        yield started


async def _do(world: World, document: str, token: str, **given: Any) -> Mapping[str, Any]:
    """The payload of a mutation, or its top-level error's code."""
    answer = await world.gateway.ask(document, {"input": given}, token)
    if "errors" in answer:
        return {"error": answer["errors"][0]["extensions"]["code"]}
    (payload,) = answer["data"].values()
    return dict(payload)


async def _grant(world: World, who: str = "manager", **given: Any) -> Mapping[str, Any]:
    asked = {"actorId": world.actors["granted"], "functions": ["SEE_ORDERS"], "scope": {"everything": True}}
    return await _do(world, GRANT, who, **(asked | given))


def _codes(payload: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [(each["code"], each["field"]) for each in payload["userErrors"]]


async def _rows(world: World) -> int:
    """How many authorizations are kept, and functions enabled."""
    async with world.gateway.storage.reading() as unit:
        rows = unit.authorizations._rows
        return len(await rows.all(tables.authorization.select())) + len(
            await rows.all(tables.enabled_function.select())
        )


async def _events(world: World) -> list[str]:
    async with world.gateway.storage.reading() as unit:
        column = tables.security_event.c
        rows = await unit.authorizations._rows.all(tables.security_event.select().order_by(column.seq))
    return [row.kind for row in rows if row.kind.startswith(("AUTHORIZATION", "FUNCTION"))]


@pytest.mark.requirement("R3", "S2", "S4")
async def test_what_a_manager_grants_counts_at_once_and_what_is_taken_back_counts_no_more(world: World) -> None:
    order = (await world.anew(["order"]))["order"]
    before = await world.gateway.ask(SEE, {"order": order}, "granted")

    granted = await _grant(world)
    again = await _grant(world)
    seen = await world.gateway.ask(SEE, {"order": order}, "granted")
    revoked = [await _do(world, REVOKE, "manager", authorizationId=granted["authorization"]["id"]) for _ in range(2)]
    after = await world.gateway.ask(SEE, {"order": order}, "granted")

    assert before["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert granted["authorization"] == again["authorization"]
    assert seen["data"]["order"]["id"] == order
    assert revoked == [{"revokedAuthorizationId": granted["authorization"]["id"], "userErrors": []}] * 2
    assert after["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await _events(world) == ["AUTHORIZATION_GRANTED", "AUTHORIZATION_REVOKED"]


@pytest.mark.requirement("R3", "S3", "S7")
@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"functions": []}, "FUNCTIONS_MISSING", ["functions"]),
        ({"functions": ["SEE_BILLS"], "scope": {"productIds": [PRODUCT]}}, "NEEDS_EVERYTHING", ["functions"]),
        ({"actorId": new_id("Actor")}, "NOT_FOUND", ["actorId"]),
        ({"actorId": "stranger"}, "NOT_FOUND", ["actorId"]),
        ({"actorId": "manager"}, "NOT_AN_AUTHORIZED_USER", ["actorId"]),
        ({"actorId": "served"}, "NOT_AN_AUTHORIZED_USER", ["actorId"]),
        ({"customerId": new_id("Customer")}, "NOT_FOUND", ["customerId"]),
        ({"scope": {"everything": False}}, "EMPTY_SCOPE", ["scope"]),
        ({"scope": {"productIds": []}}, "EMPTY_SCOPE", ["scope", "productIds"]),
        ({"scope": {"productIds": [OTHER_PRODUCT]}}, "NOT_FOUND", ["scope", "productIds", "0"]),
        ({"scope": {"productIds": ["nonsense"]}}, "NOT_FOUND", ["scope", "productIds", "0"]),
        ({"scope": {"offerings": {}}}, "EMPTY_SCOPE", ["scope"]),
        (
            {"scope": {"offerings": {"categories": ["fibre", "gold"]}}},
            "NOT_FOUND",
            ["scope", "offerings", "categories", "1"],
        ),
        ({"scope": {"offerings": {"providerIds": ["x"]}}}, "NOT_FOUND", ["scope", "offerings", "providerIds", "0"]),
        ({"validFrom": "2026-05-01T00:00:00Z", "validUntil": "2026-04-01T00:00:00Z"}, "INVALID_PERIOD", ["validUntil"]),
        ({"validUntil": "2026-02-01T00:00:00Z"}, "INVALID_PERIOD", ["validUntil"]),
        (
            {"conditions": {"spendingLimitPerOrder": {"amount": "-1", "currency": "SEK"}}},
            "INVALID_AMOUNT",
            ["conditions", "spendingLimitPerOrder", "amount"],
        ),
        (
            {"conditions": {"spendingLimitPerMonth": {"amount": "0.001", "currency": "SEK"}}},
            "INVALID_AMOUNT",
            ["conditions", "spendingLimitPerMonth", "amount"],
        ),
        (
            {
                "conditions": {
                    "spendingLimitPerOrder": {"amount": "1", "currency": "SEK"},
                    "spendingLimitPerMonth": {"amount": "1", "currency": "EUR"},
                }
            },
            "CURRENCY_MISMATCH",
            ["conditions", "spendingLimitPerMonth", "currency"],
        ),
        ({"conditions": {"timeZone": "Mars/Olympus"}}, "UNKNOWN_TIME_ZONE", ["conditions", "timeZone"]),
        ({"conditions": {"timeZone": "localtime"}}, "UNKNOWN_TIME_ZONE", ["conditions", "timeZone"]),
        ({"conditions": {"timeZone": "../../etc/passwd"}}, "UNKNOWN_TIME_ZONE", ["conditions", "timeZone"]),
        (
            {"conditions": {"hours": {"weekdays": [], "opens": "08:00", "closes": "17:00"}}},
            "INVALID_HOURS",
            ["conditions", "hours", "weekdays"],
        ),
        (
            {"conditions": {"hours": {"weekdays": ["MONDAY"], "opens": "8", "closes": "17:00"}}},
            "INVALID_HOURS",
            ["conditions", "hours", "opens"],
        ),
        (
            {"conditions": {"hours": {"weekdays": ["MONDAY"], "opens": "08-00", "closes": "17:00"}}},
            "INVALID_HOURS",
            ["conditions", "hours", "opens"],
        ),
        (
            {"conditions": {"hours": {"weekdays": ["MONDAY"], "opens": "08:00", "closes": "25:00"}}},
            "INVALID_HOURS",
            ["conditions", "hours", "closes"],
        ),
    ],
)
async def test_a_grant_that_makes_no_sense_is_refused_at_its_field(
    world: World, given: Mapping[str, Any], code: str, field: list[str]
) -> None:
    rows = await _rows(world)
    given = {name: world.actors.get(str(value), value) if name == "actorId" else value for name, value in given.items()}

    payload = await _grant(world, **given)

    assert _codes(payload) == [(code, field)]
    assert payload["authorization"] is None
    assert (await _rows(world), await _events(world)) == (rows, [])


@pytest.mark.requirement("R4")
async def test_an_authorized_user_passes_nothing_on_by_any_operation(world: World) -> None:
    rows = await _rows(world)
    own = (await world.gateway.ask("{ viewer { memberships { authorizations { id } } } }", None, "holder"))["data"]
    mine = own["viewer"]["memberships"][0]["authorizations"][0]["id"]

    answers = [
        await _grant(world, "holder"),
        await _grant(world, "holder", actorId=world.actors["holder"]),
        await _do(world, CHANGE, "over", authorizationId=mine, functions=["ORDER"]),
        await _do(world, CHANGE, "holder", authorizationId=mine, functions=["ORDER"]),
        await _do(world, REVOKE, "holder", authorizationId=mine),
    ]

    assert answers == [{"error": "FORBIDDEN"}] * 5
    assert (await _rows(world), await _events(world)) == (rows, [])


@pytest.mark.requirement("R3", "S3")
async def test_an_authorization_for_one_product_shows_that_part_of_an_order_alone(world: World) -> None:
    order = (await world.anew(["order"]))["order"]
    async with world.gateway.storage.writing() as unit:
        kept = await unit.orders.get(order, lock=True)
        assert kept is not None
        other = replace(kept.items[0], id=new_id("OrderItem"), position=2, provider="sky", product=None)
        await unit.orders.save(replace(kept, items=(*kept.items, other)))
    granted = await _grant(world, scope={"productIds": [PRODUCT]})

    seen = await world.gateway.ask(SEE, {"order": order}, "granted")
    listed = await world.gateway.ask("{ customer { orders { edges { node { id } } } } }", None, "granted")

    assert granted["userErrors"] == []
    assert [item["id"] for item in seen["data"]["order"]["items"]] == [kept.items[0].id]
    assert [edge["node"]["id"] for edge in listed["data"]["customer"]["orders"]["edges"]] == [order]


async def _order(world: World, token: str) -> Mapping[str, Any]:
    made = await world.anew(["bundle", "key"])
    answer = await world.gateway.ask(ORDER, made, token)
    return dict(answer["data"]["placeOrder"])


async def _limited(world: World, **conditions: Any) -> str:
    granted = await _grant(
        world,
        functions=["ORDER", "SEE_ORDERS"],
        scope={"offerings": {"categories": ["fibre"]}},
        conditions=conditions,
    )
    assert granted["userErrors"] == []
    return str(granted["authorization"]["id"])


@pytest.mark.requirement("R3")
async def test_a_month_s_limit_counts_what_was_ordered_and_gives_back_what_failed(world: World) -> None:
    await _limited(world, spendingLimitPerMonth={"amount": "600", "currency": "SEK"}, timeZone="Europe/Stockholm")

    first, second = await _order(world, "granted"), await _order(world, "granted")
    async with world.gateway.storage.writing() as unit:
        kept = await unit.orders.get(first["order"]["id"], lock=True)
        assert kept is not None
        await unit.orders.save(replace(kept, state=OrderState.FAILED))
    third, fourth = await _order(world, "granted"), await _order(world, "granted")
    world.gateway.clock.at = NOON + timedelta(days=31)
    fifth = await _order(world, "granted")

    assert first["order"]["placedBy"] == world.actors["granted"]
    assert _codes(second) == _codes(fourth) == [("SPENDING_LIMIT_EXCEEDED", ["bundleId"])]
    assert second["userErrors"][0]["message"] == (
        "The order costs 499.00 SEK; of the 600.00 SEK that your authorization allows a month 101.00 SEK is left,"
        " until 2026-04-01T00:00:00+02:00."
    )
    assert third["userErrors"] == fifth["userErrors"] == []


@pytest.mark.requirement("R3")
async def test_of_two_orders_at_once_that_exceed_the_limit_together_one_passes(world: World) -> None:
    await _limited(world, spendingLimitPerMonth={"amount": "600", "currency": "SEK"})

    answers = await asyncio.gather(*(_order(world, "granted") for _ in range(4)))

    assert sorted(len(each["userErrors"]) for each in answers) == [0, 1, 1, 1]


@pytest.mark.requirement("R3")
async def test_a_limit_in_another_currency_refuses_the_order(world: World) -> None:
    await _limited(world, spendingLimitPerOrder={"amount": "600", "currency": "EUR"})

    assert _codes(await _order(world, "granted")) == [("CURRENCY_MISMATCH", ["bundleId"])]


@pytest.mark.requirement("R3")
async def test_a_changed_authorization_counts_at_once_and_keeps_what_was_spent(world: World) -> None:
    held = await _limited(world, spendingLimitPerMonth={"amount": "600", "currency": "SEK"})
    await _order(world, "granted")
    raised = {"spendingLimitPerMonth": {"amount": "998", "currency": "SEK"}}

    changed = await _do(world, CHANGE, "manager", authorizationId=held, conditions=raised)
    second, third = await _order(world, "granted"), await _order(world, "granted")
    narrowed = await _do(world, CHANGE, "manager", authorizationId=held, functions=["SEE_ORDERS"])
    fourth = await world.gateway.ask(ORDER, await world.anew(["bundle", "key"]), "granted")

    assert changed["userErrors"] == narrowed["userErrors"] == []
    assert (_codes(second), _codes(third)) == ([], [("SPENDING_LIMIT_EXCEEDED", ["bundleId"])])
    assert fourth["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.requirement("R3")
async def test_hours_and_validity_are_of_the_moment(world: World) -> None:
    hours = {"weekdays": ["MONDAY"], "opens": "22:00", "closes": "06:00"}
    await _limited(world, hours=hours, timeZone="Europe/Stockholm")
    found = []

    # NOON is a Sunday; the hours of the Monday reach into the Tuesday.
    for hours_on in (0, 33.5, 36, 41.5, 42.5):
        world.gateway.clock.at = NOON + timedelta(hours=hours_on)
        found.append([code for code, _ in _codes(await _order(world, "granted"))])

    assert found == [["OUTSIDE_HOURS"], [], [], ["OUTSIDE_HOURS"], ["OUTSIDE_HOURS"]]


@pytest.mark.requirement("S2", "R3")
async def test_an_open_stream_ends_as_soon_as_the_right_is_taken_back(world: World) -> None:
    order = (await world.anew(["order"]))["order"]
    held = (await _grant(world))["authorization"]["id"]
    async with world.gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer granted"})
        payload: dict[str, Any] = {"query": "subscription { customerEvents { id } }"}
        await send(socket, {"id": "1", "type": "subscribe", "payload": payload})
        seen = [await said(socket) for _ in range(2)]

        await _do(world, REVOKE, "manager", authorizationId=held)
        async with asyncio.timeout(5):
            last = [await said(socket)]
            await send(
                socket, {"id": "2", "type": "subscribe", "payload": {"query": FOLLOW, "variables": {"order": order}}}
            )
            last.append(await said(socket))

    assert [message["type"] for message in seen] == ["next", "next"]
    assert [message["type"] for message in last] == ["error", "error"]
    assert [message["payload"][0]["extensions"]["code"] for message in last] == ["FORBIDDEN", "FORBIDDEN"]


@pytest.mark.requirement("S2", "S4", "S7")
async def test_the_stream_of_alarms_ends_for_who_is_no_manager_any_more(world: World) -> None:
    await world.join("second", MemberRole.SELF_SERVICE_MANAGER)
    async with world.gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer second"})
        payload: dict[str, Any] = {"query": "subscription { securityAlarms { id } }"}
        await send(socket, {"id": "1", "type": "subscribe", "payload": payload})
        seen = await said(socket)

        async with world.gateway.storage.writing() as unit:
            second = await unit.members.of_actor(world.customer, world.actors["second"])
        assert second is not None
        await _do(world, CHANGE_ROLE, "manager", memberId=second.id, role="AUTHORIZED_USER")
        # All that can be granted is not what the role was.
        everything = [each.value for each in SelfServiceFunction]
        granted = await _grant(world, actorId=world.actors["second"], functions=everything)
        async with asyncio.timeout(5):
            last = await said(socket)

    assert (seen["type"], granted["userErrors"]) == ("next", [])
    assert (last["type"], last["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")


@pytest.mark.requirement("R5")
async def test_a_service_user_sees_what_a_member_enabled_for_as_long_as_that_member_may(world: World) -> None:
    made = await world.anew(["order", "bundle"])
    await world.join("user", MemberRole.SERVICE_USER)
    held = (await _grant(world, scope={"productIds": [PRODUCT]}))["authorization"]["id"]
    given = {"actorId": world.actors["user"], "function": "SEE_ORDERS", "productId": PRODUCT}

    enabled = [await _do(world, ENABLE, "granted", **given) for _ in range(2)]
    seen = await world.gateway.ask(SEE, {"order": made["order"]}, "user")
    changed = await world.gateway.ask(ORDER, {"bundle": made["bundle"], "key": "k"}, "user")
    await _do(world, REVOKE, "manager", authorizationId=held)
    after = await world.gateway.ask(SEE, {"order": made["order"]}, "user")

    assert enabled[0] == enabled[1]
    assert enabled[0]["enabledFunction"]["enabledBy"] == world.actors["granted"]
    assert seen["data"]["order"]["id"] == made["order"]
    assert changed["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert after["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.requirement("R5", "R4")
async def test_only_what_one_holds_and_what_changes_nothing_is_enabled_for_a_service_user(world: World) -> None:
    await world.join("user", MemberRole.SERVICE_USER)
    await world.anew(["order"])
    await _grant(world, scope={"productIds": [PRODUCT]})
    user, rows = world.actors["user"], await _rows(world)

    answers = [
        await _do(world, ENABLE, token, **{"actorId": user, "function": function} | more)
        for token, function, more in [
            ("holder", "ORDER", {}),
            ("holder", "PAY", {}),
            ("granted", "SEE_ORDERS", {}),
            ("granted", "SEE_ORDERS", {"productId": OTHER_PRODUCT}),
            ("granted", "SEE_PRODUCTS", {"productId": PRODUCT}),
            ("holder", "SEE_BILLS", {"productId": PRODUCT}),
            ("holder", "SEE_ORDERS", {"productId": OTHER_PRODUCT}),
            ("holder", "SEE_ORDERS", {"actorId": world.actors["granted"]}),
            ("holder", "SEE_ORDERS", {"actorId": new_id("Actor")}),
            ("expired", "SEE_ORDERS", {}),
            ("outside", "SEE_ORDERS", {}),
        ]
    ]

    assert [_codes(each)[0] for each in answers] == [
        ("NOT_ENABLEABLE", ["function"]),
        ("NOT_ENABLEABLE", ["function"]),
        ("NOT_ALLOWED", ["function"]),
        ("NOT_ALLOWED", ["function"]),
        ("NOT_ALLOWED", ["function"]),
        ("NEEDS_EVERYTHING", ["productId"]),
        ("NOT_FOUND", ["productId"]),
        ("NOT_A_SERVICE_USER", ["actorId"]),
        ("NOT_FOUND", ["actorId"]),
        ("AUTHORIZATION_EXPIRED", ["function"]),
        ("OUTSIDE_HOURS", ["function"]),
    ]
    assert await _rows(world) == rows


@pytest.mark.requirement("R5")
async def test_what_was_enabled_is_taken_back_by_who_enabled_it_and_by_a_manager(world: World) -> None:
    await world.join("user", MemberRole.SERVICE_USER)
    given = {"actorId": world.actors["user"], "function": "SEE_ORDERS"}
    await _do(world, ENABLE, "holder", **given)
    await _do(world, ENABLE, "manager", **given)

    anothers = await _do(world, DISABLE, "over", **given)
    own = await _do(world, DISABLE, "holder", **given)
    again = await _do(world, DISABLE, "holder", **given)
    rest = await _do(world, DISABLE, "manager", **given)

    gone = [len(each["disabledFunctionIds"]) for each in (anothers, own, again, rest)]
    assert gone == [0, 1, 0, 1]
