"""Every stream that shows a customer's own ends by its documented error as soon as its follower may see it no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from gateway.domain.ordering.states import OrderState
from gateway.domain.parties import MemberRole
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import NewEvent
from gateway.ports.authorizations import KeptAuthorization
from gateway.usecases.actors import actor_topic
from tests.api.running import begun, said, send
from tests.callers.table import SUBSCRIPTIONS
from tests.callers.world import EVERYTHING, World, a_world, authorization
from tests.clock import NOON
from tests.samples import an_order

MANAGER, AUTHORIZED, _ = MemberRole
STREAMS = {
    "orderEvents": "subscription ($id: ID!) { orderEvents(orderId: $id) { cursor } }",
    "customerEvents": "subscription ($id: ID!) { customerEvents(customerId: $id) { cursor } }",
    "securityAlarms": "subscription ($id: ID!) { securityAlarms(customerId: $id) { cursor } }",
}
# They show nothing of a customer's, but to the gateway's operator.
OTHERS = {"allSecurityAlarms", "registrationEvents", "providerHealth"}
MEMBERS = """query ($customer: ID!) {
  customer(id: $customer) { members { edges { node { id actor { id } } } } } }"""
WITHIN_S = 5.0
Act = Callable[[World, str], Awaitable[None]]


def test_every_stream_is_among_them() -> None:
    assert {row.root for row in SUBSCRIPTIONS} == STREAMS.keys() | OTHERS


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as started:
        yield started


async def change(world: World, document: str, **variables: Any) -> None:
    """Done by the manager, and it has to succeed."""
    answer = await world.gateway.ask(document, variables, "manager")
    (payload,) = answer["data"].values()
    assert payload["userErrors"] == []


async def member(world: World, token: str) -> str:
    answer = await world.gateway.ask(MEMBERS, {"customer": world.customer}, "manager")
    nodes = [edge["node"] for edge in answer["data"]["customer"]["members"]["edges"]]
    return next(str(each["id"]) for each in nodes if each["actor"]["id"] == world.actors[token])


async def revoke(world: World, token: str) -> None:
    async with world.gateway.storage.reading() as unit:
        (kept,) = await unit.authorizations.of_member(world.customer, world.actors[token])
    revoking = "mutation ($id: ID!) { revokeAuthorization(input: {authorizationId: $id}) { userErrors { code } } }"
    await change(world, revoking, id=kept.authorization.id)


async def narrow(world: World, token: str) -> None:
    """The authorization stays, with another function."""
    async with world.gateway.storage.reading() as unit:
        (kept,) = await unit.authorizations.of_member(world.customer, world.actors[token])
    narrowing = """mutation ($id: ID!) {
      changeAuthorization(input: {authorizationId: $id, functions: [REPORT]}) { userErrors { code } } }"""
    await change(world, narrowing, id=kept.authorization.id)


async def remove(world: World, token: str) -> None:
    removing = "mutation ($id: ID!) { removeMember(input: {memberId: $id}) { userErrors { code } } }"
    await change(world, removing, id=await member(world, token))


async def demote(world: World, token: str) -> None:
    demoting = """mutation ($id: ID!) {
      changeMemberRole(input: {memberId: $id, role: AUTHORIZED_USER}) { userErrors { code } } }"""
    await change(world, demoting, id=await member(world, token))


async def leave(world: World, token: str) -> None:
    leaving = "mutation ($id: ID!) { leaveCustomer(input: {customerId: $id}) { userErrors { code } } }"
    answer = await world.gateway.ask(leaving, {"id": world.customer}, token)
    assert answer["data"]["leaveCustomer"]["userErrors"] == []


async def end_session(world: World, token: str) -> None:
    ending = "mutation { endOtherSessions(input: {}) { endedCount userErrors { code } } }"
    # By another of the person's sessions.
    world.gateway.tokens.callers["elsewhere"] = replace(world.gateway.tokens.callers[token], session_key="elsewhere")
    answer = await world.gateway.ask(ending, None, "elsewhere")
    assert answer["data"]["endOtherSessions"] == {"endedCount": 1, "userErrors": []}


async def order_under_way(world: World) -> str:
    """One that has begun and not ended, about the product."""
    used = await world.anew(["order"])
    async with world.gateway.storage.writing() as unit:
        whole = await unit.orders.get(used["order"])
        assert whole is not None
        order = an_order(world.customer, providers=("nord",))
        item = replace(order.items[0], offering_id=whole.items[0].offering_id, product=whole.items[0].product)
        order = replace(order, items=(item,), state=OrderState.IN_PROGRESS)
        await unit.orders.add(order)
        await unit.orders.save(await unit.events.append(order, [NewEvent("OrderPlaced")], NOON))
    return order.id


async def subscribe(world: World, socket: ClientConnection, name: str, key: str) -> None:
    order = await order_under_way(world)
    payload = {"query": STREAMS[name], "variables": {"id": order if name == "orderEvents" else world.customer}}
    await send(socket, {"id": key, "type": "subscribe", "payload": payload})


async def follow(world: World, socket: ClientConnection, name: str, token: str) -> None:
    """Begins to follow, and takes what is there."""
    await begun(socket, {"authorization": f"Bearer {token}"})
    await subscribe(world, socket, name, "1")
    # The order of the world's has two events of the customer's before the one that is under way.
    for _ in range(3 if name == "customerEvents" else 1):
        message = await said(socket)
        assert message["type"] == "next", message


async def lost(world: World, socket: ClientConnection, act: Act, token: str) -> str:
    """The code of the error that the stream ends with."""
    await act(world, token)
    async with asyncio.timeout(WITHIN_S):
        message = await said(socket)
    assert (message["type"], message["id"]) == ("error", "1")
    return str(message["payload"][0]["extensions"]["code"])


USERS = [
    *((name, AUTHORIZED, act) for name in ("orderEvents", "customerEvents") for act in (revoke, remove, leave)),
    ("customerEvents", AUTHORIZED, narrow),
    *((name, MANAGER, act) for name in STREAMS for act in (demote, remove, leave)),
]


@pytest.mark.requirement("S2", "R3")
@pytest.mark.parametrize(("name", "role", "act"), USERS, ids=lambda each: getattr(each, "__name__", str(each)))
async def test_a_stream_ends_with_the_right_to_it(world: World, name: str, role: MemberRole, act: Act) -> None:
    await world.join("follower", role, *([authorization(EVERYTHING)] if role is AUTHORIZED else []))
    async with world.gateway.socket() as socket:
        await follow(world, socket, name, "follower")

        code = await lost(world, socket, act, "follower")
        # The connection lives on; what is lost stays lost.
        await subscribe(world, socket, name, "2")
        refused = await said(socket)

    assert code == "FORBIDDEN"
    assert (refused["type"], refused["id"]) == ("error", "2")
    assert refused["payload"][0]["extensions"]["code"] in {"FORBIDDEN", "NOT_FOUND"}


@pytest.mark.requirement("S2")
@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_ends_with_its_session(world: World, name: str) -> None:
    await world.join("follower", MANAGER)
    async with world.gateway.socket() as socket:
        await follow(world, socket, name, "follower")

        code = await lost(world, socket, end_session, "follower")
        with pytest.raises(ConnectionClosed) as closed:
            await said(socket)

    assert code == "UNAUTHENTICATED"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def demote_and_grant(world: World, token: str) -> None:
    """In one moment a member who may do everything, and manages nothing."""
    actor_id = world.actors[token]
    right = KeptAuthorization(world.customer, actor_id, authorization(EVERYTHING), world.actors["manager"], NOON)
    async with world.gateway.storage.writing() as unit:
        kept = await unit.members.of_actor(world.customer, actor_id)
        assert kept is not None
        await unit.members.set_role(kept, AUTHORIZED, NOON)
        await unit.authorizations.add(right)
        unit.wake(actor_topic(actor_id))


@pytest.mark.requirement("S2", "S7")
async def test_alarms_are_the_managers_own_whatever_else_is_granted_meanwhile(world: World) -> None:
    await world.join("follower", MANAGER)
    async with world.gateway.socket() as socket:
        await follow(world, socket, "securityAlarms", "follower")

        code = await lost(world, socket, demote_and_grant, "follower")
        async with world.gateway.storage.writing() as unit:
            told = NewSecurityEvent(SecurityEventKind.ALARM, NOON, customer_id=world.customer)
            await unit.security_events.record(told)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await said(socket)

    assert code == "FORBIDDEN"
