"""When each session was last used: noted in memory with every request, kept once a minute."""

import asyncio
import logging
from datetime import datetime

from gateway.domain.errors import StorageUnavailable
from gateway.usecases.core import Core

STEP_S = 60.0
LAST_S = 3.0
_LIMIT = 100_000
_log = logging.getLogger(__name__)


class SessionUses:
    """What was used since it was last kept. kill -9 loses the minute that is not kept yet, and nothing but it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._used: dict[str, datetime] = {}

    def note(self, session_key: str) -> None:
        """It is used now."""
        if session_key in self._used or len(self._used) < _LIMIT:
            self._used[session_key] = self._core.clock.now()

    async def keep(self) -> None:
        """Keeps what was noted; what can't be kept now is for the next time. Raises: StorageUnavailable."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            async with self._core.storage.writing() as unit:
                # In one order at all gateways, which else could wait for each other's rows.
                for key, at in sorted(used.items()):
                    await unit.accounts.note_use(key, at)
        except BaseException:
            self._used = {**used, **self._used}
            raise

    async def keep_last(self) -> None:
        """Keeps what is left at the end, which no database that is away keeps from coming."""
        try:
            async with asyncio.timeout(LAST_S):
                await self.keep()
        except (StorageUnavailable, TimeoutError):
            _log.warning("when sessions were last used is lost for a minute: the database is away")

    async def keep_on(self) -> None:
        """Keeps it each minute, for as long as it runs."""
        while True:
            await asyncio.sleep(STEP_S)
            await self.keep()
