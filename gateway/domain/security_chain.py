"""The chain of security events: each link is a keyed digest over the link before it and the event's own content.

Who can write the database alone can't make a link, for want of the key. A link names its key, so that keys can be
changed: the first key makes links, each of them checks.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256

FORMAT = 1
START = "0" * 64
"""What the first event follows."""


@dataclass(frozen=True, slots=True)
class Link:
    """An event as the chain knows it, each text as it is kept.

    `personal` is the digest that stands for the network address; the address itself, and the salt of that digest, are
    no part of the link, so that they can be erased.
    """

    sequence: int
    key: str
    kind: str
    occurred_at: datetime
    actor_id: str | None
    customer_id: str | None
    subject: str | None
    params: str
    times: int
    personal: str | None
    previous: str
    key_id: str
    digest: str = ""
    address: str | None = None
    salt: str | None = None

    def content(self) -> bytes:
        """What the digest is over: canonical JSON."""
        moment = self.occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
        left_out = {"digest", "address", "salt", "occurred_at"}
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in left_out}
        content = {**values, "occurred_at": moment, "format": FORMAT}
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain begins once retention has removed its older events: the last of them, and its digest."""

    sequence: int
    digest: str
    key_id: str
    seal: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event's place and digest."""

    sequence: int
    digest: str


@dataclass(frozen=True)
class ChainKeys:
    """Keys of 32 bytes; the first makes, each of them checks."""

    keys: Sequence[bytes] = field(repr=False)

    @property
    def newest_id(self) -> str:
        """The id of the key that makes links."""
        return key_id(self.keys[0])

    def digest(self, content: bytes, of_key: str | None = None) -> str | None:
        """The keyed digest by the newest key, or by that one; None where it is not among them."""
        known = self._by_id.get(of_key or self.newest_id)
        return hmac.digest(known, content, "sha256").hex() if known else None

    @property
    def _by_id(self) -> Mapping[str, bytes]:
        return {key_id(each): each for each in self.keys}


def key_id(key: bytes) -> str:
    """What a key is called: it tells nothing of it."""
    return sha256(b"telecom-gateway key\n" + key).hexdigest()[:16]


def personal_digest(keys: ChainKeys, of_key: str | None, salt: str, address: str) -> str | None:
    """What stands in the chain for an address: once salt and address are erased, nobody can tell which it was."""
    return keys.digest(f"address\n{salt}\n{address}".encode(), of_key)


def anchor_content(sequence: int, digest: str) -> bytes:
    """What an anchor's seal is over."""
    return f"anchor\n{sequence}\n{digest}".encode()
