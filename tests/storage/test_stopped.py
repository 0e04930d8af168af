"""A process that is stopped in the middle of a transaction: it keeps nobody from its rows for long."""

import asyncio

import pytest
from sqlalchemy import text

from gateway.domain.errors import StorageUnavailable
from gateway.storage import MemoryWakeUps, open_storage, postgres
from gateway.storage.failures import told_as_unavailable
from tests.clock import SettableClock
from tests.storage.conftest import needs_postgres


@needs_postgres
async def test_what_a_stopped_process_has_locked_is_free_again_and_its_own_transaction_is_lost(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "IDLE_S", 1)
    wakeups, clock, locks = MemoryWakeUps(), SettableClock(), text("LOCK TABLE bundle")
    async with (
        open_storage(new_postgres, wakeups, clock, None) as stopped,
        open_storage(new_postgres, wakeups, clock, None) as other,
    ):
        with pytest.raises(StorageUnavailable), told_as_unavailable():  # noqa: PT012 the last statement raises
            async with stopped.engine.begin() as connection:
                await connection.execute(locks)

                async with asyncio.timeout(10), other.engine.begin() as its_own:
                    await its_own.execute(locks)

                await connection.execute(text("SELECT 1"))

        async with stopped.reading() as unit:
            assert await unit.orders.open_ids() == []
