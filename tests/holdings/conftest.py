"""A core over a database of one's own, and callers of several kinds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.parties import Caller
from gateway.ports import NewAccount
from gateway.storage import MemoryWakeUps, open_storage
from gateway.usecases.core import Core
from tests.clock import SettableClock
from tests.cores import a_core
from tests.samples import an_account


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    wakeups, clock = MemoryWakeUps(), SettableClock()
    async with open_storage(f"sqlite:///{tmp_path / 'gateway.db'}", wakeups, clock, None) as storage:
        yield a_core(storage, wakeups, clock)


async def signed_in(core: Core, account: NewAccount) -> Caller:
    """The caller of an account that is kept now."""
    async with core.storage.writing() as unit:
        assert await unit.accounts.add(account)
        return Caller(await unit.accounts.actor(account.actor_id))


@pytest.fixture
async def maria(core: Core) -> Caller:
    return await signed_in(core, an_account("maria", None))


@pytest.fixture
async def lars(core: Core) -> Caller:
    return await signed_in(core, an_account("lars", None))
