"""One-time passwords, their recovery codes, and the sign-ins that wait for one of either."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from gateway.ports.sign_in import Challenge, OneTimePassword
from gateway.storage import tables
from gateway.storage.ids import ACTOR, own_id, raw, sought
from gateway.storage.rows import Rows

_column = tables.one_time_password.c
_recovery = tables.recovery_code.c
_challenge = tables.sign_in_challenge.c


def _read(row: Row[Any]) -> OneTimePassword:
    values = dict(row._mapping)
    return OneTimePassword(own_id(ACTOR, values.pop("actor")), **values)


class SqlOneTimePasswords:
    """One row an actor, one a recovery code, one a challenge."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, actor_id: str) -> OneTimePassword | None:
        is_meant = _column.actor == sought(ACTOR, actor_id)
        row = await self._rows.first(select(tables.one_time_password).where(is_meant))
        return _read(row) if row else None

    async def put_pending(self, one_time: OneTimePassword) -> bool:
        actor = raw(ACTOR, one_time.actor_id)
        is_pending = (_column.actor == actor) & _column.confirmed_at.is_(None)
        await self._rows.run(delete(tables.one_time_password).where(is_pending))
        return await self._rows.add_new(
            tables.one_time_password,
            actor=actor,
            sealed_secret=one_time.sealed_secret,
            created_at=one_time.created_at,
        )

    async def confirm(self, actor_id: str, sealed_secret: str, step: int, at: datetime) -> bool:
        is_pending = (
            (_column.actor == raw(ACTOR, actor_id))
            & (_column.sealed_secret == sealed_secret)
            & _column.confirmed_at.is_(None)
        )
        values = {"confirmed_at": at, "last_step": step}
        return await self._rows.run(update(tables.one_time_password).where(is_pending).values(values)) == 1

    async def use_step(self, actor_id: str, step: int) -> bool:
        is_unused = (
            (_column.actor == raw(ACTOR, actor_id))
            & _column.confirmed_at.is_not(None)
            & or_(_column.last_step.is_(None), _column.last_step < step)
        )
        return await self._rows.run(update(tables.one_time_password).where(is_unused).values(last_step=step)) == 1

    async def remove(self, actor_id: str) -> bool:
        actor = raw(ACTOR, actor_id)
        await self._rows.run(delete(tables.recovery_code).where(_recovery.actor == actor))
        return await self._rows.run(delete(tables.one_time_password).where(_column.actor == actor)) == 1

    async def sealed_secrets(self) -> Sequence[tuple[str, str]]:
        rows = await self._rows.all(select(_column.actor, _column.sealed_secret))
        return [(own_id(ACTOR, row.actor), row.sealed_secret) for row in rows]

    async def reseal(self, actor_id: str, before: str, after: str) -> None:
        is_meant = (_column.actor == raw(ACTOR, actor_id)) & (_column.sealed_secret == before)
        await self._rows.run(update(tables.one_time_password).where(is_meant).values(sealed_secret=after))

    async def set_recovery_codes(self, actor_id: str, digests: Sequence[str]) -> None:
        actor = raw(ACTOR, actor_id)
        await self._rows.run(delete(tables.recovery_code).where(_recovery.actor == actor))
        rows = [{"actor": actor, "digest": digest} for digest in digests]
        await self._rows.run(insert(tables.recovery_code), rows)

    async def use_recovery_code(self, actor_id: str, digest: str) -> bool:
        is_meant = (_recovery.actor == raw(ACTOR, actor_id)) & (_recovery.digest == digest)
        return await self._rows.run(delete(tables.recovery_code).where(is_meant)) == 1

    async def recovery_codes_left(self, actor_id: str) -> int:
        of_actor = _recovery.actor == sought(ACTOR, actor_id)
        row = await self._rows.first(select(func.count()).select_from(tables.recovery_code).where(of_actor))
        return int(row[0]) if row else 0

    async def add_challenge(self, challenge: Challenge) -> None:
        has_expired = _challenge.expires_at <= challenge.created_at
        await self._rows.run(delete(tables.sign_in_challenge).where(has_expired))
        values = {
            "digest": challenge.digest,
            "actor": raw(ACTOR, challenge.actor_id),
            "address": challenge.address,
            "created_at": challenge.created_at,
            "expires_at": challenge.expires_at,
            "attempts": challenge.attempts,
        }
        await self._rows.run(insert(tables.sign_in_challenge).values(values))

    async def challenge(self, digest: str, *, lock: bool = False) -> Challenge | None:
        statement = select(tables.sign_in_challenge).where(_challenge.digest == digest)
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        if row is None:
            return None
        values = dict(row._mapping)
        return Challenge(actor_id=own_id(ACTOR, values.pop("actor")), **values)

    async def count_attempt(self, digest: str) -> None:
        is_meant = _challenge.digest == digest
        one_more = {"attempts": _challenge.attempts + 1}
        await self._rows.run(update(tables.sign_in_challenge).where(is_meant).values(one_more))

    async def end_challenge(self, digest: str) -> bool:
        return await self._rows.run(delete(tables.sign_in_challenge).where(_challenge.digest == digest)) == 1

    async def end_challenges(self, actor_id: str) -> None:
        of_actor = _challenge.actor == raw(ACTOR, actor_id)
        await self._rows.run(delete(tables.sign_in_challenge).where(of_actor))
