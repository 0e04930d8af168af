"""What each mutation leaves in the trail of security events: who changes what is kept must be told of it."""

from pathlib import Path

import pytest

from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports.security import SecurityEventFilter
from tests.callers.table import MUTATIONS, SEEN, Row
from tests.callers.test_table import ROOTS, _document, _names
from tests.callers.world import CALLERS, World, a_world

NOTHING: frozenset[Kind] = frozenset()
# What is only being put together, or read, changes nothing of what is held, allowed or delivered.
DRAFTS = ("createBundle", "updateBundle", "addBundleItem", "configureBundleItem", "removeBundleItem")
READS = ("markNotificationRead",)
RECORDED = dict.fromkeys((*DRAFTS, *READS), NOTHING) | {
    name: frozenset(kinds)
    for name, kinds in {
        "placeOrder": {Kind.ORDER_PLACED},
        "cancelOrder": {Kind.ORDER_CANCELLED},
        "retryOrderItem": {Kind.ORDER_ITEM_RETRIED},
        "skipOrderItem": {Kind.ORDER_ITEM_SKIPPED},
        "failOrder": {Kind.ORDER_GIVEN_UP},
        "createServiceClient": {Kind.CLIENT_ADDED},
        "rotateServiceClientSecret": {Kind.CLIENT_ROTATED},
        "endServiceClient": {Kind.CLIENT_ENDED},
        "registerProvider": {Kind.PROVIDER_REGISTERED},
        "updateProvider": {Kind.PROVIDER_CHANGED, Kind.PROVIDER_CREDENTIALS_CHANGED},
        "suspendProvider": {Kind.PROVIDER_SUSPENDED},
        "resumeProvider": {Kind.PROVIDER_RESUMED},
        "removeProvider": {Kind.PROVIDER_REMOVED},
        "proposeAgreement": {Kind.AGREEMENT_CHANGED},
        "approveAgreement": {Kind.AGREEMENT_CHANGED},
        "rejectAgreement": {Kind.AGREEMENT_CHANGED},
        "terminateAgreement": {Kind.AGREEMENT_CHANGED},
        "endSession": {Kind.SESSION_ENDED},
        "endOtherSessions": {Kind.SESSION_ENDED},
        "inviteMember": {Kind.INVITATION_MADE},
        "withdrawInvitation": {Kind.INVITATION_WITHDRAWN},
        "acceptInvitation": {Kind.INVITATION_ACCEPTED},
        "changeMemberRole": {Kind.MEMBER_ROLE_CHANGED},
        "removeMember": {Kind.MEMBER_REMOVED},
        "leaveCustomer": {Kind.MEMBER_LEFT},
        "handOverManagement": {Kind.MANAGEMENT_HANDED_OVER},
        "updateCustomer": {Kind.CUSTOMER_CHANGED},
        "closeCustomer": {Kind.CUSTOMER_CLOSED},
        **{
            f"{verb}{what}": {Kind.CUSTOMER_CHANGED}
            for verb in ("add", "update", "remove")
            for what in ("Site", "Contact", "Subscriber")
        },
        "grantAuthorization": {Kind.AUTHORIZATION_GRANTED},
        "changeAuthorization": {Kind.AUTHORIZATION_CHANGED},
        "revokeAuthorization": {Kind.AUTHORIZATION_REVOKED},
        "enableFunction": {Kind.FUNCTION_ENABLED},
        "disableFunction": {Kind.FUNCTION_DISABLED},
    }.items()
}
"""One of these is recorded by each mutation that changes something."""
# These succeed in the table, and change nothing there: nobody has another session.
_IDLE = {"endOtherSessions"}


def test_every_mutation_says_what_it_records() -> None:
    root = ROOTS["mutation"]
    assert root is not None

    assert RECORDED.keys() == root.fields.keys()


@pytest.mark.requirement("S4")
async def test_what_a_mutation_changes_is_recorded_with_who_did_it(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        found = {row.selection: await _recorded(world, row) for row in MUTATIONS if _does(row)}

    expected = {
        row.selection: (NOTHING if row.root in _IDLE else RECORDED[row.root], {_by(row)} if _tells(row) else set())
        for row in MUTATIONS
        if _does(row)
    }
    wrong = {key: (found[key], each) for key, each in expected.items() if found[key] != each}
    assert not wrong, "\n".join(f"{key[:60]}: {is_}, not {to_be}" for key, (is_, to_be) in wrong.items())


def _does(row: Row) -> bool:
    return SEEN in row.cells


def _by(row: Row) -> str:
    """Whoever the table lets do it: the manager where there is a choice."""
    allowed = [caller for caller, cell in row.by_caller() if cell == SEEN]
    return "manager" if "manager" in allowed else max(allowed, key=CALLERS.index)


def _tells(row: Row) -> bool:
    return row.root not in _IDLE and bool(RECORDED[row.root])


async def _recorded(world: World, row: Row) -> tuple[frozenset[Kind], set[str | None]]:
    async with world.gateway.storage.reading() as unit:
        last = (await unit.security_events.head()).sequence
    token, used = _by(row), await world.anew(_names(row))
    if row.root == "disableFunction":
        enable = next(each for each in MUTATIONS if each.root == "enableFunction")
        await world.gateway.ask(_document("mutation", enable), await world.anew(_names(enable)), token)
        async with world.gateway.storage.reading() as unit:
            last = (await unit.security_events.head()).sequence
    answer = await world.gateway.ask(_document("mutation", row), used, token)
    assert "errors" not in answer, answer
    async with world.gateway.storage.reading() as unit:
        events = await unit.security_events.after(SecurityEventFilter(), last, 10)
    actor = world.gateway.tokens.callers[token].actor
    mine = actor.id if actor else "partner"
    return frozenset(each.kind for each in events), {token if each.actor_id == mine else None for each in events}
