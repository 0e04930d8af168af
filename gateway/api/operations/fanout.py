"""Shares one execution of a live event among all who follow it with the same operation, variables and rights."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any

import orjson

from gateway.domain.parties import Caller

# Events that are on their way at once, times the different operations that follow them.
KEPT = 64
Payload = bytes
Execute = Callable[[], Coroutine[Any, Any, Payload]]


class _Made:
    """What is being made of one event for one operation."""

    def __init__(self, event: Any, execute: Execute) -> None:
        self.event = event
        self.is_done = asyncio.Event()
        self.task = asyncio.create_task(execute())
        self.task.add_done_callback(lambda _: self.is_done.set())


class Fanout:
    """What was made of the newest events, for those who are handed the very same event object after the first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._made: OrderedDict[tuple[int, Hashable], _Made] = OrderedDict()

    async def payload(self, event: Any, operation: Hashable, execute: Execute) -> Payload:
        """The payload of that event for that operation; made by the first who asks, whoever of them goes away."""
        # The event is kept beside what was made of it: so its identity stays its own.
        made = self._made.get((id(event), operation))
        if made is None:
            made = self._made[id(event), operation] = _Made(event, execute)
            while len(self._made) > self._kept:
                self._made.popitem(last=False)
        if not made.task.done():
            # Not the task itself: whoever goes away must not take it along.
            await made.is_done.wait()
        return made.task.result()


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
    memberships = frozenset(
        (each.customer, each.role, frozenset((right.functions, right.scope) for right in each.authorizations))
        for each in actor.memberships
    )
    return actor.is_operator, memberships
