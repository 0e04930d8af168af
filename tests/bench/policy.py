"""What the policy costs: its share of a query's processor time, of a delivered event, and one decision.

The share is that of the same execution with the checks and without them, turn about in this process.
"""

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from gateway.api.application import open_library
from gateway.api.auth.attempts import counting
from gateway.api.context import Context
from gateway.api.operations.asked import Asked
from gateway.api.operations.execution import Execution
from gateway.api.operations.limits import OperationLimits
from gateway.api.parts import ApiSettings
from gateway.api.schema.built import schema
from gateway.domain.authorizations import Authorization, ProductScope, SelfServiceFunction, Thing
from gateway.domain.identity import provider_id
from gateway.domain.members import Member
from gateway.domain.parties import Actor, Caller, MemberRole
from gateway.ports import UnitOfWork
from gateway.ports.authorizations import KeptAuthorization
from gateway.usecases import policy
from gateway.usecases.actors import Standing
from gateway.usecases.feeds import _Subscriber
from tests.api.running import Running, running
from tests.bench.figures import Figure
from tests.bench.queries import CATALOGUE, OFFERINGS
from tests.clock import NOON
from tests.federation.scripted import offering, price
from tests.samples import an_account, new_id

ROUNDS = 21
MEMBERS, EACH = 5000, 4
_RATE = "1000000000000/minute"
_UNBOUND = OperationLimits(cost=10**9, cost_per_actor=_RATE, cost_per_address=_RATE)


async def measure(folder: Path, rounds: int = ROUNDS, asks: int = 40, members: int = MEMBERS) -> Sequence[Figure]:
    """Shares of the medians; a decision's and an event's means."""
    sold = [offering("nord", f"o-{number}", f"Fibre {number}", prices=(price("499"),)) for number in range(OFFERINGS)]
    async with running(folder, sold) as gateway:
        caller = await gateway.sign_in("manager")
        catalogue, viewer = Asked(CATALOGUE), Asked("{ viewer { username } }")
        large = await _share(gateway, caller, catalogue, rounds, max(1, asks // 8))
        small = await _share(gateway, caller, viewer, rounds, asks)
        member = await _crowded(gateway, caller, members)
        thing = Thing("nord", product_id=provider_id("Product", "nord", "p-3"))
        customer = member.actor.memberships[0].customer.id if member.actor else ""

        def decide() -> bool:
            return policy.can_on(member, customer, SelfServiceFunction.SEE_PRODUCTS, thing)

        assert decide()
        subscriber: _Subscriber[int] = _Subscriber(0, None, Standing(customer, policy.rights(member, customer)))
        found = Figure(
            f"One decision: {members:,} members, {members * EACH:,} authorizations", _each(decide), limit="50 µs"
        )
        event = Figure("The policy, for each delivered event", _each(subscriber.check), limit="10 µs")
    return [
        Figure(f"The policy's share of a query of {OFFERINGS} offerings", large, limit="5%"),
        Figure("… of `{ viewer { username } }`", small, limit="10%"),
        found,
        event,
    ]


async def _share(gateway: Running, caller: Caller, asked: Asked, rounds: int, asks: int) -> str:
    execution = Execution(schema, open_library(ApiSettings(operation=_UNBOUND)), _UNBOUND)
    found, attempts = execution.find(asked, caller), counting()

    async def once() -> float:
        begun = process_time()
        answered = await execution.run(found, asked, Context(gateway.core, caller, "en", attempts))
        spent = process_time() - begun
        assert "errors" not in answered.body, answered.body
        return spent

    with_checks, without = [], []
    # The collector's turns cost more than what is looked for.
    gc.disable()
    for number in range(rounds * asks):
        for is_on in (True, False) if number % 2 else (False, True):
            if is_on:
                with_checks.append(await once())
            else:
                with _no_policy():
                    without.append(await once())
    gc.enable()
    more = statistics.median(with_checks) - statistics.median(without)
    return f"{max(more, 0.0) / statistics.median(with_checks):.1%}"


@contextmanager
def _no_policy() -> Iterator[None]:
    check, policy.check = policy.check, lambda *_: None
    try:
        yield
    finally:
        policy.check = check


async def _crowded(gateway: Running, caller: Caller, members: int) -> Caller:
    """The last of many members of the caller's customer, each with authorizations of their own."""
    assert caller.actor is not None
    customer, actor_id = caller.actor.memberships[0].customer.id, ""
    async with gateway.storage.writing() as unit:
        for number in range(members):
            actor_id = await _member(unit, customer, caller.actor.id, number)
    async with gateway.storage.reading() as unit:
        return Caller(await unit.accounts.actor(actor_id))


async def _member(unit: UnitOfWork, customer: str, manager: str, number: int) -> str:
    account = replace(an_account(f"member-{number}", None), customer_id=None)
    actor = Actor(account.actor_id, account.username)
    await unit.accounts.add(account)
    await unit.members.add(Member(new_id("Member"), customer, actor, MemberRole.AUTHORIZED_USER, NOON))
    for each in range(EACH):
        scope = ProductScope((provider_id("Product", "nord", f"p-{each}"),))
        granted = Authorization(new_id("Authorization"), (SelfServiceFunction.SEE_PRODUCTS,), scope, NOON)
        await unit.authorizations.add(KeptAuthorization(customer, actor.id, granted, manager, NOON))
    return actor.id


def _each(do: Callable[[], Any], times: int = 20_000) -> str:
    begun = perf_counter()
    for _ in range(times):
        do()
    return f"{(perf_counter() - begun) / times * 1e6:.2f} µs"
