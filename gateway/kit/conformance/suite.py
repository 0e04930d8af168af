"""The conformance suite: every check there is, and what comes of one."""

import asyncio
import time
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.contract import ContractBroken, ProviderError
from gateway.federation.checking import Check, Lacking, Subject, Unkept
from gateway.federation.checks import READS
from gateway.federation.guard import sorting
from gateway.kit.conformance import connection_checks, declared_checks, fault_checks, order_checks
from gateway.kit.conformance.bench import Bench

CHECK_LIMIT_S = 60.0
"""For one check, beside the time that deliveries take."""


class Result(StrEnum):
    """What came of a check. DEVIATES: it failed, as its author said it would, with a reason."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    LACKING = "LACKING"
    DEVIATES = "DEVIATES"


@dataclass(frozen=True, slots=True)
class Finding:
    """A result, what was found, and how long it took."""

    result: Result
    detail: str = ""
    took_s: float = 0.0
    error: BaseException | None = None


def _of_reads(read: Check[Subject]) -> Check[Bench]:
    """A check that changes nothing, over a connection of its own."""

    async def ask(bench: Bench) -> str:
        async with bench.connected() as provider:
            return await read.ask(bench.subject(provider))

    ask.__doc__ = read.ask.__doc__
    return Check(read.name, read.needs, read.mend, ask)


CHECKS: tuple[Check[Bench], ...] = (
    *(_of_reads(each) for each in READS),
    declared_checks.whole,
    declared_checks.places,
    order_checks.once,
    order_checks.restart,
    order_checks.delivery,
    order_checks.termination,
    order_checks.refusal,
    order_checks.cancel_early,
    order_checks.cancel_late,
    order_checks.billing_party,
    declared_checks.order_state,
    declared_checks.product_status,
    declared_checks.bill_state,
    declared_checks.registering,
    *fault_checks.READ_FAULTS,
    *fault_checks.CHANGE_FAULTS,
    connection_checks.cancelled,
    connection_checks.closed,
    connection_checks.unlogged,
)
"""All of them, in the order in which they run; a run with fewer is no pass."""


async def run(each: Check[Bench], bench: Bench) -> Finding:
    """Checks, and weighs the outcome against the declared deviations. Raises nothing."""
    began = time.perf_counter()
    found = replace(await _asked(each, bench), took_s=time.perf_counter() - began)
    reason = bench.wanted.deviations.get(each.name)
    if reason is None or found.result is Result.LACKING:
        return found
    if found.result is Result.FAILED:
        return replace(found, result=Result.DEVIATES, detail=f"{reason} ({found.detail})", error=None)
    return replace(found, result=Result.FAILED, detail="a deviation is declared, but it does not deviate any more")


async def _asked(each: Check[Bench], bench: Bench) -> Finding:
    """Whatever the adapter lets out is a failure."""
    try:
        with sorting(bench.declared.slug, each.name, ContractBroken):
            return await _answered(each, bench)
    except ProviderError as error:
        return Finding(Result.FAILED, f"{type(error).__name__}: {error.detail}", error=error.__cause__ or error)


async def _answered(each: Check[Bench], bench: Bench) -> Finding:
    lacking = [name for name in each.needs if name not in await bench.capabilities()]
    if lacking:
        return Finding(Result.LACKING, f"no {' and no '.join(lacking)}")
    if each.changes and not bench.wanted.changes:
        return Finding(Result.LACKING, "conformance.changes does not allow to order")
    try:
        async with asyncio.timeout(CHECK_LIMIT_S + bench.wanted.delivery_s * 2):
            if each.changes:
                await bench.unless_sold()
            return Finding(Result.PASSED, await each.ask(bench))
    except Lacking as lack:
        return Finding(Result.LACKING, str(lack))
    except Unkept as broken:
        return Finding(Result.FAILED, f"{broken.detail}: {broken.about}" if broken.about else broken.detail)
