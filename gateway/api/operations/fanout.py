"""Shares one execution of a live event among all who follow it with the same operation, variables and rights."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import orjson

from gateway.domain.parties import Caller

# Events that are on their way at once, times the different operations that follow them.
KEPT = 64
Payload = bytes
Execute = Callable[[Any], Coroutine[Any, Any, Payload]]


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
    """Those who are sent the same of each event, while one of them is there."""

    def __init__(self, all_made: _AllMade, kept: int, execute: Execute) -> None:
        self._all_made = all_made
        self._kept = kept
        self._execute = execute

    async def payload(self, event: Any) -> Payload:
        """What they are sent of that very object; made by the first who asks, whoever of them goes away."""
        key = (id(event), id(self))
        made = self._all_made.get(key)
        if made is None:
            made = self._all_made[key] = _Made(self, event, self._execute(event))
            while len(self._all_made) > self._kept:
                self._all_made.popitem(last=False)
        if not made.task.done():
            # Not the task itself: whoever goes away must not take it along.
            await made.is_done.wait()
        return made.task.result()


class Fanout:
    """What was made of the newest events, for those who are handed the very same event object after the first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._made: _AllMade = OrderedDict()
        self._shares: WeakValueDictionary[Hashable, Share] = WeakValueDictionary()

    def share(self, key: Hashable, execute: Execute) -> Share:
        """The share of that operation, with those variables and rights; the first one's `execute` is for all."""
        found = self._shares.get(key)
        if found is None:
            found = self._shares[key] = Share(self._made, self._kept, execute)
        return found


def variables_key(variables: Mapping[str, Any] | None, without: str | None) -> str:
    """The variables as one comparable value, without the resume cursor: that one decides what is sent, not how."""
    given = {key: value for key, value in (variables or {}).items() if key != without}
    # As text: orjson's bytes keep the room that they were made in, and each follower keeps this.
    return orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()


def rights_key(caller: Caller) -> Hashable:
    """What decides what a caller may see: roles, functions and scopes by customer, never who it is."""
    actor = caller.actor
    if actor is None:
        return None
    memberships = frozenset(
        (each.customer, each.role, frozenset((right.functions, right.scope) for right in each.authorizations))
        for each in actor.memberships
    )
    return actor.is_operator, memberships
