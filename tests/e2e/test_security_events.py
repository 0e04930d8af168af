"""Security events over HTTP and WebSocket: each sees what is theirs, and hears of alarms at once."""

import asyncio
import contextlib
import csv
import io
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.consumer import Consumer, Data
from tests.e2e.processes import credentials
from tests.e2e.shopping import basket, place

OPERATIONS = Path(__file__).parents[1] / "operations"


def operation(name: str) -> str:
    """A document, byte for byte."""
    return (OPERATIONS / f"{name}.graphql").read_bytes().decode()


async def newcomer(nobody: Consumer) -> tuple[Consumer, str, str]:
    """A manager of a new household, the username, and the household's id."""
    username, password = f"guest-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
    customer = await nobody.sign_up(username, password)
    return await nobody.signed_in(username, password), username, customer


async def fail_to_sign_in(nobody: Consumer, username: str, times: int) -> None:
    for _ in range(times):
        status, _ = await nobody.post("/auth/session", {"username": username, "password": "not the one at all"})
        assert status == 401


async def seen(asker: Consumer, name: str = "security-events", **variables: Any) -> list[Data]:
    """The nodes of a page."""
    (page,) = (await asker.ask(operation(name), variables)).values()
    return [edge["node"] for edge in page["edges"]]


async def alarms(asker: Consumer, name: str, variables: Mapping[str, Any], count: int) -> list[Data]:
    """That many alarms as they come."""
    found: list[Data] = []
    async with asyncio.timeout(20), contextlib.aclosing(asker.follow(operation(name), variables)) as messages:
        async for message in messages:
            assert message["type"] == "next", message
            (event,) = message["payload"]["data"].values()
            found.append(event)
            if len(found) == count:
                break
    return found


@pytest.mark.requirement("S4")
async def test_a_manager_sees_what_happened_to_the_customer_and_nothing_of_others(nobody: Consumer) -> None:
    maria, username, customer = await newcomer(nobody)
    lars, _, others = await newcomer(nobody)
    await place(maria, (await basket(maria)).given())
    await fail_to_sign_in(nobody, username, 1)
    _, refused = await maria.send("{ allSecurityEvents { edges { cursor } } }")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    # What the order activates is told meanwhile.
    kinds = ["ACCESS_REFUSED", "ORDER_PLACED", "SIGNED_IN", "SIGNED_UP", "SIGN_IN_REFUSED"]
    async with asyncio.timeout(10):
        while len(events := await seen(maria, filter={"kinds": kinds})) < 5:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)

    assert sorted(each["kind"] for each in events) == kinds
    assert {each["address"] for each in events} == {"127.0.0.1"}
    (filtered,) = await seen(maria, filter={"kinds": ["ORDER_PLACED"], "since": events[-1]["occurredAt"]})
    assert filtered["message"] == "An order was placed."
    assert await seen(maria, filter={"until": events[-1]["occurredAt"]}) == []
    assert [each["kind"] for each in await seen(lars)] == ["SIGNED_IN", "SIGNED_UP"]
    assert not {each["id"] for each in await seen(lars)} & {each["id"] for each in events}
    for asked in (others, "unknown"):
        answer = (await maria.send(operation("security-events"), {"customerId": asked}))[1]
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert await seen(maria, customerId=customer, filter={"kinds": kinds}) == events


async def test_pages_follow_each_other_and_end(nobody: Consumer) -> None:
    maria, *_ = await newcomer(nobody)
    everything = await seen(maria)

    first = (await maria.ask(operation("security-events"), {"first": 1}))["securityEvents"]
    cursor = first["pageInfo"]["endCursor"]
    second = (await maria.ask(operation("security-events"), {"first": 1, "after": cursor}))["securityEvents"]
    lars, *_ = await newcomer(nobody)
    _, foreign = await lars.send(operation("security-events"), {"after": cursor})
    _, garbage = await lars.send(operation("security-events"), {"after": "garbage"})

    assert [each["edges"][0]["node"] for each in (first, second)] == everything
    assert [each["pageInfo"]["hasNextPage"] for each in (first, second)] == [True, False]
    assert foreign["errors"][0]["extensions"] == garbage["errors"][0]["extensions"]
    assert foreign["errors"][0]["extensions"]["problem"] == "BAD_CURSOR"


@pytest.mark.requirement("S4", "S7")
async def test_an_alarm_comes_live_and_stays_in_the_inbox(nobody: Consumer, demo_data: Path) -> None:
    maria, username, customer = await newcomer(nobody)
    operator = await nobody.signed_in("operator", credentials(demo_data)["operator"])
    waiting = asyncio.create_task(alarms(maria, "security-alarms", {"customerId": customer}, 1))
    await asyncio.sleep(0.2)

    await fail_to_sign_in(nobody, username, 5)
    (alarm,) = await waiting

    assert {each["name"]: each["value"] for each in alarm["parameters"]}["rule"] == "REFUSALS_OF_ACTOR"
    assert alarm["message"] == "An alarm was raised by the rule REFUSALS_OF_ACTOR."
    assert await alarms(maria, "security-alarms", {}, 1) == [alarm]
    everybodys = await seen(operator, "all-security-events", filter={"kinds": ["ALARM"], "actorId": alarm["actorId"]})
    assert [each["id"] for each in everybodys] == [alarm["id"]]
    assert (await alarms(operator, "all-security-alarms", {}, 1))[0]["id"]
    inbox = "{ viewer { memberships { customer { notifications { edges { node { code message } } } } } } }"
    (membership,) = (await maria.ask(inbox))["viewer"]["memberships"]
    notices = [edge["node"] for edge in membership["customer"]["notifications"]["edges"]]
    message = "An alarm about your security was raised: REFUSALS_OF_ACTOR."
    assert {"code": "SECURITY_ALARM", "message": message} in notices


@pytest.mark.requirement("S4")
async def test_the_operator_sees_the_gateways_own_events(nobody: Consumer, demo_data: Path) -> None:
    operator = await nobody.signed_in("operator", credentials(demo_data)["operator"])

    (keys,) = await seen(operator, "all-security-events", filter={"kinds": ["KEYS_CHANGED"]})
    added = await seen(operator, "all-security-events", filter={"kinds": ["CLIENT_ADDED"]})

    assert sorted(each["name"] for each in keys["parameters"]) == ["audit", "secrets", "signing"]
    assert (keys["actorId"], keys["customerId"]) == (None, None)
    assert {"name": "by", "value": "COMMAND"} in added[-1]["parameters"]


@pytest.mark.requirement("S4", "N4")
async def test_a_manager_exports_the_customers_events(nobody: Consumer) -> None:
    maria, _, customer = await newcomer(nobody)
    lars, _, others = await newcomer(nobody)

    async def export(asker: Consumer, query: str = "") -> tuple[int, str, str]:
        path = f"{asker.url}/auth/security-events{query}"
        async with asker.session.get(path, headers=asker.headers) as response:
            return response.status, response.content_type, await response.text()

    status, kind, content = await export(maria)

    lines = [json.loads(line) for line in content.splitlines()]
    assert (status, kind) == (200, "application/jsonl")
    assert [each["kind"] for each in lines] == ["SIGNED_UP", "SIGNED_IN", "EVENTS_EXPORTED"]
    status, kind, content = await export(maria, f"?customerId={customer}&format=csv")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert (status, kind) == (200, "text/csv")
    assert [each["id"] for each in rows[:3]] == [each["id"] for each in lines]
    assert [(each["kind"], each["address"], each["times"]) for each in rows[:2]] == [
        ("SIGNED_UP", "127.0.0.1", "1"),
        ("SIGNED_IN", "127.0.0.1", "1"),
    ]
    status, kind, content = await export(maria, "?format=xml")
    assert (status, json.loads(content)["errors"][0]["code"]) == (422, "UNKNOWN_VALUE")
    kinds = [each["kind"] for each in await seen(maria)]
    assert kinds == ["EVENTS_EXPORTED", "EVENTS_EXPORTED", "SIGNED_IN", "SIGNED_UP"]
    for query in (f"?customerId={others}", "?customerId=unknown", f"?customerId={others}&format=csv"):
        status, kind, content = await export(maria, query)
        assert (status, kind) == (404, "application/problem+json")
        assert json.loads(content)["errors"][0]["code"] == "NOT_FOUND"
    assert (await export(nobody))[0] == 401
    assert (await export(Consumer(nobody.session, nobody.url, "no token")))[0] == 401
    assert [each["kind"] for each in await seen(lars)] == ["SIGNED_IN", "SIGNED_UP"]
