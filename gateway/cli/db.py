"""`gateway db upgrade`: the database's tables, without starting the gateway."""

import asyncio
from pathlib import Path

from gateway.cli.data_folder import held_folder
from gateway.cli.failures import as_refusals
from gateway.cli.words import say
from gateway.settings import Settings, read_settings
from gateway.storage import MemoryWakeUps, SystemClock, open_storage
from gateway.storage.audit_trail import open_trail


def upgrade(data: Path | None) -> int:
    """Brings the tables up to date. Raises: Refusal."""
    with as_refusals():
        settings = read_settings(data=data)
        with held_folder(settings.data):
            asyncio.run(_upgrade(settings))
    say("the database is up to date")
    return 0


async def _upgrade(settings: Settings) -> None:
    audit = open_trail(settings.audit_key, settings.data, settings.keys_folder)
    async with open_storage(settings.database, MemoryWakeUps(), SystemClock(), None, audit):
        pass
