"""Shares one execution of a live event among all who follow it with the same operation, variables and rights."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import orjson

from gateway.domain.parties import Caller

# Events that are on their way at once, times the different operations that follow them.
KEPT = 64
Payload = bytes
Execute = Callable[[Any], Coroutine[Any, Any, Payload]]
Charge = Callable[[Caller], int | None]


class _Made:
    """What is being made of one event for those who share it."""

    def __init__(self, share: "Share", event: Any, making: Coroutine[Any, Any, Payload]) -> None:
        # Both are kept as long as this: so their identity stays their own.
        self.share = share
        self.event = event
        self.is_done = asyncio.Event()
        self.task = asyncio.create_task(making)
        self.task.add_done_callback(lambda _: self.is_done.set())


_AllMade = OrderedDict[tuple[int, int], _Made]


class Share:
    """Those who are sent the same of each event, while one of them is there. What is made is paid for once."""

    def __init__(self, all_made: _AllMade, kept: int, execute: Execute, charge: Charge) -> None:
        self._all_made = all_made
        self._kept = kept
        self._execute = execute
        self._charge = charge
        self._numbers: Counter[tuple[str | None, str]] = Counter()
        self._payers: dict[tuple[str | None, str], Caller] = {}
        self._unfinished: set[_Made] = set()

    def join(self, caller: Caller) -> None:
        """Until it leaves again, that caller is one of those who may pay for all."""
        key = _payer(caller)
        self._payers.setdefault(key, caller)
        self._numbers[key] += 1

    async def leave(self, caller: Caller) -> None:
        """As often as it joined. What the last one leaves behind is not made to its end, and holds nothing any more."""
        key = _payer(caller)
        self._numbers[key] -= 1
        if not self._numbers[key]:
            del self._numbers[key], self._payers[key]
        if not self._payers:
            ending = list(self._unfinished)
            for made in ending:
                self._all_made.pop((id(made.event), id(self)), None)
                made.task.cancel()
            await asyncio.gather(*(made.task for made in ending), return_exceptions=True)

    async def prepare(self, event: Any) -> None:
        """Makes what they are sent of an event that they follow alike, where any of them can pay for it."""
        made = self._made_of(event)
        if made is None and any(not self._charge(payer) for payer in self._payers.values()):
            made = self._make(event)
        if made is not None:
            await made.is_done.wait()

    async def payload(self, event: Any, caller: Caller) -> Payload:
        """What they are sent of that very object; made for the first who asks, whoever of them goes away.

        Who can't pay for what is not made yet waits, and nobody with it: late is better than never.
        """
        made = self._made_of(event)
        while made is None:
            wait_s = self._charge(caller)
            if wait_s:
                await asyncio.sleep(wait_s)
            made = self._made_of(event) if wait_s else self._make(event)
        if not made.task.done():
            # Not the task itself: whoever goes away must not take it along.
            await made.is_done.wait()
        return made.task.result()

    def _made_of(self, event: Any) -> _Made | None:
        return self._all_made.get((id(event), id(self)))

    def _make(self, event: Any) -> _Made:
        made = self._all_made[id(event), id(self)] = _Made(self, event, self._execute(event))
        self._unfinished.add(made)
        made.task.add_done_callback(lambda _: self._unfinished.discard(made))
        while len(self._all_made) > self._kept:
            self._all_made.popitem(last=False)
        return made


def _payer(caller: Caller) -> tuple[str | None, str]:
    return caller.subject, caller.address


class Fanout:
    """What was made of the newest events, for those who are handed the very same event object after the first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._made: _AllMade = OrderedDict()
        self._shares: WeakValueDictionary[Hashable, Share] = WeakValueDictionary()

    def share(self, key: Hashable, execute: Execute, charge: Charge) -> Share:
        """The share of that operation, with those variables and rights; what the first one gives is for all.

        `charge` takes from a caller what one event costs, or says in how many seconds it can.
        """
        found = self._shares.get(key)
        if found is None:
            found = self._shares[key] = Share(self._made, self._kept, execute, charge)
        return found


def variables_key(variables: Mapping[str, Any] | None, without: str | None) -> str:
    """The variables as one comparable value, without the resume cursor: that one decides what is sent, not how."""
    given = {key: value for key, value in (variables or {}).items() if key != without}
    # As text: orjson's bytes keep the room that they were made in, and each follower keeps this.
    return orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()


def rights_key(caller: Caller) -> Hashable:
    """What decides what a caller may see: roles, functions and scopes by customer, never who it is.

    A service client sees what is its own, and shares with itself alone.
    """
    actor = caller.actor
    if actor is None:
        return (caller.client.id, caller.client.scopes) if caller.client else None
    memberships = frozenset((each.customer, each.role, each.rights.key) for each in actor.memberships)
    return actor.is_operator, memberships
