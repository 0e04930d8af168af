"""Links to the operator's own identity provider, and the sessions, codes and logouts that came by it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, insert, select

from gateway.domain.issuer import IssuerSubject
from gateway.ports.issuer import IssuerSession, SignInCode
from gateway.storage import tables
from gateway.storage.ids import ACTOR, own_id, raw, sought
from gateway.storage.rows import Rows

_link, _session, _code = tables.issuer_link.c, tables.issuer_session.c, tables.issuer_code.c


def _is(who: IssuerSubject) -> ColumnElement[bool]:
    return (_link.issuer == who.issuer) & (_link.subject == who.subject)


def _came_by(table: Table, issuer: str, subject: str | None, sid: str | None) -> ColumnElement[bool]:
    """Nothing where neither is named: a logout of nobody ends nobody's session."""
    named = [table.c[name] == value for name, value in (("subject", subject), ("sid", sid)) if value is not None]
    found: ColumnElement[bool] = table.c.issuer == (issuer if named else "")
    for each in named:
        found &= each
    return found


def _read_session(row: Row[Any]) -> IssuerSession:
    who = IssuerSubject(row.issuer, row.subject)
    return IssuerSession(row.session, who, row.sid, row.id_token, row.operator_until)


class SqlIssuerAccounts:
    """Implements IssuerAccounts."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def actor_of(self, who: IssuerSubject) -> str | None:
        row = await self._rows.first(select(_link.actor).where(_is(who)))
        return own_id(ACTOR, row.actor) if row else None

    async def linked(self, actor_id: str, issuer: str) -> IssuerSubject | None:
        is_meant = (_link.actor == sought(ACTOR, actor_id)) & (_link.issuer == issuer)
        row = await self._rows.first(select(_link.subject).where(is_meant))
        return IssuerSubject(issuer, row.subject) if row else None

    async def link(self, who: IssuerSubject, actor_id: str, at: datetime) -> bool:
        return await self._rows.add_new(
            tables.issuer_link, issuer=who.issuer, subject=who.subject, actor=raw(ACTOR, actor_id), linked_at=at
        )

    async def unlink(self, who: IssuerSubject) -> bool:
        return await self._rows.run(delete(tables.issuer_link).where(_is(who))) > 0

    async def keep_session(self, session: IssuerSession) -> None:
        await self._rows.run(
            insert(tables.issuer_session).values(
                session=session.session_key,
                issuer=session.who.issuer,
                subject=session.who.subject,
                sid=session.sid,
                id_token=session.id_token,
                operator_until=session.operator_until,
            )
        )

    async def session(self, session_key: str) -> IssuerSession | None:
        row = await self._rows.first(select(tables.issuer_session).where(_session.session == session_key))
        return _read_session(row) if row else None

    async def open_sessions(self, issuer: str, subject: str | None, sid: str | None) -> Sequence[str]:
        statement = (
            select(_session.session)
            .join_from(tables.issuer_session, tables.session)
            .where(_came_by(tables.issuer_session, issuer, subject, sid) & tables.session.c.ended_at.is_(None))
            .order_by(_session.session)
        )
        return [row.session for row in await self._rows.all(statement)]

    async def keep_code(self, code: SignInCode, at: datetime) -> None:
        await self._rows.run(delete(tables.issuer_code).where(_code.expires_at <= at))
        await self._rows.run(
            insert(tables.issuer_code).values(
                digest=code.digest,
                challenge=code.challenge,
                issuer=code.who.issuer,
                subject=code.who.subject,
                sid=code.sid,
                sign_in=code.sign_in,
                expires_at=code.expires_at,
            )
        )

    async def take_code(self, digest: str) -> SignInCode | None:
        statement = delete(tables.issuer_code).where(_code.digest == digest).returning(tables.issuer_code)
        row = await self._rows.first(statement)
        if row is None:
            return None
        who = IssuerSubject(row.issuer, row.subject)
        return SignInCode(row.digest, row.challenge, who, row.sid, row.sign_in, row.expires_at)

    async def drop_codes(self, issuer: str, subject: str | None, sid: str | None) -> None:
        await self._rows.run(delete(tables.issuer_code).where(_came_by(tables.issuer_code, issuer, subject, sid)))

    async def note_logout(self, issuer: str, jti: str, expires_at: datetime, at: datetime) -> bool:
        logout = tables.issuer_logout
        await self._rows.run(delete(logout).where(logout.c.expires_at <= at))
        return await self._rows.add_new(logout, issuer=issuer, jti=jti, expires_at=expires_at)
