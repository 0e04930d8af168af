"""Requests to reset a password, and the tokens that came of them: one an actor."""

import dataclasses
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from gateway.ports.sign_in import PasswordReset, ResetRequest
from gateway.storage import tables
from gateway.storage.ids import ACTOR, own_id, raw
from gateway.storage.rows import Rows

_request = tables.reset_request.c
_column = tables.password_reset.c


class SqlPasswordResets:
    """The rows of both."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def ask(self, request: ResetRequest) -> None:
        await self._rows.run(insert(tables.reset_request).values(dataclasses.asdict(request)))

    async def asked(self, limit: int) -> Sequence[ResetRequest]:
        oldest_first = select(tables.reset_request).order_by(_request.asked_at, _request.key).limit(limit)
        return [ResetRequest(**row._mapping) for row in await self._rows.all(oldest_first)]

    async def done(self, key: str) -> bool:
        return await self._rows.run(delete(tables.reset_request).where(_request.key == key)) == 1

    async def put(self, reset: PasswordReset) -> None:
        await self._rows.run(delete(tables.password_reset).where(_column.expires_at <= reset.created_at))
        row = {
            "actor": raw(ACTOR, reset.actor_id),
            "digest": reset.digest,
            "created_at": reset.created_at,
            "expires_at": reset.expires_at,
        }
        await self._rows.put(tables.password_reset, [row])

    async def get(self, digest: str) -> PasswordReset | None:
        row = await self._rows.first(select(tables.password_reset).where(_column.digest == digest))
        if row is None:
            return None
        return PasswordReset(row.digest, own_id(ACTOR, row.actor), row.created_at, row.expires_at)

    async def use(self, digest: str) -> bool:
        return await self._rows.run(delete(tables.password_reset).where(_column.digest == digest)) == 1

    async def end(self, actor_id: str) -> None:
        await self._rows.run(delete(tables.password_reset).where(_column.actor == raw(ACTOR, actor_id)))
