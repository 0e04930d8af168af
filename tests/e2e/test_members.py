"""Members against a running gateway: each of their documents, from the invitation to the closed account."""

import asyncio
import secrets

import pytest

from tests.e2e.consumer import Consumer, Data, document
from tests.e2e.joining import (
    AUTHORIZED,
    MANAGER,
    PASSWORD,
    SERVICE,
    done,
    forbidden,
    invited,
    joined,
    members,
    operation,
    record,
    refused,
)


def nodes(connection: Data) -> list[Data]:
    return [edge["node"] for edge in connection["edges"]]


@pytest.mark.requirement("R1", "R2", "S3")
async def test_an_invited_newcomer_and_an_account_that_was_there_both_become_members(
    guest: Consumer, nobody: Consumer
) -> None:
    other = await nobody.newcomer()
    invitation, token = await invited(guest, SERVICE)
    anna, name = await joined(guest, AUTHORIZED)

    accepted = await done(other, "member-accept-invitation", token=token)

    assert accepted["member"]["role"] == SERVICE
    assert [each["role"] for each in (await members(guest)).values()] == [MANAGER, AUTHORIZED, SERVICE]
    assert list((await members(anna)).values())[-1]["role"] == AUTHORIZED
    assert name in await members(anna)
    viewer = (await other.ask(document("01")))["viewer"]
    assert [each["role"] for each in viewer["memberships"]] == [SERVICE, MANAGER]
    kept = {each["id"]: each["state"] for each in nodes((await record(guest))["invitations"])}
    assert kept[invitation] == "ACCEPTED"
    status, answer = await nobody.post(
        "/auth/accounts", {"username": f"late-{secrets.token_hex(4)}", "password": PASSWORD, "invitation": token}
    )
    assert (status, [(each["field"], each["code"]) for each in answer["errors"]]) == (
        422,
        [("invitation", "INVITATION_INVALID")],
    )
    assert await refused(anna, "member-accept-invitation", token=token) == [("INVITATION_INVALID", ["token"])]


@pytest.mark.requirement("R2", "R4", "R5")
async def test_management_passes_from_one_to_another_and_never_to_nobody(guest: Consumer) -> None:
    anna, name = await joined(guest, AUTHORIZED)
    erik, _ = await joined(guest, SERVICE)
    (own,) = [each for each in (await members(guest)).values() if each["role"] == MANAGER]
    annas = (await members(guest))[name]["id"]

    assert await refused(guest, "member-remove", memberId=own["id"]) == [("LAST_MANAGER", ["memberId"])]
    assert await forbidden(anna, "member-change-role", memberId=annas, role=MANAGER) == "FORBIDDEN"
    assert await forbidden(anna, "member-invite", role=MANAGER, idempotencyKey="k") == "FORBIDDEN"
    assert await forbidden(erik, "member-remove", memberId=annas) == "FORBIDDEN"
    handed = await done(guest, "member-hand-over", memberId=annas)

    assert (handed["manager"]["id"], handed["manager"]["role"]) == (annas, MANAGER)
    assert handed["member"] == {"id": own["id"], "role": AUTHORIZED}
    assert await forbidden(guest, "customer-update", name="Mine") == "FORBIDDEN"
    assert (await done(anna, "customer-update", name="Anna's household"))["customer"]["name"] == "Anna's household"
    assert (await done(anna, "member-change-role", memberId=own["id"], role=SERVICE))["member"]["role"] == SERVICE
    customer = (await record(anna))["id"]
    assert await done(guest, "member-leave", customerId=customer) == {"leftCustomerId": customer}
    assert await refused(guest, "member-leave", customerId=customer) == [("NOT_FOUND", ["customerId"])]


@pytest.mark.requirement("S2", "S3")
async def test_who_is_removed_loses_everything_at_once_and_open_streams_end(guest: Consumer) -> None:
    anna, name = await joined(guest, MANAGER)
    customer = (await record(anna))["id"]
    member = (await members(guest))[name]["id"]

    async with anna.session.ws_connect(f"{anna.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init", "payload": anna.headers})
        assert (await socket.receive_json())["type"] == "connection_ack"
        asked = {"query": document("18"), "variables": {"customerId": customer}}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": asked})
        await socket.send_json({"type": "ping"})
        assert (await socket.receive_json())["type"] == "pong"
        await done(guest, "member-remove", memberId=member)
        async with asyncio.timeout(5):
            while (last := await socket.receive_json())["type"] in ("ping", "pong"):
                pass

    assert (last["type"], last["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
    _, answer = await anna.send(operation("customer-members"), {"id": customer})
    assert answer["data"] == {"customer": None}
    assert name not in await members(guest)


@pytest.mark.requirement("P6")
async def test_the_manager_keeps_contacts_places_and_subscribers(guest: Consumer) -> None:
    contact = (await done(guest, "contact-add", name="Anna", role="BILLING", phone="+46 70-174 06 05"))["contact"]
    site = (await done(guest, "site-add", name="Home", address=ADDRESS))["site"]["id"]
    subscriber = (await done(guest, "subscriber-add", name="Erik", numbers=["+46701740605"]))["subscriber"]

    assert contact["phone"] == "+46701740605"
    await done(guest, "contact-update", contactId=contact["id"], email="anna@example.com")
    await done(guest, "site-update", siteId=site, name="Office")
    await done(guest, "subscriber-update", subscriberId=subscriber["id"], name="Erik A")
    kept = await record(guest)
    assert nodes(kept["contacts"]) == [{**contact, "email": "anna@example.com"}]
    assert [(each["id"], each["name"]) for each in kept["sites"]] == [(site, "Office")]
    assert nodes(kept["subscribers"]) == [{**subscriber, "name": "Erik A"}]
    assert await refused(guest, "contact-add", name="", role="BILLING", phone="12") == [
        ("INVALID_NAME", ["name"]),
        ("INVALID_PHONE", ["phone"]),
    ]
    wrong = await refused(guest, "subscriber-add", name="Maria", productIds=["nonsense"])
    assert wrong == [("NOT_FOUND", ["productIds", "0"])]

    assert await done(guest, "contact-remove", contactId=contact["id"]) == {"removedContactId": contact["id"]}
    assert await done(guest, "site-remove", siteId=site) == {"removedSiteId": site}
    gone = await done(guest, "subscriber-remove", subscriberId=subscriber["id"])
    assert gone == {"removedSubscriberId": subscriber["id"]}
    kept = await record(guest)
    assert (nodes(kept["contacts"]), kept["sites"], nodes(kept["subscribers"])) == ([], [], [])


@pytest.mark.requirement("P6", "S3")
async def test_a_closed_account_is_nobodys(guest: Consumer) -> None:
    anna, _ = await joined(guest, AUTHORIZED)
    invitation, token = await invited(guest, SERVICE)
    withdrawn, _ = await invited(guest, SERVICE)
    await done(guest, "member-withdraw-invitation", invitationId=withdrawn)
    customer = (await record(guest))["id"]

    assert await forbidden(anna, "customer-close", customerId=customer) == "FORBIDDEN"
    assert await done(guest, "customer-close", customerId=customer) == {"closedCustomerId": customer}
    assert await done(guest, "customer-close", customerId=customer) == {"closedCustomerId": customer}

    for gone in (guest, anna):
        assert (await gone.ask(document("01")))["viewer"]["memberships"] == []
        assert await gone.ask(operation("customer-members"), {"id": customer}) == {"customer": None}
    assert await refused(anna, "member-accept-invitation", token=token) == [("INVITATION_INVALID", ["token"])]
    assert await forbidden(guest, "member-withdraw-invitation", invitationId=invitation) == "FORBIDDEN"


ADDRESS = {"street": "Storgatan", "houseNumber": "1", "postcode": "11122", "city": "Stockholm", "country": "SE"}
