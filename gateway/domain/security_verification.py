"""Whether a chain of security events is whole: walked once from its beginning to its end."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.security_chain import START, Anchor, ChainKeys, Head, Link, anchor_content, personal_digest


class Damage(StrEnum):
    """What is wrong at a place of the chain."""

    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    REORDERED = "REORDERED"
    CUT_OFF = "CUT_OFF"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    HEAD_CHANGED = "HEAD_CHANGED"
    ANCHOR_CHANGED = "ANCHOR_CHANGED"


SENTENCES = {
    Damage.CHANGED: "is not what was recorded",
    Damage.REMOVED: "was removed",
    Damage.REORDERED: "stands in another's place",
    Damage.CUT_OFF: "and all after it were cut off",
    Damage.ADDRESS_CHANGED: "has another address than was recorded",
    Damage.UNKNOWN_KEY: "was chained by a key that is none of these",
    Damage.HEAD_CHANGED: "is not where the head of the chain says that it ends",
    Damage.ANCHOR_CHANGED: "is not where retention has begun the chain anew",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The first event at which the chain is broken."""

    sequence: int
    damage: Damage

    @property
    def sentence(self) -> str:
        """For whoever runs the gateway."""
        return f"event {self.sequence} {SENTENCES[self.damage]}"


class Verification:
    """Give it every link in order, then have it `finish`. The first finding counts: what follows it can't be told.

    `noted` are heads that were noted outside of the database.
    """

    def __init__(self, keys: ChainKeys, anchor: Anchor | None, noted: Sequence[Head] = ()) -> None:
        self._keys = keys
        self._noted = {each.sequence: each.digest for each in noted}
        self.start = anchor.sequence if anchor else 0
        self.head = Head(anchor.sequence, anchor.digest) if anchor else Head(0, START)
        self.count = 0
        self.erased = 0
        self.finding = self._anchored(anchor) if anchor else None

    def _anchored(self, anchor: Anchor) -> Finding | None:
        seal = self._keys.digest(anchor_content(anchor.sequence, anchor.digest), anchor.key_id)
        if seal is None:
            return Finding(anchor.sequence, Damage.UNKNOWN_KEY)
        is_whole = hmac.compare_digest(seal, anchor.seal)
        return None if is_whole else Finding(anchor.sequence, Damage.ANCHOR_CHANGED)

    def check(self, link: Link) -> None:
        """The next link."""
        damage = None if self.finding else self._damage(link)
        if damage is not None:
            place = self.head.sequence + 1 if damage is Damage.REMOVED else link.sequence
            self.finding = Finding(place, damage)
        if self.finding is None:
            self.head = Head(link.sequence, link.digest)
            self.count += 1
            self.erased += link.personal is not None and link.salt is None

    def _damage(self, link: Link) -> Damage | None:
        if link.sequence != self.head.sequence + 1:
            return Damage.REMOVED if link.sequence > self.head.sequence else Damage.REORDERED
        if link.previous != self.head.digest:
            return Damage.REORDERED
        digest = self._keys.digest(link.content(), link.key_id)
        if digest is None:
            return Damage.UNKNOWN_KEY
        noted = self._noted.get(link.sequence, link.digest)
        if not hmac.compare_digest(digest, link.digest) or noted != link.digest:
            return Damage.CHANGED
        return self._personal_damage(link)

    def _personal_damage(self, link: Link) -> Damage | None:
        """An address may be erased, with its salt; it may not become another."""
        if link.address is None and link.salt is None:
            return None
        stands_for = personal_digest(self._keys, link.key_id, link.salt or "", link.address or "")
        return None if stands_for == link.personal else Damage.ADDRESS_CHANGED

    def finish(self, head: Head) -> Finding | None:
        """The first finding, once every link was given; `head` is what the chain says of its own end."""
        last = max([head.sequence, *self._noted])
        if self.finding is None and last > self.head.sequence:
            self.finding = Finding(self.head.sequence + 1, Damage.CUT_OFF)
        elif self.finding is None and head != self.head:
            self.finding = Finding(self.head.sequence, Damage.HEAD_CHANGED)
        return self.finding
