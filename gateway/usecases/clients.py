"""Service clients: made and ended by the operator, and signed in by a secret of their own."""

import dataclasses
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from uuid_utils import uuid7

from gateway.domain.clients import ClientRecord, ClientScope, client_name_problem, issuer_client_problem
from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id
from gateway.domain.paging import Edge, Page, checked_first, moment_cursor, page_of, read_moment_cursor
from gateway.domain.parties import Caller, ServiceClient
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import Attempt, Attempts, Clock, Storage, UnitOfWork
from gateway.usecases import policy
from gateway.usecases.attempts import count_try
from gateway.usecases.core import Core
from gateway.usecases.remembered import Remembered
from gateway.usecases.security_telling import BY_COMMAND, told_by

SECRET_GRACE = timedelta(days=1)
"""How long the secret before the present one stays good, where nothing else is asked for."""

_LIST = "serviceClients"
_USED_STEP = timedelta(minutes=1)


class Keeper(Protocol):
    """What clients are kept by: the core, or a storage alone."""

    @property
    def storage(self) -> Storage: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A client and the secret it has just been given: the one time that it is seen."""

    client: ClientRecord
    secret: str = dataclasses.field(repr=False)


def client_topic(client_id: str) -> str:
    """The wake-up topic of a client: woken when its secret changes, and when it ends."""
    return f"client:{client_id}"


def _digest(secret: str) -> str:
    # A slow hash is for what people choose: a secret of 256 random bits can't be guessed from its digest.
    return sha256(secret.encode(errors="replace")).hexdigest()


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


# Compared with where there is no such client, so that this takes the same.
_NOBODY = ClientRecord("", "", frozenset(), datetime.min.replace(tzinfo=UTC), _digest(_new_secret()))


async def create_client(keeper: Keeper, name: str, scopes: Iterable[ClientScope], by: Caller = BY_COMMAND) -> NewSecret:
    """A new client. Raises: RequestError INVALID_NAME, TOO_LONG at `name`."""
    if problem := client_name_problem(name):
        raise RequestError(problem)
    secret, client_id = _new_secret(), own_id("ServiceClient", str(uuid7()))
    record = ClientRecord(client_id, name.strip(), frozenset(scopes), keeper.clock.now(), _digest(secret))
    async with keeper.storage.writing() as unit:
        await unit.clients.add(record)
        await unit.security_events.record(_told(by, SecurityEventKind.CLIENT_ADDED, record.created_at, record))
    return NewSecret(record, secret)


async def create_issuer_client(
    keeper: Keeper, name: str, scopes: Iterable[ClientScope], issuer: str, issuer_client: str
) -> ClientRecord:
    """A new client that gets its tokens of the operator's identity provider, where it has that id; no secret is given.

    Raises: RequestError INVALID_NAME, TOO_LONG at `name`; INVALID_FORMAT, ALREADY_LINKED at `issuerClient`.
    """
    problems = [found for found in (client_name_problem(name), issuer_client_problem(issuer_client)) if found]
    if problems:
        raise RequestError(*problems)
    record = ClientRecord(
        own_id("ServiceClient", str(uuid7())),
        name.strip(),
        frozenset(scopes),
        keeper.clock.now(),
        _digest(_new_secret()),
        issuer=issuer,
        issuer_client=issuer_client,
    )
    async with keeper.storage.writing() as unit:
        if await unit.clients.of_issuer(issuer, issuer_client):
            raise RequestError.at("ALREADY_LINKED", "issuerClient")
        await unit.clients.add(record)
        await unit.security_events.record(_told(BY_COMMAND, SecurityEventKind.CLIENT_ADDED, record.created_at, record))
    return record


def _told(by: Caller, kind: SecurityEventKind, at: datetime, record: ClientRecord) -> NewSecurityEvent:
    return told_by(by, kind, at, subject=record.id, scopes=" ".join(sorted(record.scopes)))


async def ensure_client(keeper: Keeper, client_id: str, secret: str, name: str, scopes: Iterable[ClientScope]) -> None:
    """Makes the client of that id where it is not; with another secret, or ended, it gets that one. Idempotent."""
    now = keeper.clock.now()
    record = ClientRecord(client_id, name, frozenset(scopes), now, _digest(secret))
    async with keeper.storage.writing() as unit:
        known = await unit.clients.get(client_id, lock=True)
        if known is None:
            await unit.clients.add(record)
            await unit.security_events.record(_told(BY_COMMAND, SecurityEventKind.CLIENT_ADDED, now, record))
        elif known.secret_digest != record.secret_digest or known.ended_at is not None:
            await _change(unit, dataclasses.replace(_rotated(known, record.secret_digest, None), ended_at=None))
            await unit.security_events.record(_told(BY_COMMAND, SecurityEventKind.CLIENT_ROTATED, now, record))


async def rotate_secret(
    keeper: Keeper, client_id: str, grace: timedelta = SECRET_GRACE, by: Caller = BY_COMMAND
) -> NewSecret:
    """Gives the client a new secret; the present one is good for the grace, the one before it no more.

    What came by a secret ends with it: tokens, connections. Raises: RequestError NOT_FOUND, CLIENT_ENDED at `clientId`.
    """
    secret = _new_secret()
    now = keeper.clock.now()
    until = now + grace if grace else None
    async with keeper.storage.writing() as unit:
        known = await _held(unit, client_id)
        if known.ended_at is not None:
            raise RequestError.at("CLIENT_ENDED", "clientId")
        record = _rotated(known, _digest(secret), until)
        await _change(unit, record)
        await unit.security_events.record(_told(by, SecurityEventKind.CLIENT_ROTATED, now, record))
    return NewSecret(record, secret)


def _rotated(known: ClientRecord, digest: str, until: datetime | None) -> ClientRecord:
    return dataclasses.replace(
        known,
        generation=known.generation + 1,
        secret_digest=digest,
        previous_digest=known.secret_digest if until else None,
        previous_secret_until=until,
    )


async def end_client(keeper: Keeper, client_id: str, by: Caller = BY_COMMAND) -> ClientRecord:
    """Ends it and all its tokens at once; again is harmless. Raises: RequestError NOT_FOUND at `clientId`."""
    async with keeper.storage.writing() as unit:
        record = await _held(unit, client_id)
        if record.ended_at is None:
            now = keeper.clock.now()
            record = dataclasses.replace(record, ended_at=now)
            await _change(unit, record)
            await unit.security_events.record(_told(by, SecurityEventKind.CLIENT_ENDED, now, record))
    return record


async def _held(unit: UnitOfWork, client_id: str) -> ClientRecord:
    record = await unit.clients.get(client_id, lock=True)
    if record is None:
        raise RequestError.at("NOT_FOUND", "clientId")
    return record


async def _change(unit: UnitOfWork, record: ClientRecord) -> None:
    await unit.clients.save(record)
    unit.wake(client_topic(record.id))


async def list_clients(keeper: Keeper, first: int | None, after: str | None) -> Page[ClientRecord]:
    """The clients, newest first, ended ones too. Raises: RequestError PAGE_SIZE, BAD_CURSOR."""
    count, place = checked_first(first), read_moment_cursor(_LIST, after)
    async with keeper.storage.reading() as unit:
        found = await unit.clients.page(count + 1, place)
    edges = [Edge(moment_cursor(_LIST, each.created_at, each.id), each) for each in found[:count]]
    return page_of(edges, len(found) > count)


async def find_client(core: Core, caller: Caller, client_id: str) -> ClientRecord | None:
    """The client of that global id; None for an unknown one, and for who is not the operator."""
    if not policy.is_operator(caller):
        return None
    async with core.storage.reading() as unit:
        return await unit.clients.get(client_id)


async def authenticate(core: Core, attempts: Attempts, address: str, client_id: str, secret: str) -> ServiceClient:
    """The client of that secret, with all its scopes.

    A wrong secret, an unknown client, an ended and a locked one go the same way and take the same work. Tries are
    counted for a client at an address: nobody locks a partner out from elsewhere.
    Raises: RequestError INVALID_CREDENTIALS; RATE_LIMITED with `seconds` for the address, and for the client.
    """
    if seconds := await attempts.wait_s(Attempt.SIGN_IN_ADDRESS, address):
        _note(core, "ADDRESS_LOCKED", None, address)
        raise RequestError.at("RATE_LIMITED", seconds=str(seconds))
    key, now = f"{client_id[:100]} {address}", core.clock.now()
    is_open = await attempts.count(Attempt.CLIENT_SECRET, key)
    async with core.storage.reading() as unit:
        record = await unit.clients.get(client_id) or _NOBODY
    generation = record.generation_of(_digest(secret), now)
    if generation is None or not is_open:
        await attempts.count(Attempt.SIGN_IN_ADDRESS, address)
        _note(core, _reason(record, is_open=is_open), None if record is _NOBODY else record.id, address)
        raise RequestError.at("INVALID_CREDENTIALS")
    await attempts.forget(Attempt.CLIENT_SECRET, key)
    await count_try(attempts, Attempt.CLIENT_TOKEN, record.id)
    await _note_use(core, record, now)
    return record.caller(record.scopes, generation)


def _reason(record: ClientRecord, *, is_open: bool) -> str:
    if record is _NOBODY:
        return "UNKNOWN_CLIENT"
    if record.ended_at is not None:
        return "CLIENT_ENDED"
    return "WRONG_SECRET" if is_open else "LOCKED"


def _note(core: Core, reason: str, client_id: str | None, address: str) -> None:
    kind, at = SecurityEventKind.CLIENT_REFUSED, core.clock.now()
    core.refusals.note(NewSecurityEvent(kind, at, client_id, params={"reason": reason}, address=address or None))


async def _note_use(core: Core, record: ClientRecord, now: datetime) -> None:
    # To the minute: a client that asks for a token with each call writes no row with each.
    if record.last_used_at is None or now - record.last_used_at >= _USED_STEP:
        async with core.storage.writing() as unit:
            await unit.clients.mark_used(record.id, now)


def narrowed(client: ServiceClient, asked: Sequence[str]) -> ServiceClient:
    """The client with those scopes alone; with all it has where none is asked for.

    Raises: RequestError INVALID_SCOPE at `scope` for one that it has not, or that there is not.
    """
    if not client.scopes.issuperset(asked):
        raise RequestError.at("INVALID_SCOPE", "scope")
    return dataclasses.replace(client, scopes=frozenset(asked) or client.scopes)


class ClientsKnown(Remembered[ClientRecord]):
    """The clients of the tokens that come in, by id; nobody where there is none, or it has ended."""

    def __init__(self, core: Core) -> None:
        super().__init__(core, client_topic, _live_client)


async def _live_client(unit: UnitOfWork, client_id: str, _now: datetime) -> ClientRecord | None:
    record = await unit.clients.get(client_id)
    return record if record and record.ended_at is None else None


class IssuerClients:
    """The clients that get their tokens of the operator's identity provider, by their ids there."""

    def __init__(self, core: Core, known: ClientsKnown, issuer: str) -> None:
        self._core = core
        self._known = known
        self._issuer = issuer
        # Of clients that there are, so it does not grow with what is asked for.
        self._ids: dict[str, str] = {}
        self._noted: dict[str, datetime] = {}

    async def find(self, issuer_client: str) -> ClientRecord | None:
        """The live client of that id, whose token has been checked; its use is noted to the minute."""
        known = self._ids.get(issuer_client)
        record = await self._known.find(known) if known else None
        if record is None:
            async with self._core.storage.reading() as unit:
                record = await unit.clients.of_issuer(self._issuer, issuer_client)
        if record is None:
            self._ids.pop(issuer_client, None)
            return None
        self._ids[issuer_client] = record.id
        await self._note(record)
        return record

    async def _note(self, record: ClientRecord) -> None:
        now = self._core.clock.now()
        noted = self._noted.get(record.id)
        if noted is None or now - noted >= _USED_STEP:
            self._noted[record.id] = now
            await _note_use(self._core, record, now)
