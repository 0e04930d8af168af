"""The security events as those see them whom they concern: a customer's manager theirs, the operator all."""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.errors import RequestError
from gateway.domain.paging import Edge, Page, checked_first, page_of
from gateway.domain.parties import Caller, MemberRole
from gateway.domain.security import NewSecurityEvent, SecurityEvent, SecurityEventKind, read_security_cursor
from gateway.ports.security import SECURITY_TOPIC, SecurityEventFilter
from gateway.usecases import policy
from gateway.usecases.actors import Standing
from gateway.usecases.core import Core
from gateway.usecases.security_telling import told_by

EXPORT_BATCH = 500
KINDS = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a viewer may narrow the events by; None or empty: not at all."""

    kinds: tuple[SecurityEventKind, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    actor_id: str | None = None

    def of(self, customer_id: str | None) -> SecurityEventFilter:
        """Of that customer's; None: of all."""
        return SecurityEventFilter(customer_id, self.kinds, self.since, self.until, self.actor_id)


def events_customer(caller: Caller, customer_id: str | None) -> str:
    """The customer whose events the caller may see as its manager.

    Raises: AccessError for nobody, and for a member that is not a manager; RequestError at `customerId`, as
    `policy.customer_of`.
    """
    found = policy.customer_of(caller, customer_id, "customerId")
    policy.require_manager(caller, found)
    return found


async def list_security_events(
    core: Core, caller: Caller, customer_id: str | None, wanted: Wanted, first: int | None, after: str | None
) -> Page[SecurityEvent]:
    """The customer's, newest first. Raises: as `events_customer`; RequestError PAGE_SIZE, BAD_CURSOR,
    TOO_MANY_KINDS.
    """
    return await _page(core, events_customer(caller, customer_id), wanted, first, after)


async def list_all_security_events(
    core: Core, caller: Caller, wanted: Wanted, first: int | None, after: str | None
) -> Page[SecurityEvent]:
    """Everybody's, newest first, for the operator. Raises: AccessError; RequestError as above."""
    policy.check(caller, policy.Access.OPERATOR)
    return await _page(core, None, wanted, first, after)


async def _page(
    core: Core, customer_id: str | None, wanted: Wanted, first: int | None, after: str | None
) -> Page[SecurityEvent]:
    count = checked_first(first)
    if len(wanted.kinds) > KINDS:
        raise RequestError.at("TOO_MANY_KINDS", "filter", "kinds", maximum=str(KINDS))
    async with core.storage.reading() as unit:
        behind = None
        if after is not None:
            behind = await unit.security_events.sequence_of(read_security_cursor(after, "after"), customer_id)
            if behind is None:
                raise RequestError.at("BAD_CURSOR", "after")
        found = await unit.security_events.before(wanted.of(customer_id), behind, count + 1)
    edges = [Edge(each.cursor, each) for each in found[:count]]
    return page_of(edges, len(found) > count)


async def follow_alarms(
    core: Core, caller: Caller, customer_id: str | None, after: str | None
) -> AsyncGenerator[SecurityEvent, None]:
    """The customer's alarms that were missed, then those that come; it never ends by itself.

    It ends with an AccessError FORBIDDEN once the caller manages the customer no more.
    Raises, before the first: as `events_customer`; RequestError BAD_CURSOR at `after`.
    """
    whose = events_customer(caller, customer_id)
    return await _follow(core, whose, after, core.standings.held(caller, whose, MemberRole.SELF_SERVICE_MANAGER))


async def follow_all_alarms(core: Core, caller: Caller, after: str | None) -> AsyncGenerator[SecurityEvent, None]:
    """Everybody's, for the operator. Raises: AccessError; RequestError BAD_CURSOR at `after`."""
    policy.check(caller, policy.Access.OPERATOR)
    return await _follow(core, None, after)


async def _follow(
    core: Core,
    customer_id: str | None,
    after: str | None,
    held: AbstractAsyncContextManager[Standing] | None = None,
) -> AsyncGenerator[SecurityEvent, None]:
    position = 0
    if after is not None:
        async with core.storage.reading() as unit:
            found = await unit.security_events.sequence_of(read_security_cursor(after, "after"), customer_id)
        if found is None:
            raise RequestError.at("BAD_CURSOR", "after")
        position = found
    wanted = SecurityEventFilter(customer_id, [SecurityEventKind.ALARM])

    async def read(after: int, limit: int) -> Sequence[SecurityEvent]:
        async with core.storage.reading() as unit:
            return await unit.security_events.after(wanted, after, limit)

    topic = f"{SECURITY_TOPIC}:{customer_id}" if customer_id else SECURITY_TOPIC
    return core.feed.follow(topic, read, lambda event: event.sequence, position, lambda _: False, held=held)


async def export_security_events(core: Core, caller: Caller, customer_id: str | None) -> AsyncIterator[SecurityEvent]:
    """All of the customer's, oldest first, up to the export itself, which is told as an event; the operator's, without
    a customer, are everybody's.

    Raises, before the first: as `list_security_events`.
    """
    whose = None if customer_id is None and policy.is_operator(caller) else events_customer(caller, customer_id)
    told = told_by(caller, SecurityEventKind.EVENTS_EXPORTED, core.clock.now(), customer_id=whose)
    return _all(core, whose, await _told(core, told))


async def _told(core: Core, event: NewSecurityEvent) -> int:
    async with core.storage.writing() as unit:
        await unit.security_events.record(event)
    async with core.storage.reading() as unit:
        return (await unit.security_events.head()).sequence


async def _all(core: Core, customer_id: str | None, last: int) -> AsyncIterator[SecurityEvent]:
    position = 0
    wanted = SecurityEventFilter(customer_id)
    while True:
        async with core.storage.reading() as unit:
            events = await unit.security_events.after(wanted, position, EXPORT_BATCH)
        for event in itertools.takewhile(lambda each: each.sequence <= last, events):
            position = event.sequence
            yield event
        if len(events) < EXPORT_BATCH or events[-1].sequence > last:
            return
