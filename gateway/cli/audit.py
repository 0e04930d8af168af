"""`gateway audit …`: the trail of security events, checked, handed out, and shortened by retention."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

from gateway.cli.failures import as_refusals
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.domain.security import SecurityEventKind
from gateway.domain.security_chain import Head
from gateway.domain.security_lines import NoTrail, event_line, first_line, last_line, verified_lines
from gateway.domain.security_table import header_line, table_line
from gateway.domain.security_verification import Verification
from gateway.ports.security import SecurityEventFilter
from gateway.settings import Settings, read_settings
from gateway.storage import MemoryWakeUps, SqlStorage, SystemClock, open_storage
from gateway.storage.audit_trail import AuditTrail, open_trail
from gateway.usecases.security_checking import BATCH, verified
from gateway.usecases.security_telling import BY_COMMAND, told_by

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Trail:
    """The folder's storage, and what guards its trail."""

    storage: SqlStorage
    audit: AuditTrail
    noted: tuple[Head, ...]


def verify(file: Path | None, head: str | None, data: Path | None) -> int:
    """Says whether the trail is whole, of an exported file where one is given; 1 where it is not. Raises: Refusal."""
    given = () if head is None else (_head(head),)
    if file is None:
        return _said(_begun(_run(data, lambda trail: _verified(trail, given)), data))
    with as_refusals():
        settings = read_settings(data=data)
        keys = open_trail(settings.audit_key, settings.data, settings.keys_folder).keys
    try:
        with file.open(encoding="utf-8") as lines:
            return _said(verified_lines(keys, lines, *given))
    except (NoTrail, UnicodeDecodeError) as error:
        raise Refusal(f"{file}: {error if isinstance(error, NoTrail) else 'is no text'}", status=2) from None
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}", status=2) from None


def _head(text: str) -> Head:
    number, _, digest = text.partition(":")
    if not (number.isdecimal() and len(digest) == 64):
        raise Refusal("a head is a number and a digest, such as 120:9f86…", status=2)
    return Head(int(number), digest)


async def _verified(trail: _Trail, given: tuple[Head, ...]) -> Verification:
    async with trail.storage.reading() as unit:
        return await verified(unit, trail.audit.keys, *trail.noted, *given)


def _begun(found: Verification, data: Path | None) -> Verification:
    """The same. A gateway's first start is an event already: without any, another folder was meant.

    Raises: Refusal.
    """
    if found.finding is None and found.head.sequence == 0:
        folder = read_settings(data=data).data
        raise Refusal(f"no event is recorded on the data folder {folder} yet; --data names another one", status=2)
    return found


def _said(found: Verification) -> int:
    if found.finding is not None:
        say(f"the audit trail is broken: {found.finding.sentence}")
        return 1
    removed = f", {found.start} before them removed by retention" if found.start else ""
    erased = f", {found.erased} without the address they had" if found.erased else ""
    say(
        f"the audit trail is whole: {found.count} events{removed}{erased}",
        f"head {found.head.sequence}:{found.head.digest}",
    )
    return 0


def export(to: Path | None, data: Path | None, form: str = "jsonl") -> int:
    """Writes the trail as JSON lines, or as a table (`csv`), to the file, for its owner alone, else to stdout.

    Raises: Refusal.
    """
    if form not in _WRITERS:
        raise Refusal(f"--format is one of {', '.join(_WRITERS)}, not {form}", status=2)
    write = _WRITERS[form]
    try:
        if to is None:
            return _run(data, lambda trail: write(trail, sys.stdout))
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        # The table's lines have their ends already.
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            return _run(data, lambda trail: write(trail, file))
    except BrokenPipeError:
        return 1
    except OSError as error:
        raise Refusal(f"{to or 'stdout'}: {error.strerror}") from None


async def _export(trail: _Trail, file: IO[str]) -> int:
    """The export is told first, so that it is in what it hands out."""
    await _tell(trail, SecurityEventKind.EVENTS_EXPORTED)
    async with trail.storage.reading() as unit:
        anchor, head = await unit.security_events.anchor(), await unit.security_events.head()
        file.write(first_line(anchor) + "\n")
        place = anchor.sequence if anchor else 0
        while links := await unit.security_events.links(place, BATCH):
            file.writelines(event_line(link) + "\n" for link in links)
            place = links[-1].sequence
    file.write(last_line(trail.audit.keys, head) + "\n")
    file.flush()
    return 0


async def _export_table(trail: _Trail, file: IO[str]) -> int:
    await _tell(trail, SecurityEventKind.EVENTS_EXPORTED)
    file.write(header_line())
    async with trail.storage.reading() as unit:
        place = 0
        while events := await unit.security_events.after(SecurityEventFilter(), place, BATCH):
            file.writelines(table_line(event) for event in events)
            place = events[-1].sequence
    file.flush()
    return 0


_WRITERS: Mapping[str, Callable[[_Trail, IO[str]], Awaitable[int]]] = {"jsonl": _export, "csv": _export_table}


async def _tell(trail: _Trail, kind: SecurityEventKind) -> None:
    async with trail.storage.writing() as unit:
        await unit.security_events.record(told_by(BY_COMMAND, kind, SystemClock().now()))


def purge(before: datetime, data: Path | None) -> int:
    """Removes the events before that moment from a trail that is whole; 1 where it is not. Raises: Refusal."""
    moment = before.astimezone(UTC)

    async def remove(trail: _Trail) -> int:
        async with trail.storage.writing() as unit:
            # What others record meanwhile waits.
            await unit.security_events.take_judged()
            # Whoever removes the oldest must not remove what is wrong with them.
            found = await verified(unit, trail.audit.keys, *trail.noted)
            if found.finding is not None:
                return _said(found)
            count = await unit.security_events.remove_before(moment, SystemClock().now())
        say(f"{count} events are removed")
        return 0

    return _run(data, remove)


def erase(before: datetime, data: Path | None) -> int:
    """Erases the network addresses of the events before that moment; the trail stays whole. Raises: Refusal."""

    async def forget(trail: _Trail) -> int:
        async with trail.storage.writing() as unit:
            now = SystemClock().now()
            count = await unit.security_events.erase_addresses(now, before=before.astimezone(UTC))
        say(f"{count} addresses are erased")
        return 0

    return _run(data, forget)


def _run(data: Path | None, work: Callable[[_Trail], Awaitable[T]]) -> T:
    """Raises: Refusal."""

    async def run() -> T:
        async with _opened(read_settings(data=data)) as trail:
            return await work(trail)

    with as_refusals():
        return asyncio.run(run())


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[_Trail]:
    audit = open_trail(settings.audit_key, settings.data, settings.keys_folder)
    # Read before the trail is: it may be behind, and never ahead.
    head = audit.head
    async with open_storage(settings.database, MemoryWakeUps(), SystemClock(), None, audit) as storage:
        yield _Trail(storage, audit, (head,) if head else ())
