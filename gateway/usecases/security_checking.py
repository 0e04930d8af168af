"""Whether the chain of security events is whole, and which keys the gateway works with: looked at while it runs."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.domain.security_chain import ChainKeys, Head
from gateway.domain.security_verification import Verification
from gateway.ports import UnitOfWork
from gateway.ports.security import SecurityEventFilter
from gateway.usecases.core import Core

BATCH = 500
# How soon an event tells of other keys.
KEYS_LOOK_S = 2.0
_log = logging.getLogger("gateway.audit")


async def verified(unit: UnitOfWork, keys: ChainKeys, *noted: Head) -> Verification:
    """The whole chain, held against heads that were noted outside of the database; its `finding` says what is wrong."""
    events = unit.security_events
    found = Verification(keys, await events.anchor(), noted)
    place = found.start
    while links := await events.links(place, BATCH):
        for link in links:
            found.check(link)
        place = links[-1].sequence
        if found.finding:
            break
    found.finish(await events.head())
    return found


async def check_chain(core: Core, keys: ChainKeys, noted: Callable[[], Head | None], every_s: float) -> None:
    """Verifies the chain at once and again after each pause, until it is cancelled; what is wrong becomes an event."""
    while True:
        # Read before the chain is: it may be behind, and never ahead.
        head = noted()
        async with core.storage.reading() as unit:
            found = await verified(unit, keys, *([head] if head else []))
        if found.finding is not None:
            _log.error("the audit trail is broken: %s", found.finding.sentence)
            params = {"sequence": str(found.finding.sequence), "damage": found.finding.damage.value}
            await _tell_once(core, SecurityEventKind.CHAIN_BROKEN, params)
        await asyncio.sleep(every_s)


async def note_keys(core: Core, keys: Mapping[str, str]) -> None:
    """Tells of the keys that the gateway works with, by their ids, where they are not those of the last time."""
    await _tell_once(core, SecurityEventKind.KEYS_CHANGED, keys)


async def follow_keys(core: Core, keys: Callable[[], Mapping[str, str]]) -> None:
    """Tells of the keys whenever this process goes over to others; of several processes the first one tells."""
    known: Mapping[str, str] | None = None
    while True:
        if (current := keys()) != known:
            await note_keys(core, current)
            known = current
        await asyncio.sleep(KEYS_LOOK_S)


async def _tell_once(core: Core, kind: SecurityEventKind, params: Mapping[str, str]) -> None:
    async with core.storage.writing() as unit:
        last = await unit.security_events.before(SecurityEventFilter(kinds=[kind]), None, 1)
        if not last or last[0].params != params:
            await unit.security_events.record(NewSecurityEvent(kind, core.clock.now(), params=params))
