"""Who may see the trail, and what the gateway itself looks after while it runs."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.clients import ClientScope
from gateway.domain.errors import AccessError, RequestError
from gateway.domain.parties import Actor, Caller, Customer, CustomerKind, MemberRole, Membership, ServiceClient
from gateway.domain.security import SecurityEventKind
from gateway.domain.security_chain import Head
from gateway.domain.security_verification import Damage, Finding
from gateway.storage import MemoryWakeUps, SqlStorage, SystemClock, open_storage
from gateway.storage.audit_trail import noted_head, open_trail
from gateway.usecases import security_checking
from gateway.usecases import security_events as usecases
from gateway.usecases.core import Core
from gateway.usecases.security_checking import check_chain, follow_keys, note_keys
from gateway.usecases.security_events import Wanted
from tests.clock import SettableClock
from tests.cores import a_core
from tests.security.recording import event, record, recorded, tamper, verify

KIND = SecurityEventKind
CUSTOMER = Customer("customer", "A household", CustomerKind.HOUSEHOLD)


@pytest.fixture
def core(storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock) -> Core:
    return a_core(storage, wakeups, clock)


def member(role: MemberRole, customer: Customer = CUSTOMER) -> Caller:
    return Caller(Actor("actor", "maria", (Membership(role, customer),)), address="192.0.2.1")


OPERATOR = Caller(Actor("operator", "operator", is_operator=True))
TOOL = Caller(client=ServiceClient("tool", "Tool", frozenset(ClientScope)))
STRANGER = member(MemberRole.SELF_SERVICE_MANAGER, replace(CUSTOMER, id="another"))
REFUSED = {
    "an authorized user": (member(MemberRole.AUTHORIZED_USER), "FORBIDDEN"),
    "a service user": (member(MemberRole.SERVICE_USER), "FORBIDDEN"),
    "another's manager": (STRANGER, "NOT_FOUND"),
    "the operator, as a customer": (OPERATOR, "NOT_FOUND"),
    "a service client of every scope": (TOOL, "FORBIDDEN"),
    "nobody": (Caller(), "UNAUTHENTICATED"),
}


@pytest.mark.requirement("S7")
@pytest.mark.parametrize("who", REFUSED)
async def test_nobody_but_the_manager_sees_the_customers_events(core: Core, who: str) -> None:
    caller, code = REFUSED[who]
    await record(core.storage, event(1, customer_id=CUSTOMER.id))

    for ask in (
        lambda: usecases.list_security_events(core, caller, CUSTOMER.id, Wanted(), None, None),
        lambda: usecases.follow_alarms(core, caller, CUSTOMER.id, None),
        lambda: usecases.export_security_events(core, caller, CUSTOMER.id),
    ):
        with pytest.raises(RequestError) as caught:
            await ask()
        assert caught.value.problems[0].code == code
    # An export that is refused is none.
    assert len(await recorded(core.storage)) == 1


@pytest.mark.requirement("S7")
@pytest.mark.parametrize("caller", [STRANGER, member(MemberRole.SELF_SERVICE_MANAGER), TOOL, Caller()])
async def test_nobody_but_the_operator_sees_everybodys(core: Core, caller: Caller) -> None:
    with pytest.raises(AccessError):
        await usecases.list_all_security_events(core, caller, Wanted(), None, None)
    with pytest.raises(AccessError):
        await usecases.follow_all_alarms(core, caller, None)


async def test_the_operator_exports_everybodys(core: Core) -> None:
    await record(core.storage, event(1, customer_id=CUSTOMER.id), event(2))

    exported = [each async for each in await usecases.export_security_events(core, OPERATOR, None)]

    assert [(each.customer_id, each.kind) for each in exported] == [
        (CUSTOMER.id, KIND.SIGNED_IN),
        (None, KIND.SIGNED_IN),
        (None, KIND.EVENTS_EXPORTED),
    ]


async def until(core: Core, is_so: Callable[[int], bool], *kinds: SecurityEventKind) -> None:
    async with asyncio.timeout(5):
        while not is_so(len(await recorded(core.storage, *kinds))):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.requirement("S4", "S7")
async def test_a_broken_chain_is_told_once_while_the_gateway_runs(core: Core) -> None:
    storage = core.storage
    assert isinstance(storage, SqlStorage)
    await record(storage, event(1), event(2), event(3))
    looks: list[Head | None] = []

    def noted() -> Head | None:
        looks.append(storage.audit.head)
        return looks[-1]

    checking = asyncio.create_task(check_chain(core, storage.audit.keys, noted, 0.01))
    async with asyncio.timeout(5):
        while len(looks) < 3:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.01)
    assert await recorded(storage, KIND.CHAIN_BROKEN) == []
    await tamper(storage, "UPDATE security_event SET actor = 'x' WHERE seq = 2")
    await until(core, lambda count: count == 1, KIND.CHAIN_BROKEN)
    seen = len(looks)
    async with asyncio.timeout(5):
        while len(looks) < seen + 3:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.01)
    checking.cancel()
    await asyncio.gather(checking, return_exceptions=True)

    (told,) = await recorded(storage, KIND.CHAIN_BROKEN)
    assert told.params == {"sequence": "2", "damage": "CHANGED"}
    assert (await verify(storage)).finding == Finding(2, Damage.CHANGED)


@pytest.mark.requirement("S7")
async def test_keys_are_told_when_they_change(core: Core) -> None:
    for keys in ({"signing": "a"}, {"signing": "a"}, {"signing": "b a"}, {"signing": "b a"}):
        await note_keys(core, keys)

    told = await recorded(core.storage, KIND.KEYS_CHANGED)

    assert [each.params for each in told] == [{"signing": "a"}, {"signing": "b a"}]


@pytest.mark.requirement("S7")
async def test_keys_that_change_while_the_gateway_runs_are_told(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security_checking, "KEYS_LOOK_S", 0.01)
    keys = {"signing": "a"}
    following = asyncio.create_task(follow_keys(core, lambda: dict(keys)))
    await until(core, lambda count: count == 1, KIND.KEYS_CHANGED)

    keys["signing"] = "b a"
    await until(core, lambda count: count == 2, KIND.KEYS_CHANGED)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)

    told = await recorded(core.storage, KIND.KEYS_CHANGED)
    assert [each.params for each in told] == [{"signing": "a"}, {"signing": "b a"}]


WRITER = """
import asyncio, sys
from pathlib import Path
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from gateway.storage.audit_trail import open_trail

async def write(url, folder):
    clock = SystemClock()
    async with open_storage(url, MemoryWakeUps(), clock, None, open_trail((), folder)) as storage:
        while True:
            async with storage.writing() as unit:
                for _ in range(3):
                    await unit.security_events.record(NewSecurityEvent(SecurityEventKind.SIGNED_IN, clock.now()))
            print("kept", flush=True)

asyncio.run(write(sys.argv[1], Path(sys.argv[2])))
"""


@pytest.mark.requirement("S4")
async def test_after_kill_9_the_trail_is_whole_and_nothing_that_was_kept_is_lost(
    emptied_url: str, tmp_path: Path
) -> None:
    kept = 0
    for lines in (2, 5, 9):
        arguments = [sys.executable, "-c", WRITER, emptied_url, str(tmp_path)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as writer:  # noqa: ASYNC220
            assert writer.stdout is not None
            for _ in range(lines):
                assert writer.stdout.readline() == b"kept\n"
            os.kill(writer.pid, signal.SIGKILL)
            kept += lines + len(writer.stdout.read().splitlines())

    noted = noted_head(tmp_path)
    async with open_storage(emptied_url, MemoryWakeUps(), SystemClock(), None, open_trail((), tmp_path)) as storage:
        found = await verify(storage, *([noted] if noted else []))

    assert found.finding is None
    assert found.count % 3 == 0
    assert found.count >= 3 * kept
    assert noted is not None
    assert found.count - noted.sequence <= 3
