"""Runs the checks of registered providers: by one process at a time, each outcome stored as it comes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.contract.provider import Provider
from gateway.domain.errors import ContractBroken, ProviderError
from gateway.domain.registrations import (
    CheckOutcome,
    CheckResult,
    Connection,
    ProviderRegistration,
    RegistrationStatus,
    has_passed,
)
from gateway.federation.checks import check_reads
from gateway.federation.guard import sorting
from gateway.federation.joining import spec_of, unsealed_connection
from gateway.federation.registry import opened
from gateway.ports import UnitOfWork
from gateway.ports.registrations import PROVIDERS_TOPIC, SealBroken, SealedConnections
from gateway.usecases.core import Core

# A process that says nothing for that long runs no checks any more.
CLAIM = timedelta(seconds=10)
RENEW_S = 3.0
# How soon what a dead process left is found; what is registered here is found at once.
SWEEP_S = 2.0
AT_ONCE = 8
# However many providers one has, and however slow they are, nobody else's wait for them.
AT_ONCE_OF_AN_OWNER = 2


@dataclass(frozen=True, slots=True)
class _Run:
    owner: str | None
    task: asyncio.Task[None]


class _Lost(Exception):
    """The run is another's now, or what it was about has changed."""


async def follow_registrations(core: Core) -> None:
    """Runs the checks of whatever waits for them, until it is cancelled."""
    running: dict[str, _Run] = {}
    try:
        with core.wakeups.listen(PROVIDERS_TOPIC) as waiter:
            while True:
                async with core.storage.reading() as unit:
                    free = await unit.registrations.unclaimed(core.clock.now(), core.onboarding.by)
                running = {key: run for key, run in running.items() if not run.task.done()}
                waiting = {key: owner for key, owner in free.items() if key not in running}
                for each in next_of(waiting, [run.owner for run in running.values()]):
                    running[each] = _Run(waiting[each], asyncio.create_task(run_checks(core, each)))
                await waiter.wait(SWEEP_S)
    finally:
        for run in running.values():
            run.task.cancel()
        await asyncio.gather(*(run.task for run in running.values()), return_exceptions=True)


def next_of(waiting: Mapping[str, str | None], running: Iterable[str | None]) -> Sequence[str]:
    """Whose checks begin now, of those that wait: the owner of each by id, and the owners of those that run."""
    of_owner, found = Counter(running), list[str]()
    for each, owner in waiting.items():
        if of_owner.total() < AT_ONCE and of_owner[owner] < AT_ONCE_OF_AN_OWNER:
            of_owner[owner] += 1
            found.append(each)
    return found


async def run_checks(core: Core, registration_id: str) -> None:
    """One run: CHECKING → ACTIVE, or back to what it was. Harmless where nothing is to check, or another does it."""
    begun = await _begin(core, registration_id)
    if begun is None:
        return
    registration, sealed = begun
    try:
        async with _claimed(core, registration):
            await _settle(core, registration, *await _checked(core, registration, sealed))
    except _Lost:
        return


async def _begin(core: Core, registration_id: str) -> tuple[ProviderRegistration, str] | None:
    now = core.clock.now()
    async with core.storage.writing() as unit:
        if not await unit.registrations.claim(registration_id, core.onboarding.by, now, now + CLAIM):
            return None
        held = await unit.registrations.get(registration_id, lock=True)
        sealed = (await unit.registrations.connections(registration_id)).checked
        if held is None or sealed is None:
            return None
        # Another number: what a run before this one still has to say counts no more.
        begun = replace(held.checking(), revision=held.revision + 1, updated_at=now)
        await unit.registrations.save(begun)
        return await unit.registrations.append(begun, "RegistrationChecking", now), sealed


@asynccontextmanager
async def _claimed(core: Core, registration: ProviderRegistration) -> AsyncIterator[None]:
    """Keeps the right to the run for as long as it takes: a check may take longer than the right lasts."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            now = core.clock.now()
            async with core.storage.writing() as unit:
                await unit.registrations.claim(registration.id, core.onboarding.by, now, now + CLAIM)

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _checked(
    core: Core, registration: ProviderRegistration, sealed: str
) -> tuple[Connection | None, tuple[str, ...]]:
    """Asks the provider; the connection, where it could be tried, and what the provider can do."""
    try:
        connection = unsealed_connection(core.onboarding.sealing, sealed)
    except SealBroken:
        await _keep(core, registration, CheckOutcome("connection", CheckResult.FAILED, "SECRETS_UNREADABLE"))
        return None, ()
    connect = core.onboarding.adapters.get(connection.adapter)
    if connect is None:
        await _keep(core, registration, CheckOutcome("connection", CheckResult.FAILED, "UNKNOWN_ADAPTER"))
        return connection, ()
    try:
        async with opened(spec_of(registration, connection, core.onboarding.limits), connect, core.clock) as provider:
            await _ask_all(core, registration, provider)
            return connection, provider.capabilities
    except ProviderError as error:
        await _keep(core, registration, CheckOutcome("connection", CheckResult.FAILED, error.finding or error.code))
        return connection, ()


async def _ask_all(core: Core, registration: ProviderRegistration, provider: Provider) -> None:
    # What it answers is a stranger's: nothing of it may end the run without a word.
    with sorting(registration.slug, "checks", ContractBroken):
        async for outcome in check_reads(provider):
            await _keep(core, registration, outcome)


async def _keep(core: Core, registration: ProviderRegistration, outcome: CheckOutcome) -> None:
    now = core.clock.now()
    async with core.storage.writing() as unit:
        held = await _still(unit, registration)
        changed = replace(held, checks=(*held.checks, outcome), revision=held.revision + 1, updated_at=now)
        await unit.registrations.save(changed)
        await unit.registrations.append(changed, "CheckFinished", now, outcome)


async def _still(unit: UnitOfWork, registration: ProviderRegistration) -> ProviderRegistration:
    held = await unit.registrations.get(registration.id, lock=True)
    if held is None or held.run != registration.run or held.status is not RegistrationStatus.CHECKING:
        raise _Lost
    return held


async def _settle(
    core: Core, registration: ProviderRegistration, connection: Connection | None, capabilities: tuple[str, ...]
) -> None:
    """Lets it serve, or puts it back: a new one as a DRAFT that keeps its connection, any other as it was."""
    now = core.clock.now()
    async with core.storage.writing() as unit:
        held = await _still(unit, registration)
        sealed = await unit.registrations.connections(held.id)
        is_good = connection is not None and has_passed(held.checks)
        if is_good and connection is not None:
            sealed = SealedConnections(serving=sealed.checked)
            held = replace(held, adapter=connection.adapter, url=connection.url)
        elif held.is_serving:
            sealed = replace(sealed, pending=None)
        if is_good or not held.is_serving:
            held = replace(held, capabilities=capabilities)
        activates = is_good and not held.is_serving
        status = RegistrationStatus.ACTIVE if activates else held.standing
        settled = replace(held, status=status, standing=status, revision=held.revision + 1, updated_at=now)
        await unit.registrations.save(settled, sealed)
        kind = "RegistrationActivated" if is_good else "RegistrationRefused"
        await unit.registrations.append(settled, kind, now)
        await unit.registrations.release(held.id, core.onboarding.by)
