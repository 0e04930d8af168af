"""Sessions, with the digests of every refresh token they ever had."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Select, delete, insert, or_, select, tuple_, update

from gateway.ports import Session
from gateway.storage import tables
from gateway.storage.ids import ACTOR, own_id, raw, sought
from gateway.storage.rows import Rows

_column = tables.session.c


def _session(row: Row[tuple[object, ...]]) -> Session:
    values = dict(row._mapping)
    return Session(actor_id=own_id(ACTOR, values.pop("actor")), **values)


def _live(actor_id: str, now: datetime) -> Select[tuple[object, ...]]:
    is_live = (_column.actor == sought(ACTOR, actor_id)) & _column.ended_at.is_(None) & (_column.expires_at > now)
    return select(tables.session).where(is_live).order_by(_column.created_at.desc(), _column.key.desc())


class SessionRows:
    """The part of `Accounts` about who is signed in."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add_session(self, session: Session) -> None:
        """Keeps it, and forgets the actor's sessions that have long expired."""
        actor = raw(ACTOR, session.actor_id)
        expired = (_column.actor == actor) & (_column.expires_at < session.created_at)
        await self._rows.run(delete(tables.session).where(expired))
        values = dataclasses.asdict(session)
        del values["actor_id"]
        await self._rows.run(insert(tables.session).values(actor=actor, **values))
        await self._rows.add_new(tables.refresh_token, digest=session.refresh_digest, session=session.key)

    async def session(self, key: str) -> Session | None:
        row = await self._rows.first(select(tables.session).where(_column.key == key))
        return _session(row) if row else None

    async def session_by_refresh(self, digest: str) -> Session | None:
        statement = select(tables.session).join(tables.refresh_token).where(tables.refresh_token.c.digest == digest)
        row = await self._rows.first(statement)
        return _session(row) if row else None

    async def rotate(self, session: Session, new_digest: str, at: datetime, expires_at: datetime) -> bool:
        is_unchanged = (
            (_column.key == session.key)
            & (_column.refresh_digest == session.refresh_digest)
            & _column.ended_at.is_(None)
        )
        values = {
            "refresh_digest": new_digest,
            "previous_digest": session.refresh_digest,
            "rotated_at": at,
            "expires_at": expires_at,
            "last_used_at": at,
        }
        if await self._rows.run(update(tables.session).where(is_unchanged).values(**values)) == 0:
            return False
        await self._rows.add_new(tables.refresh_token, digest=new_digest, session=session.key)
        return True

    async def end_session(self, key: str, at: datetime) -> None:
        is_live = (_column.key == key) & _column.ended_at.is_(None)
        await self._rows.run(update(tables.session).where(is_live).values(ended_at=at))

    async def live_sessions(self, actor_id: str, now: datetime) -> Sequence[Session]:
        return [_session(row) for row in await self._rows.all(_live(actor_id, now))]

    async def session_page(
        self, actor_id: str, now: datetime, first: int, after: tuple[datetime, str] | None
    ) -> Sequence[Session]:
        statement = _live(actor_id, now).limit(first)
        if after:
            statement = statement.where(tuple_(_column.created_at, _column.key) < after)
        return [_session(row) for row in await self._rows.all(statement)]

    async def devices_before(self, session: Session) -> frozenset[str]:
        is_theirs = (_column.actor == raw(ACTOR, session.actor_id)) & _column.device.is_not(None)
        is_before = tuple_(_column.created_at, _column.key) < (session.created_at, session.key)
        rows = await self._rows.all(select(_column.device).where(is_theirs, is_before).distinct())
        return frozenset(row.device for row in rows)

    async def note_use(self, key: str, at: datetime) -> None:
        is_earlier = (_column.key == key) & or_(_column.last_used_at.is_(None), _column.last_used_at < at)
        await self._rows.run(update(tables.session).where(is_earlier).values(last_used_at=at))
