"""What a person sees of the own sessions, and ends of them; and what the operator ends."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.identity import own_key
from gateway.domain.paging import Edge, Page, checked_first, moment_cursor, page_of, read_moment_cursor
from gateway.domain.parties import Caller
from gateway.domain.security import SecurityEventKind as Kind
from gateway.domain.sessions import OwnSession
from gateway.ports import Clock, Session, Storage, UnitOfWork
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.sessions import end, end_all, session_id, tell

_LIST = "sessions"
KEPT_LIMIT = 100


class Keeper(Protocol):
    """What sessions are kept by: the core, or a storage alone."""

    @property
    def storage(self) -> Storage: ...
    @property
    def clock(self) -> Clock: ...


def _shown(session: Session, caller: Caller) -> OwnSession:
    return OwnSession(
        session_id(session.key),
        session.device,
        session.address,
        session.created_at,
        session.last_used_at or session.rotated_at or session.created_at,
        session.key == caller.session_key,
    )


def _owner(caller: Caller) -> str:
    policy.check(caller, policy.Access.SIGNED_IN)
    return caller.actor.id if caller.actor else ""


async def list_sessions(
    core: Core, caller: Caller, actor_id: str, first: int | None, after: str | None
) -> Page[OwnSession]:
    """The sessions that go on, newest first. Raises: RequestError PAGE_SIZE, BAD_CURSOR; AccessError for another's."""
    if _owner(caller) != actor_id:
        raise AccessError(Problem("FORBIDDEN"))
    count, place = checked_first(first), read_moment_cursor(_LIST, after)
    async with core.storage.reading() as unit:
        found = await unit.accounts.session_page(actor_id, core.clock.now(), count + 1, place)
    edges = [Edge(moment_cursor(_LIST, each.created_at, each.key), _shown(each, caller)) for each in found[:count]]
    return page_of(edges, len(found) > count)


async def find_session(core: Core, caller: Caller, sought_id: str) -> OwnSession | None:
    """The caller's session of that global id; None for an unknown, an ended or another's."""
    if caller.actor is None or caller.must_enrol:
        return None
    async with core.storage.reading() as unit:
        session = await _own(unit, core, caller.actor.id, sought_id)
    return _shown(session, caller) if session else None


async def _own(unit: UnitOfWork, core: Core, actor_id: str, sought_id: str) -> Session | None:
    key = own_key("Session", sought_id)
    live = await unit.accounts.live_sessions(actor_id, core.clock.now())
    return next((each for each in live if each.key == key), None)


async def end_session(core: Core, caller: Caller, sought_id: str) -> OwnSession:
    """Ends one of the caller's, the present one too. Raises: RequestError NOT_FOUND at `sessionId`; AccessError."""
    actor_id = _owner(caller)
    async with core.storage.writing() as unit:
        session = await _own(unit, core, actor_id, sought_id)
        if session is None:
            raise RequestError.at("NOT_FOUND", "sessionId")
        await end(unit, session, core.clock.now(), "ENDED", caller.address)
    return _shown(session, caller)


async def end_other_sessions(core: Core, caller: Caller, kept_ids: Sequence[str]) -> int:
    """Ends all of the caller's but the present one and those of these ids; returns how many.

    Raises: RequestError TOO_MANY_IDS, NOT_FOUND at `keepSessionIds`, for one that is not the caller's; AccessError.
    """
    actor_id = _owner(caller)
    if len(kept_ids) > KEPT_LIMIT:
        raise RequestError.at("TOO_MANY_IDS", "keepSessionIds", maximum=str(KEPT_LIMIT))
    now = core.clock.now()
    async with core.storage.writing() as unit:
        live = {each.key for each in await unit.accounts.live_sessions(actor_id, now)}
        kept = {own_key("Session", each) or "" for each in kept_ids}
        if not kept <= live:
            raise RequestError.at("NOT_FOUND", "keepSessionIds")
        keys = {caller.session_key or "", *kept}
        return await end_all(unit, actor_id, now, "ENDED", keys)


async def end_sessions_of(keeper: Keeper, username: str) -> int:
    """Ends every session of that account, as the operator; returns how many. Raises: RequestError NOT_FOUND."""
    async with keeper.storage.writing() as unit:
        return await end_all(unit, await _account(unit, username), keeper.clock.now(), "OPERATOR")


async def reset_one_time_password(keeper: Keeper, username: str) -> bool:
    """Takes the account's one-time password away, and ends its sessions, as the operator; False where it had none.

    Raises: RequestError NOT_FOUND.
    """
    now = keeper.clock.now()
    async with keeper.storage.writing() as unit:
        actor_id = await _account(unit, username)
        if not await unit.one_time_passwords.remove(actor_id):
            return False
        await unit.one_time_passwords.end_challenges(actor_id)
        await tell(unit, Kind.ONE_TIME_PASSWORD_OFF, now, actor_id, by="OPERATOR")
        await end_all(unit, actor_id, now, "OPERATOR")
    return True


async def _account(unit: UnitOfWork, username: str) -> str:
    known = await unit.accounts.credentials(username)
    if known is None:
        raise RequestError.at("NOT_FOUND", "username")
    return known.actor_id
