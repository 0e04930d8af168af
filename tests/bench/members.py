"""What a page of a large customer's members costs: from the middle of the list, all of it and a plain member's part."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from gateway.domain.members import Member
from gateway.domain.parties import Actor, Caller, MemberRole
from gateway.ports import NewAccount, Storage
from gateway.storage import MemoryWakeUps, open_storage
from gateway.usecases.core import Core
from gateway.usecases.members import list_members
from tests.bench.figures import Figure
from tests.clock import NOON, SettableClock
from tests.cores import a_core
from tests.samples import an_account, new_id

MEMBERS = 5_000
ASKS = 50
PAGE = 100


async def measure(folder: Path, members: int = MEMBERS, asks: int = ASKS) -> Sequence[Figure]:
    """The median of many pages, as the use case answers them from SQLite."""
    wakeups, clock = MemoryWakeUps(), SettableClock()
    async with open_storage(f"sqlite:///{folder / 'gateway.db'}", wakeups, clock, None) as storage:
        customer, manager, user = await _filled(storage, members)
        core = a_core(storage, wakeups, clock)
        middle = await _cursor_at(core, manager, customer, members // 2)
        whole = await _page_ms(core, manager, customer, middle, asks)
        part = await _page_ms(core, user, customer, None, asks)
    of = f"{members:,} members"
    return [
        Figure(f"A page of {PAGE} members of a customer with {of}, from the middle", f"{whole:.1f} ms", limit="20 ms"),
        Figure(f"What a plain member sees of {of}", f"{part:.1f} ms", limit="20 ms"),
    ]


async def _filled(storage: Storage, members: int) -> tuple[str, Caller, Caller]:
    """A customer with that many members: its id, its manager, and the last who joined."""
    account = an_account("manager", None)
    actors = [Actor(new_id("Actor"), f"member-{number}") for number in range(members - 1)]
    customer = account.customer_id or ""
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
        for number, actor in enumerate(actors):
            await unit.accounts.add(_account_of(actor))
            since = NOON + timedelta(seconds=number)
            await unit.members.add(Member(new_id("Member"), customer, actor, MemberRole.AUTHORIZED_USER, since))
    async with storage.reading() as unit:
        manager, last = await unit.accounts.actor(account.actor_id), await unit.accounts.actor(actors[-1].id)
    return customer, Caller(manager), Caller(last)


def _account_of(actor: Actor) -> NewAccount:
    return replace(an_account(actor.username, None), actor_id=actor.id, customer_id=None)


async def _cursor_at(core: Core, caller: Caller, customer: str, number: int) -> str | None:
    after = None
    for _ in range(number // PAGE):
        after = (await list_members(core, caller, customer, PAGE, after)).page_info.end_cursor
    return after


async def _page_ms(core: Core, caller: Caller, customer: str, after: str | None, asks: int) -> float:
    took: list[float] = []
    for _ in range(asks):
        begun = time.perf_counter()
        await list_members(core, caller, customer, PAGE, after)
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)
