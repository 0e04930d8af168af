"""How tests record events and read them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from gateway.domain.security import NewSecurityEvent, SecurityEvent, SecurityEventKind
from gateway.domain.security_chain import Head
from gateway.domain.security_verification import Verification
from gateway.ports import Storage
from gateway.ports.security import SecurityEventFilter
from gateway.storage import SqlStorage
from gateway.usecases.core import Core
from gateway.usecases.refusals import _keep_taken
from gateway.usecases.security_checking import verified
from tests.clock import NOON


def event(number: int = 1, kind: SecurityEventKind = SecurityEventKind.SIGNED_IN, **given: Any) -> NewSecurityEvent:
    return NewSecurityEvent(**{"kind": kind, "at": NOON, "params": {"n": str(number)}, **given})


async def record(storage: Storage, *events: NewSecurityEvent) -> None:
    """One transaction each."""
    for each in events:
        async with storage.writing() as unit:
            await unit.security_events.record(each)


async def recorded(storage: Storage, *kinds: SecurityEventKind) -> Sequence[SecurityEvent]:
    """The events of these kinds, oldest first; all where none is named."""
    async with storage.reading() as unit:
        return await unit.security_events.after(SecurityEventFilter(kinds=kinds), 0, 1000)


async def kept_refusals(core: Core) -> Sequence[SecurityEvent]:
    """What was refused, once it is kept."""
    assert await _keep_taken(core.refusals, core.storage)
    return [each for each in await recorded(core.storage) if each.kind.endswith("_REFUSED")]


async def verify(storage: SqlStorage, *noted: Head) -> Verification:
    async with storage.reading() as unit:
        return await verified(unit, storage.audit.keys, *noted)


async def tamper(storage: SqlStorage, *statements: str, **values: object) -> None:
    """Writes to the database past the gateway."""
    async with storage.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement), values)
