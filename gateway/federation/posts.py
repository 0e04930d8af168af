"""Takes what providers post: proven where the provider can prove it, once, and never for the truth."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any

import msgspec

from gateway.contract.events import Post, Proven
from gateway.domain.errors import ContractBroken
from gateway.federation.directory import Directory
from gateway.federation.signals import receive
from gateway.ports import Clock, WakeUps

alarms = logging.getLogger("gateway.alarms")

# Of each provider, within the minutes for which a proof counts.
REMEMBERED = 50_000


class Receipt(Enum):
    """What became of a post."""

    TAKEN = auto()
    UNKNOWN = auto()
    MALFORMED = auto()
    UNPROVEN = auto()
    REPEATED = auto()
    TOO_MANY = auto()


class Posts:
    """Wakes who waits for what was posted; remembers the proofs that still count, so that none counts twice.

    They are remembered in this process's memory, not in the database: what a post does is to make somebody look at the
    provider now, so one that is repeated to another process costs a read, while a row for each post would cost a write.
    """

    def __init__(self, directory: Directory, wakeups: WakeUps, clock: Clock, remembered: int = REMEMBERED) -> None:
        self._directory = directory
        self._wakeups = wakeups
        self._clock = clock
        self._remembered = remembered
        self._known: dict[str, OrderedDict[str, datetime]] = {}

    async def receive(self, slug: str, post: Post) -> Receipt:
        """Takes a post to the address of that provider, whose secret was known to the sender."""
        provider = self._directory.provider(slug)
        if provider is None or provider.events is None:
            return Receipt.UNKNOWN
        try:
            if provider.event_proof is not None:
                proven = provider.event_proof.check(post)
                refusal = Receipt.UNPROVEN if proven is None else self._remember(slug, proven)
                if refusal is not None:
                    alarms.warning("post-refused provider=%s receipt=%s", slug, refusal.name)
                    return refusal
            body = _object(post.body)
            if body is None:
                return Receipt.MALFORMED
            is_taken = await receive(self._directory, self._wakeups, slug, body)
        except ContractBroken:
            return Receipt.MALFORMED
        return Receipt.TAKEN if is_taken else Receipt.UNKNOWN

    def _remember(self, slug: str, proven: Proven) -> Receipt | None:
        known, now = self._known.setdefault(slug, OrderedDict()), self._clock.now()
        # Roughly in the order in which they end; one that stays a little longer does no harm.
        while known and next(iter(known.values())) <= now:
            known.popitem(last=False)
        if proven.once in known:
            return Receipt.REPEATED
        if len(known) >= self._remembered:
            return Receipt.TOO_MANY
        known[proven.once] = proven.until
        return None


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
