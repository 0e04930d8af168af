"""Authorizations and single functions against a running gateway: each of their documents, from the grant to its end."""

import asyncio
import contextlib
import secrets
from typing import Any

import pytest

from tests.e2e.consumer import PLACE, Consumer, Data, document
from tests.e2e.joining import AUTHORIZED, SERVICE, done, forbidden, joined, members, operation, refused

LIMITS = {
    "spendingLimitPerOrder": {"amount": "120", "currency": "SEK"},
    "spendingLimitPerMonth": {"amount": "180", "currency": "SEK"},
    "timeZone": "Europe/Stockholm",
}
MOBILE = {"offerings": {"categories": ["mobile"]}}
MOBILE_SCOPE = {"__typename": "OfferingScope", "categories": [{"slug": "mobile"}], "providers": []}
UNBOUND = {"spendingLimitPerOrder": None, "spendingLimitPerMonth": None, "hours": None, "timeZone": "UTC"}


async def offering(asker: Consumer, name: str) -> str:
    page = (await asker.run("02", filter={"text": name}, first=20))["productOfferings"]
    return str(next(each["node"]["id"] for each in page["edges"] if each["node"]["name"] == name))


async def added(asker: Consumer, name: str) -> tuple[str, Data]:
    """A new bundle, and what putting the offering into it answered."""
    created = (await asker.run("05", input={"place": PLACE}))["createBundle"]
    assert created["userErrors"] == []
    bundle = str(created["bundle"]["id"])
    item = {"bundleId": bundle, "offeringId": await offering(asker, name)}
    return bundle, (await asker.run("07", input=item))["addBundleItem"]


async def ordered(asker: Consumer, name: str) -> Data:
    """What the order of that one offering answered."""
    bundle, answer = await added(asker, name)
    assert answer["userErrors"] == []
    shown = (await asker.run("10", id=bundle))["bundle"]
    assert shown["isOrderable"], shown["issues"]
    given = {
        "bundleId": bundle,
        "expectedRevision": shown["revision"],
        "acceptedTermIds": [term["id"] for term in shown["terms"]],
        "idempotencyKey": secrets.token_hex(8),
    }
    return dict((await asker.run("11", input=given))["placeOrder"])


async def listed(asker: Consumer) -> dict[str, Data]:
    """The members that the asker sees, with what they may do, by name."""
    found = (await asker.ask(operation("authorization-list")))["customer"]["members"]["edges"]
    return {edge["node"]["actor"]["username"]: edge["node"] for edge in found}


async def actor_id(asker: Consumer, name: str) -> str:
    return str((await members(asker))[name]["actor"]["id"])


async def orders(asker: Consumer) -> list[str]:
    page = (await asker.run("15"))["customer"]["orders"]
    return [edge["node"]["id"] for edge in page["edges"]]


async def told(manager: Consumer, *kinds: str) -> list[tuple[str, str]]:
    """Subject and sentence of the customer's events of these kinds, the newest first."""
    page = (await manager.ask(operation("security-events"), {"filter": {"kinds": kinds}}))["securityEvents"]
    return [(edge["node"]["subject"], edge["node"]["message"]) for edge in page["edges"]]


@pytest.mark.requirement("R3", "R4", "M6")
async def test_an_authorized_user_orders_what_was_granted_up_to_the_limit_until_it_is_taken_back(
    guest: Consumer,
) -> None:
    anna, name = await joined(guest, AUTHORIZED)
    _, stina = await joined(guest, SERVICE)
    annas, stinas = await actor_id(guest, name), await actor_id(guest, stina)
    given: dict[str, Any] = {"functions": ["ORDER", "SEE_ORDERS"], "scope": MOBILE, "conditions": LIMITS}

    assert await forbidden(anna, "authorization-grant", actorId=annas, **given) == "FORBIDDEN"
    wrong = await refused(guest, "authorization-grant", actorId=stinas, **given)
    assert wrong == [("NOT_AN_AUTHORIZED_USER", ["actorId"])]
    granted = (await done(guest, "authorization-grant", actorId=annas, **given))["authorization"]

    assert (granted["functions"], granted["validUntil"]) == (["ORDER", "SEE_ORDERS"], None)
    assert (granted["scope"], granted["conditions"]) == (MOBILE_SCOPE, {**LIMITS, "hours": None})
    assert (await listed(guest))[name]["authorizations"] == [granted]
    assert (await listed(anna))[name]["authorizations"] == [granted]
    assert [each["code"] for each in (await added(anna, "Glimt 7"))[1]["userErrors"]] == ["NOT_ALLOWED"]
    first = await ordered(anna, "Tallskog Mobil S")
    assert (first["userErrors"], len(first["order"]["items"])) == ([], 1)
    (above,) = (await ordered(anna, "Aurora Mobil 10 GB"))["userErrors"]
    (beyond,) = (await ordered(anna, "Tallskog Mobil S"))["userErrors"]
    assert [(each["code"], each["field"]) for each in (above, beyond)] == [
        ("SPENDING_LIMIT_EXCEEDED", ["bundleId"])
    ] * 2
    assert above["message"] == "The order costs 248.00 SEK; your authorization allows 120.00 SEK an order."
    assert "of the 180.00 SEK that your authorization allows a month 61.00 SEK is left" in beyond["message"]
    assert await orders(anna) == [first["order"]["id"]]

    change = {"authorizationId": granted["id"], "conditions": {}}
    assert await forbidden(anna, "authorization-change", **change) == "FORBIDDEN"
    changed = (await done(guest, "authorization-change", **change))["authorization"]
    assert (changed["id"], changed["conditions"]) == (granted["id"], UNBOUND)
    second = await ordered(anna, "Tallskog Mobil S")
    assert second["userErrors"] == []
    assert await orders(guest) == [second["order"]["id"], first["order"]["id"]]

    revoke = {"authorizationId": granted["id"]}
    assert await forbidden(anna, "authorization-revoke", **revoke) == "FORBIDDEN"
    for _ in range(2):
        assert await done(guest, "authorization-revoke", **revoke) == {"revokedAuthorizationId": granted["id"]}
    assert (await listed(anna))[name]["authorizations"] == []
    _, answer = await anna.send(document("15"))
    assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == ({"customer": None}, "FORBIDDEN")
    assert await told(guest, "AUTHORIZATION_GRANTED", "AUTHORIZATION_CHANGED", "AUTHORIZATION_REVOKED") == [
        (granted["id"], "A member's authorization was taken back: ORDER SEE_ORDERS."),
        (granted["id"], "A member's authorization was changed: ORDER SEE_ORDERS."),
        (granted["id"], "A member was granted an authorization: ORDER SEE_ORDERS."),
    ]


@pytest.mark.requirement("R4", "R5", "S2")
async def test_an_authorized_user_enables_a_function_for_a_service_user_as_long_as_the_own_right_lasts(
    guest: Consumer,
) -> None:
    anna, name = await joined(guest, AUTHORIZED)
    stina, others = await joined(guest, SERVICE)
    annas, stinas = await actor_id(guest, name), await actor_id(guest, others)
    order = (await ordered(guest, "Tallskog Mobil S"))["order"]["id"]
    wanted = {"actorId": stinas, "function": "SEE_ORDERS"}

    assert await refused(anna, "function-enable", **wanted) == [("NOT_ALLOWED", ["function"])]
    everything = {"functions": ["SEE_ORDERS"], "scope": {"everything": True}}
    granted = (await done(guest, "authorization-grant", actorId=annas, **everything))["authorization"]
    enabled = (await done(anna, "function-enable", **wanted))["enabledFunction"]

    assert (enabled["function"], enabled["productId"], enabled["enabledBy"]) == ("SEE_ORDERS", None, annas)
    assert (await done(anna, "function-enable", **wanted))["enabledFunction"] == enabled
    assert await refused(anna, "function-enable", actorId=stinas, function="ORDER") == [
        ("NOT_ENABLEABLE", ["function"])
    ]
    assert await refused(anna, "function-enable", actorId=annas, function="SEE_ORDERS") == [
        ("NOT_A_SERVICE_USER", ["actorId"])
    ]
    assert await forbidden(stina, "function-enable", **wanted) == "FORBIDDEN"
    assert (await listed(stina))[others]["enabledFunctions"] == [enabled]
    assert await orders(stina) == [order]

    async with asyncio.timeout(10), contextlib.aclosing(stina.follow(document("18"), {})) as messages:
        assert (await anext(messages))["type"] == "next"
        await done(guest, "authorization-revoke", authorizationId=granted["id"])
        while (last := await anext(messages))["type"] == "next":
            pass
    assert (last["type"], last["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
    _, answer = await stina.send(document("15"))
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    assert await done(guest, "function-disable", **wanted) == {"disabledFunctionIds": [enabled["id"]]}
    assert await done(guest, "function-disable", **wanted) == {"disabledFunctionIds": []}
    assert (await listed(guest))[others]["enabledFunctions"] == []
    assert await told(guest, "FUNCTION_ENABLED", "FUNCTION_DISABLED") == [
        (stinas, "A function was disabled for a service user: SEE_ORDERS."),
        (stinas, "A function was enabled for a service user: SEE_ORDERS."),
    ]
