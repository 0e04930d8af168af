"""Security events: one row each, chained from the one head row that all writers take in turn."""

import dataclasses
import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select, update

from gateway.domain.security import NewSecurityEvent, network_of
from gateway.domain.security_chain import START, ChainKeys, Head, Link, personal_digest
from gateway.ports.security import SECURITY_TOPIC
from gateway.storage import tables
from gateway.storage.columns import to_json
from gateway.storage.ids import new_key
from gateway.storage.rows import Rows

CHAIN = "events"
_head = tables.security_head.c
_COLUMNS = {"sequence": "seq", "actor_id": "actor", "customer_id": "customer"}


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
    values = {_COLUMNS.get(name, name): value for name, value in dataclasses.asdict(link).items()}
    return {**values, "network": network_of(link.address) if link.address else None}


class SqlSecurityEvents:
    """See ports.SecurityEvents."""

    def __init__(self, rows: Rows, keys: ChainKeys, wake: Callable[..., None]) -> None:
        self._rows = rows
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
        head = await self.hold_head()
        links: list[Link] = []
        for event in self._new:
            links.append(chained(self._keys, head, event))
            head = Head(links[-1].sequence, links[-1].digest)
        self._new = []
        await self._rows.run(insert(tables.security_event), [_row(each) for each in links])
        is_chain = _head.name == CHAIN
        moved = update(tables.security_head).where(is_chain).values(seq=head.sequence, digest=head.digest)
        await self._rows.run(moved)
        return head

    async def hold_head(self) -> Head:
        """The head, held until the transaction ends: no other event comes in between."""
        await self._rows.add_new(
            tables.security_head, name=CHAIN, seq=0, digest=START, judged=0, anchor_seq=0, anchor_digest=START
        )
        statement = select(_head.seq, _head.digest).where(_head.name == CHAIN).with_for_update()
        row = await self._rows.first(statement)
        if row is None:
            raise RuntimeError("the head of the security events vanished while it was taken")
        return Head(row.seq, row.digest)
