"""Members of a customer, and the gateway's own documents by which they act."""

import secrets
from pathlib import Path
from typing import Any

from tests.e2e.consumer import Consumer, Data

OPERATIONS = Path(__file__).parents[1] / "operations"
MANAGER, AUTHORIZED, SERVICE = "SELF_SERVICE_MANAGER", "AUTHORIZED_USER", "SERVICE_USER"
PASSWORD = "correct horse battery staple"


def operation(name: str) -> str:
    """A document of the gateway's own."""
    return (OPERATIONS / f"{name}.graphql").read_text("utf-8")


async def done(asker: Consumer, name: str, /, **given: Any) -> Data:
    """What a mutation changed, which had nothing to mend."""
    (payload,) = (await asker.ask(operation(name), {"input": given})).values()
    assert payload.pop("userErrors") == []
    return dict(payload)


async def refused(asker: Consumer, name: str, /, **given: Any) -> list[tuple[str, list[str]]]:
    """The codes and fields of what a mutation found wrong; it changed nothing."""
    (payload,) = (await asker.ask(operation(name), {"input": given})).values()
    errors = payload.pop("userErrors")
    assert set(payload.values()) == {None}
    assert all(each["message"] for each in errors)
    return [(each["code"], each["field"]) for each in errors]


async def forbidden(asker: Consumer, name: str, /, **given: Any) -> str:
    """The code of the top-level error."""
    _, answer = await asker.send(operation(name), {"input": given})
    return str(answer["errors"][0]["extensions"]["code"])


async def members(asker: Consumer) -> dict[str, Data]:
    """Those that the asker sees, by name."""
    found = (await asker.ask(operation("customer-members")))["customer"]["members"]["edges"]
    return {edge["node"]["actor"]["username"]: edge["node"] for edge in found}


async def record(asker: Consumer) -> Data:
    return dict((await asker.ask(operation("customer-record")))["customer"])


async def invited(manager: Consumer, role: str) -> tuple[str, str]:
    """A new invitation's id and token."""
    made = await done(manager, "member-invite", role=role, idempotencyKey=secrets.token_hex(8))
    return made["invitation"]["id"], made["token"]


async def joined(manager: Consumer, role: str) -> tuple[Consumer, str]:
    """A newcomer by an invitation, signed in, and the name."""
    name = f"member-{secrets.token_hex(5)}"
    _, token = await invited(manager, role)
    status, answer = await manager.post("/auth/accounts", {"username": name, "password": PASSWORD, "invitation": token})
    assert status == 201, answer
    return await manager.as_nobody().signed_in(name, PASSWORD), name
