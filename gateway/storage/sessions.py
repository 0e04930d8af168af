"""Sessions, with the digests of every refresh token they ever had."""

import dataclasses
from datetime import datetime

from sqlalchemy import Row, delete, insert, select, update

from gateway.ports import Session
from gateway.storage import tables
from gateway.storage.ids import ACTOR, own_id, raw
from gateway.storage.rows import Rows

_column = tables.session.c


def _session(row: Row[tuple[object, ...]]) -> Session:
    values = dict(row._mapping)
    return Session(actor_id=own_id(ACTOR, values.pop("actor")), **values)


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
        }
        if await self._rows.run(update(tables.session).where(is_unchanged).values(**values)) == 0:
            return False
        await self._rows.add_new(tables.refresh_token, digest=new_digest, session=session.key)
        return True

    async def end_session(self, key: str, at: datetime) -> None:
        is_live = (_column.key == key) & _column.ended_at.is_(None)
        await self._rows.run(update(tables.session).where(is_live).values(ended_at=at))
