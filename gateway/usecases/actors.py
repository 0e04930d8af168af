"""Who an actor is just now: read once, and again once anything about it has changed, in whichever process."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from gateway.domain.authorizations import Rights
from gateway.domain.errors import StorageUnavailable
from gateway.domain.parties import Actor, Caller, MemberRole
from gateway.ports import UnitOfWork, WakeUps
from gateway.usecases.remembered import Kept, Remembered

# A wake-up that was lost costs this much.
SWEEP_S = 5.0
# While the storage is away.
AGAIN_S = 1.0
_NO_RIGHTS = Rights()


def actor_topic(actor_id: str) -> str:
    """The wake-up topic of an actor: woken when a membership, an authorization or anything else of it has changed."""
    return f"actor:{actor_id}"


class Actors(Remembered[Actor]):
    """Actors by global id, with the rights of the moment."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept, actor_topic, _read, until=_changes_at)


async def _read(unit: UnitOfWork, actor_id: str, _now: datetime) -> Actor | None:
    return await unit.accounts.actor(actor_id)


def _changes_at(actor: Actor) -> datetime | None:
    """When the clock alone gives it other rights."""
    moments = (each.rights.changes_at for each in actor.memberships)
    return min((each for each in moments if each is not None), default=None)


async def as_now(actors: Actors, caller: Caller) -> Caller:
    """The caller with the rights that it has now: who calls may have been identified a while ago."""
    if caller.actor is None:
        return caller
    return _with(caller, await actors.find(caller.actor.id))


async def as_kept(unit: UnitOfWork, caller: Caller) -> Caller:
    """The caller with the rights that it has in this transaction."""
    return _with(caller, await unit.accounts.actor(caller.actor.id)) if caller.actor else caller


def _with(caller: Caller, actor: Actor | None) -> Caller:
    """What makes an operator of a session alone stays as it was when the caller was identified."""
    # Who must switch on a one-time password first has no rights until then, whatever is kept.
    if caller.actor is None or caller.must_enrol:
        return caller
    before = caller.actor
    if actor is None:  # erased meanwhile: nobody's member any more, and no operator
        bare = dataclasses.replace(before, memberships=(), is_operator=False)
        return dataclasses.replace(caller, actor=bare)
    kept = dataclasses.replace(
        actor, is_operator=actor.is_operator or before.is_operator, came_by_issuer=before.came_by_issuer
    )
    return dataclasses.replace(caller, actor=kept)


class Standing:
    """What a follower was allowed at a customer when it began; lost as soon as it is allowed less.

    What is the managers' own is lost with the `role`, whatever is granted instead.
    """

    __slots__ = ("__weakref__", "customer_id", "is_lost", "rights", "role", "tell")

    def __init__(self, customer_id: str, rights: Rights, role: MemberRole | None = None) -> None:
        self.customer_id = customer_id
        self.rights = rights
        self.role = role
        self.is_lost = False
        self.tell: Callable[[], None] = lambda: None

    def weigh(self, actor: Actor | None) -> None:
        """Compares with what the actor is allowed now."""
        memberships = actor.memberships if actor else ()
        found = next((each for each in memberships if each.customer.id == self.customer_id), None)
        rights, role = (found.rights, found.role) if found else (_NO_RIGHTS, None)
        if not rights.include(self.rights) or (self.role is not None and role is not self.role):
            self.is_lost = True
            self.tell()


class _Watch:
    """One actor's standings, and the task that weighs them whenever the actor's rights may have changed."""

    def __init__(self, actors: Actors, wakeups: WakeUps, actor_id: str) -> None:
        self.standings: set[Standing] = set()
        self._is_reading = False
        self._find = actors.find
        self._listening = wakeups.listen(actor_topic(actor_id))
        self._waiter = self._listening.__enter__()
        self._task = asyncio.create_task(self._run(actor_id))

    async def _run(self, actor_id: str) -> None:
        while self.standings:
            self._is_reading = True
            try:
                actor = await self._find(actor_id)
            except StorageUnavailable:
                # Those who follow stay meanwhile: nobody can take anything back until the storage is there again.
                await asyncio.sleep(AGAIN_S)
                continue
            finally:
                self._is_reading = False
            for standing in list(self.standings):
                standing.weigh(actor)
            await self._waiter.wait(SWEEP_S)

    async def close(self) -> None:
        """Returns once it has ended: it holds nothing of the storage any more."""
        self._listening.__exit__(None, None, None)
        # A read that is cut off costs its connection: the one under way comes to its end.
        if not self._is_reading:
            self._task.cancel()
        await asyncio.wait([self._task])


class Standings:
    """The rights of those who follow something, each actor's watched by one task while it follows."""

    def __init__(self, actors: Actors, wakeups: WakeUps) -> None:
        self._actors = actors
        self._wakeups = wakeups
        self._of_actor: dict[str, _Watch] = {}

    @asynccontextmanager
    async def held(self, caller: Caller, customer_id: str, role: MemberRole | None = None) -> AsyncIterator[Standing]:
        """The caller's at that customer, from entry to exit; with a role, that role's too."""
        membership = caller.membership(customer_id)
        standing = Standing(customer_id, membership.rights if membership else _NO_RIGHTS, role)
        actor_id = caller.actor.id if caller.actor else ""
        watch = self._of_actor.get(actor_id)
        if watch is None:
            watch = self._of_actor[actor_id] = _Watch(self._actors, self._wakeups, actor_id)
        watch.standings.add(standing)
        try:
            yield standing
        finally:
            watch.standings.discard(standing)
            if not watch.standings and self._of_actor.get(actor_id) is watch:
                del self._of_actor[actor_id]
                await watch.close()
