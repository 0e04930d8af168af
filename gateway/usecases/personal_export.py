"""All that is kept of a person, or of a customer, for who may have it."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime

from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.parties import Caller
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import UnitOfWork
from gateway.ports.personal import Rows
from gateway.ports.registrations import Sealing
from gateway.usecases.core import Core
from gateway.usecases.erasing import recipient_of
from gateway.usecases.membership import MANAGER
from gateway.usecases.one_time_passwords import signed_in_actor
from gateway.usecases.security_telling import told_by

_ALL = datetime.max.replace(tzinfo=UTC)
_MAILS = 10_000
BATCH = 500

Section = tuple[str, Rows]
"""Rows of one kind; those of a kind follow each other, in any number of parts."""


async def export_personal_data(core: Core, caller: Caller, customer_id: str | None) -> AsyncIterator[Section]:
    """The caller's own, with the customers that the caller manages, closed ones too; or one of these alone. The
    export is told as an event.

    Raises, before the first: RequestError NOT_FOUND at `customerId` for what is not the caller's to have; AccessError
    for nobody, and ONE_TIME_PASSWORD_REQUIRED.
    """
    actor_id = signed_in_actor(caller)
    if caller.must_enrol:
        raise AccessError(Problem("ONE_TIME_PASSWORD_REQUIRED"))
    async with core.storage.writing() as unit:
        memberships = await unit.personal_data.memberships(actor_id)
        managed = [each.customer_id for each in memberships if each.role is MANAGER]
        if customer_id is not None and customer_id not in managed:
            raise RequestError.at("NOT_FOUND", "customerId")
        told = told_by(caller, Kind.PERSONAL_DATA_EXPORTED, core.clock.now(), customer_id=customer_id, subject=actor_id)
        await unit.security_events.record(told)
    if customer_id is not None:
        return _customers(core, [customer_id])
    return _person(core, actor_id, managed)


async def _person(core: Core, actor_id: str, managed: Sequence[str]) -> AsyncIterator[Section]:
    async with core.storage.reading() as unit:
        emails = list(await unit.members.emails(actor_id))
        kinds = unit.personal_data.actor_kinds
    for kind in kinds:

        async def read(unit: UnitOfWork, skip: int, kind: str = kind) -> Rows:
            return await unit.personal_data.of_actor(actor_id, emails, kind, skip, BATCH)

        async for rows in _batches(core, read):
            yield kind, rows
    yield "mailsWaiting", await _mails(core, core.onboarding.sealing, emails)
    async for section in _customers(core, managed):
        yield section


async def _customers(core: Core, customer_ids: Sequence[str]) -> AsyncIterator[Section]:
    async with core.storage.reading() as unit:
        kinds = unit.personal_data.customer_kinds
    for kind, each in itertools.product(kinds, customer_ids):

        async def read(unit: UnitOfWork, skip: int, kind: str = kind, each: str = each) -> Rows:
            return await unit.personal_data.of_customer(each, kind, skip, BATCH)

        async for rows in _batches(core, read):
            yield kind, rows


async def _batches(core: Core, read: Callable[[UnitOfWork, int], Awaitable[Rows]]) -> AsyncIterator[Rows]:
    """Each in a moment of its own: who reads slowly holds no transaction open."""
    skip = 0
    while True:
        async with core.storage.reading() as unit:
            rows = await read(unit, skip)
        yield rows
        if len(rows) < BATCH:
            return
        skip += BATCH


async def _mails(core: Core, sealing: Sealing, emails: Sequence[str]) -> Rows:
    async with core.storage.reading() as unit:
        waiting = await unit.mails.due(_ALL, _MAILS) if emails else []
    theirs = [each for each in waiting if (recipient_of(sealing, each.sealed) or "").casefold() in emails]
    return [
        {"kind": each.kind, "createdAt": each.created_at.isoformat(), "expiresAt": each.expires_at.isoformat()}
        for each in theirs
    ]
