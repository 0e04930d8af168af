"""Invitations: one row each, found by the digest of the token in its link."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from gateway.domain.members import Invitation, InvitationState
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import CUSTOMER, INVITATION, raw, sought
from gateway.storage.rows import Rows

_column = tables.invitation.c


def _changing(invitation: Invitation) -> dict[str, Any]:
    return {"state": invitation.state, "expires_at": invitation.expires_at, "body": to_json(invitation)}


class SqlInvitations:
    """The port `Invitations`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, invitation: Invitation) -> None:
        key, customer = raw(INVITATION, invitation.id), raw(CUSTOMER, invitation.customer_id)
        values = {"key": key, "customer": customer, "token_digest": invitation.token_digest, **_changing(invitation)}
        await self._rows.run(insert(tables.invitation).values(**values))

    async def get(self, invitation_id: str, *, lock: bool = False) -> Invitation | None:
        statement = select(_column.body).where(_column.key == sought(INVITATION, invitation_id))
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        return from_json(row.body, Invitation) if row else None

    async def by_digest(self, digest: str) -> Invitation | None:
        row = await self._rows.first(select(_column.body).where(_column.token_digest == digest))
        return from_json(row.body, Invitation) if row else None

    async def save(self, invitation: Invitation) -> None:
        is_meant = _column.key == raw(INVITATION, invitation.id)
        await self._rows.run(update(tables.invitation).where(is_meant).values(**_changing(invitation)))

    async def page(self, customer_id: str, first: int, after: str | None) -> Sequence[Invitation]:
        statement = select(_column.body).where(_column.customer == sought(CUSTOMER, customer_id))
        if after is not None:
            statement = statement.where(_column.key < sought(INVITATION, after))
        rows = await self._rows.all(statement.order_by(_column.key.desc()).limit(first))
        return [from_json(row.body, Invitation) for row in rows]

    async def pending_count(self, customer_id: str, now: datetime) -> int:
        is_open = (_column.customer == sought(CUSTOMER, customer_id)) & (_column.state == InvitationState.PENDING)
        counted = select(func.count()).select_from(tables.invitation).where(is_open, _column.expires_at > now)
        row = await self._rows.first(counted)
        return int(row[0]) if row else 0

    async def pending(self, customer_id: str) -> Sequence[Invitation]:
        is_open = (_column.customer == sought(CUSTOMER, customer_id)) & (_column.state == InvitationState.PENDING)
        rows = await self._rows.all(select(_column.body).where(is_open).with_for_update())
        return [from_json(row.body, Invitation) for row in rows]
