"""What is promised when the network or the provider fails: each trouble is the error that says what to do next."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from gateway.contract import ContractBroken, Limits, OutcomeUnknown, Provider, ProviderError, Unavailable
from gateway.federation.checking import PARTY, PLACE, Check, Unkept, missing, required, unless
from gateway.kit.conformance.bench import Bench, error_of
from gateway.kit.conformance.proxy import Fault, FaultProxy

WAIT_S = 7
STALL = Limits(read_timeout_s=1.5, snapshot_timeout_s=1.5, change_timeout_s=1.5, read_tries=1)
ENOUGH_S = 6.0
"""After which a call that was to give up after a second and a half is taken for one that never does."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that goes wrong, what it means for a read and for a change, and how to mend an adapter that errs.

    `fault` None: nobody listens.
    """

    name: str
    happens: str
    fault: Fault | None
    read: type[ProviderError]
    change: type[ProviderError]
    mend: str


TROUBLES = (
    Trouble("refused", "Nobody listens", None, Unavailable, Unavailable,
            "Tell a connection that never stood (nothing was sent) from one that broke."),
    Trouble("stalled", "No answer comes", Fault(stalls=True), Unavailable, OutcomeUnknown,
            "Give each call the time limit of `settings.limits`; after a change was sent, the outcome is unknown."),
    Trouble("dropped", "The line drops after the request arrived", Fault(drops=True), Unavailable, OutcomeUnknown,
            "After a change was sent, a broken line means that it may have been done."),
    Trouble("unauthorized", "The credentials are not accepted (401)", Fault(401), Unavailable, Unavailable,
            "An operator must mend the credentials: nothing was done."),
    Trouble("throttled", f"It asks to wait (429, Retry-After: {WAIT_S})", Fault(429, {"Retry-After": str(WAIT_S)}),
            Unavailable, Unavailable, "Hand the named time on as `retry_after_s`."),
    Trouble("failing", "It fails (500)", Fault(500, body=b"oops"), Unavailable, OutcomeUnknown,
            "A 5xx after a change says nothing: it may be done."),
    Trouble("nonsense", "It answers HTML", Fault(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"),
            ContractBroken, OutcomeUnknown, "Check the shape of each answer before reading it (`Answer.row`)."),
    Trouble("endless", "Its answer has no end", Fault(endless=True), ContractBroken, OutcomeUnknown,
            "Stop reading at a limit of your own (the kit's client stops at 16 MB)."),
)  # fmt: skip

Read = Callable[[Provider], Awaitable[object]]

READS: Mapping[str, Read] = {
    "catalog": lambda provider: required(provider.catalog).snapshot(None),
    "qualification": lambda provider: required(provider.qualification).qualify([PARTY], PLACE),
    "ordering": lambda provider: required(provider.ordering).find(PARTY),
    "inventory": lambda provider: required(provider.inventory).products(PARTY),
    "billing": lambda provider: required(provider.billing).bills(PARTY),
    "polled_events": lambda provider: required(provider.polled_events).since(None),
}


def reads_of(provider: Provider) -> Mapping[str, Read]:
    """A read of each capability that it has. Raises: Lacking where there is none."""
    return {name: read for name, read in READS.items() if getattr(provider, name) is not None} or missing("no reads")


def _read_check(trouble: Trouble) -> Check[Bench]:
    async def ask(bench: Bench) -> str:
        async with bench.proxied(_limits(bench, trouble)) as (provider, proxy):
            reads = reads_of(provider)
            await _arm(proxy, trouble, of_changes=False)
            met = await asyncio.gather(*(_met(read(provider)) for read in reads.values()))
        for name, error in zip(reads, met, strict=True):
            _unless_expected(error, trouble.read, name, trouble)
        unless(not proxy.sent_whole, "an answer of 96 MB was read to its end")
        return trouble.read.__name__

    ask.__doc__ = f"{trouble.happens} while it is asked: {trouble.read.__name__}."
    return Check(f"reads.{trouble.name}", (), trouble.mend, ask)


def _change_check(trouble: Trouble) -> Check[Bench]:
    async def ask(bench: Bench) -> str:
        request = bench.request()
        async with bench.proxied(_limits(bench, trouble)) as (provider, proxy):
            ordering = required(provider.ordering)
            await ordering.find(request.key)
            await _arm(proxy, trouble, of_changes=True)
            error = await _met(ordering.place(request))
            _unless_expected(error, trouble.change, "ordering", trouble)
            unless(proxy.met or trouble.fault is None, "the order went another way than through the declared address")
            if trouble.fault and trouble.fault.drops:
                proxy.fault = None
                again = await ordering.place(request)
                found = await ordering.find(request.key)
                unless(found is not None and found.ref == again.ref, "what was ordered is not found by its key")
        return trouble.change.__name__

    is_found = "; it is found by its key then, and not ordered again" if trouble.name == "dropped" else ""
    ask.__doc__ = f"{trouble.happens} while an order is sent: {trouble.change.__name__}{is_found}."
    return Check(f"changes.{trouble.name}", ("ordering",), trouble.mend, ask, changes=True)


def _limits(bench: Bench, trouble: Trouble) -> Limits | None:
    return STALL if trouble.fault and trouble.fault.stalls else None


async def _arm(proxy: FaultProxy, trouble: Trouble, *, of_changes: bool) -> None:
    if trouble.fault is None:
        await proxy.refuse()
    else:
        proxy.fault = replace(trouble.fault, of_changes=of_changes)


async def _met(call: Awaitable[object]) -> BaseException | None:
    try:
        async with asyncio.timeout(ENOUGH_S * 3):
            return await error_of(call)
    except TimeoutError:
        raise Unkept("it waits much longer than its limits") from None


def _unless_expected(
    error: BaseException | None, expected: type[ProviderError], capability: str, trouble: Trouble
) -> None:
    found = type(error).__name__ if error else "no error"
    unless(type(error) is expected, f"{capability}: {found}, not {expected.__name__}", error or "")
    if trouble.name == "throttled" and isinstance(error, Unavailable):
        wait_s = error.retry_after_s or 0
        unless(WAIT_S - 1 <= wait_s <= WAIT_S + 1, f"{capability}: to wait {wait_s:g} s, not {WAIT_S}")


READ_FAULTS = tuple(_read_check(each) for each in TROUBLES)
CHANGE_FAULTS = tuple(_change_check(each) for each in TROUBLES)
