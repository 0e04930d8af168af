"""Security events: one row each, chained from the one head row that all writers take in turn."""

import dataclasses
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from gateway.domain.security import NewSecurityEvent, SecurityEventKind, network_of
from gateway.domain.security_chain import ChainKeys, Head, Link, anchor_content, personal_digest
from gateway.ports.security import SECURITY_TOPIC
from gateway.storage import tables
from gateway.storage.columns import to_json
from gateway.storage.ids import SECURITY_EVENT, new_key, own_id
from gateway.storage.rows import Rows
from gateway.storage.security_reading import COLUMNS, HEAD_ROW, SecurityRows

_event, _head = tables.security_event.c, tables.security_head.c
_IS_HEAD = _head.name == HEAD_ROW["name"]
_HOLD_HEAD = select(_head.seq, _head.digest).where(_IS_HEAD).with_for_update()
_SET_HEAD = update(tables.security_head).where(_IS_HEAD)
_ADD = insert(tables.security_event)


def chained(keys: ChainKeys, head: Head, event: NewSecurityEvent) -> Link:
    """The event as the link that follows the head."""
    salt = secrets.token_hex(16) if event.address else None
    link = Link(
        sequence=head.sequence + 1,
        key=new_key(),
        kind=event.kind,
        occurred_at=event.at,
        actor_id=event.actor_id,
        customer_id=event.customer_id,
        subject=event.subject,
        params=to_json(dict(sorted(event.params.items()))),
        times=event.times,
        personal=personal_digest(keys, None, salt, event.address) if salt and event.address else None,
        previous=head.digest,
        key_id=keys.newest_id,
        address=event.address or None,
        salt=salt,
    )
    return dataclasses.replace(link, digest=keys.digest(link.content()) or "")


def _row(link: Link) -> dict[str, Any]:
    values = {COLUMNS.get(name, name): value for name, value in dataclasses.asdict(link).items()}
    return {**values, "network": network_of(link.address) if link.address else None}


class SqlSecurityEvents(SecurityRows):
    """See ports.SecurityEvents."""

    def __init__(self, rows: Rows, keys: ChainKeys, wake: Callable[..., None]) -> None:
        super().__init__(rows)
        self._keys = keys
        self._wake = wake
        self._new: list[NewSecurityEvent] = []

    async def record(self, event: NewSecurityEvent) -> None:
        self._new.append(event)
        self._wake(SECURITY_TOPIC, *([f"{SECURITY_TOPIC}:{event.customer_id}"] if event.customer_id else []))

    async def chain_up(self) -> Head | None:
        """Gives what was recorded its places; nothing of another's may be locked after this. Returns the new head."""
        if not self._new:
            return None
        head = await self._hold_head()
        links: list[Link] = []
        for event in self._new:
            links.append(chained(self._keys, head, event))
            head = Head(links[-1].sequence, links[-1].digest)
        self._new = []
        await self._rows.run(_ADD, [_row(each) for each in links])
        await self._set_head(seq=head.sequence, digest=head.digest)
        return head

    async def _hold_head(self) -> Head:
        """The head, held until the transaction ends: no other event comes in between."""
        row = await self._rows.first(_HOLD_HEAD)
        if row is None:  # nobody was the first yet
            await self._rows.add_new(tables.security_head, **HEAD_ROW)
            row = await self._rows.first(_HOLD_HEAD)
        if row is None:
            raise RuntimeError("the head of the security events vanished while it was taken")
        return Head(row.seq, row.digest)

    async def _set_head(self, **values: object) -> None:
        await self._rows.run(_SET_HEAD, [values])

    async def take_judged(self) -> int:
        await self._hold_head()
        return await self.judged()

    async def set_judged(self, sequence: int) -> None:
        await self._set_head(judged=sequence)

    async def remove_before(self, moment: datetime, at: datetime, limit: int | None = None) -> int:
        judged, anchor = await self.take_judged(), await self.anchor()
        begins = anchor.sequence if anchor else 0
        most = judged if limit is None else min(judged, begins + limit)
        stays = (_event.seq <= most) & (_event.occurred_at >= moment)
        kept = await self._rows.first(select(_event.seq).where(stays).order_by(_event.seq).limit(1))
        through = most if kept is None else kept.seq - 1
        last = await self._rows.first(select(_event.digest).where(_event.seq == through))
        if last is None or through <= begins:
            return 0
        seal = self._keys.digest(anchor_content(through, last.digest))
        count = await self._rows.run(delete(tables.security_event).where(_event.seq <= through))
        sealed = {"anchor_key_id": self._keys.newest_id, "anchor_seal": seal}
        await self._set_head(anchor_seq=through, anchor_digest=last.digest, **sealed)
        params = {"through": str(through), "digest": last.digest, "count": str(count)}
        await self.record(NewSecurityEvent(SecurityEventKind.EVENTS_REMOVED, at, params=params))
        return count

    async def erase_addresses(self, at: datetime, actor_id: str | None = None, before: datetime | None = None) -> int:
        if actor_id is None and before is None:
            raise ValueError("erases the addresses of an actor, or before a moment")
        erased = update(tables.security_event).where(_event.salt.is_not(None))
        erased = erased if actor_id is None else erased.where(_event.actor == actor_id)
        erased = erased if before is None else erased.where(_event.occurred_at < before)
        count = await self._erase_in_alarms(actor_id) if actor_id else 0
        count += await self._rows.run(erased.values(address=None, network=None, salt=None))
        params = {"count": str(count), **({"before": before.isoformat()} if before else {})}
        # Of whom, is not told: that is what is to be forgotten.
        await self.record(NewSecurityEvent(SecurityEventKind.ADDRESSES_ERASED, at, params=params))
        return count

    async def _erase_in_alarms(self, actor_id: str) -> int:
        """An alarm about an address is nobody's, but names the event that raised it."""
        own = select(_event.key).where(_event.actor == actor_id, _event.salt.is_not(None))
        ids = {own_id(SECURITY_EVENT, row.key) for row in await self._rows.all(own)}
        is_nobodys = (_event.kind == SecurityEventKind.ALARM) & _event.actor.is_(None) & _event.salt.is_not(None)
        alarms = await self._rows.all(select(_event.seq, _event.params).where(is_nobodys))
        raised = [row.seq for row in alarms if json.loads(row.params).get("event") in ids]
        about = update(tables.security_event).where(_event.seq.in_(raised))
        return await self._rows.run(about.values(address=None, network=None, salt=None)) if raised else 0
