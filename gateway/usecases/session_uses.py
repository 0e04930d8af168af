"""When each session was last used: noted in memory with every request, kept once a minute."""

import asyncio
from datetime import datetime

from gateway.usecases.core import Core

STEP_S = 60.0
_LIMIT = 100_000


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
        """Keeps what was noted."""
        used, self._used = self._used, {}
        if not used:
            return
        async with self._core.storage.writing() as unit:
            for key, at in used.items():
                await unit.accounts.note_use(key, at)

    async def keep_on(self) -> None:
        """Keeps it each minute, for as long as it runs."""
        while True:
            await asyncio.sleep(STEP_S)
            await self.keep()
