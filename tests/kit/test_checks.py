"""Each check of the conformance suite passes an adapter that keeps the contract, and fails one that breaks it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.contract import (
    Bill,
    BillState,
    Charge,
    Connect,
    ContractBroken,
    OutcomeUnknown,
    PolledSignals,
    Provider,
    ProviderError,
    ProviderSettings,
    Signal,
    SignalKind,
    Unavailable,
)
from gateway.kit.conformance.bench import Bench
from gateway.kit.conformance.fault_checks import TROUBLES
from gateway.kit.conformance.suite import CHECKS, Finding, Result, run
from tests.kit.example import adapter, bergby, declared

BY_NAME = {each.name: each for each in CHECKS}

# What is broken in the example's source, by the check that shows it.
BREAKAGES = {
    "catalog.paging": ('[*rows, *page["plans"]]', '[*rows, *page["plans"], page["plans"][0]]'),
    "catalog.prices": ('Decimal(str(row["monthly"]))', 'float(row["monthly"])'),
    "catalog.ids": ('self._id("ProductOffering", ref), ref, profile', "ref, ref, profile"),
    "catalog.dates": ("self.settings.now(), offerings", "self.settings.now().replace(tzinfo=None), offerings"),
    "catalog.stable-refs": ("sha256(repr(rows).encode()).hexdigest()", "str(self.settings.now())"),
    "catalog.unknown-ref": ('self._area("catalog").find', 'self._area("catalog").get'),
    "catalog.whole": ('page["more"]', "None"),
    "qualification.order": ("for ref in refs)", "for ref in sorted(set(refs)))"),
    "qualification.places": ('"no": it.QualificationResult.UNQUALIFIED', '"no": it.QualificationResult.QUALIFIED'),
    "ordering.unknown-key": ("return await self._area(\"ordering\").find(f\"jobs/{quote(key, '')}\", _order)",
                             'return it.ProviderOrder("1", None, it.OrderItemState.COMPLETED, "done")'),
    "ordering.unknown-order": ("return await self._area(\"ordering\").get(f\"jobs/{quote(ref, '')}\", _order)",
                               'return it.ProviderOrder(ref, None, it.OrderItemState.IN_PROGRESS, "open")'),
    "ordering.once": ('{"id": request.key, **job}', '{"id": f"{request.key}{self.client.calls}", **job}'),
    "ordering.restart": ("async def track(self, ref: str) -> it.ProviderOrder:\n",
                         "async def track(self, ref: str) -> it.ProviderOrder:\n        {}[self.client.calls < 2]\n"),
    "ordering.delivery": ('order_refs=(row["job"],)', "order_refs=()"),
    "ordering.termination": ('{"id": key, "kind": "remove"', '{"id": f"{key}{self.client.calls}", "kind": "remove"'),
    "ordering.refusal": ('"plan": request.offering_ref', '"plan": "fibre-250"'),
    "ordering.cancel-early": (".state is it.OrderItemState.CANCELLED", ".state is it.OrderItemState.FAILED"),
    "ordering.cancel-late": ("answer.status not in TOO_LATE", "answer"),
    "ordering.unknown-state": ("it.OrderItemState.IN_PROGRESS), datetime", "it.OrderItemState.FAILED), datetime"),
    "inventory.nobody": ('[self._product(row) for row in page["lines"]]',
                         '[replace(await self.product("BF-1"), party=None)]'),
    "inventory.unknown-product": ('self._area("inventory").find', 'self._area("inventory").get'),
    "inventory.unknown-status": ("it.ProductStatus.UNKNOWN)", "it.ProductStatus.ACTIVE)"),
    "connection.closed": ("    options.end()\n", "    options.end()\n    asyncio.ensure_future(asyncio.sleep(60))\n"),
    "credentials.unlogged": ("    options.end()\n", '    options.end()\n    logging.info("%s", credentials.headers)\n'),
}  # fmt: skip


async def found(name: str, connect: Connect, url: str, **conformance: Any) -> Finding:
    return await run(BY_NAME[name], Bench(connect, declared(url, **conformance)))


@pytest.mark.parametrize("name", BREAKAGES)
async def test_what_is_broken_in_the_adapter_is_found_by_its_check(name: str) -> None:
    old, new = BREAKAGES[name]
    imports = "import asyncio\nimport logging\nfrom dataclasses import dataclass, replace"
    async with bergby() as url:
        # There must be a line that the broken adapter can name.
        await found("ordering.delivery", adapter(), url)
        kept = await found(name, adapter(), url)
        broken = await found(name, adapter_with(old, new, imports), url)

    assert (kept.result, broken.result) == (Result.PASSED, Result.FAILED), (kept, broken)


def adapter_with(old: str, new: str, imports: str) -> Connect:
    """The example broken so, with what the breakage imports."""
    from tests.kit.example import SOURCE

    source = SOURCE.read_text("utf-8")
    assert source.count("from dataclasses import dataclass") == 1
    assert old in source, old
    return adapter(source, source.replace(old, new).replace("from dataclasses import dataclass", imports))


def wrong(right: Any, kind: type[ProviderError], *methods: str) -> Any:
    """A capability whose every error is of that kind."""

    def method(name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*given: Any) -> Any:
            try:
                return await getattr(right, name)(*given)
            except ProviderError as error:
                raise kind(error.provider, error.capability, error.detail) from error

        return call

    return SimpleNamespace(**{name: method(name) for name in methods})


def changed(change: Callable[[Provider], Provider]) -> Connect:
    """The example with other capabilities."""
    right = adapter()

    @asynccontextmanager
    async def connect(settings: ProviderSettings) -> AsyncIterator[Provider]:
        async with right(settings) as provider:
            yield change(provider)

    return connect


@pytest.mark.parametrize("trouble", TROUBLES, ids=[each.name for each in TROUBLES])
@pytest.mark.parametrize("kind", ["reads", "changes"])
async def test_an_error_of_another_kind_than_what_to_do_next_asks_for_is_found(kind: str, trouble: Any) -> None:
    expected = trouble.read if kind == "reads" else trouble.change
    other = next(each for each in (Unavailable, ContractBroken, OutcomeUnknown) if each is not expected)

    def broken(provider: Provider) -> Provider:
        if kind == "reads":
            return replace(provider, inventory=wrong(provider.inventory, other, "products"))
        return replace(provider, ordering=wrong(provider.ordering, other, "find", "place"))

    async with bergby() as url:
        finding = await found(f"{kind}.{trouble.name}", changed(broken), url)

    assert finding.result is Result.FAILED
    assert f": {other.__name__}, not {expected.__name__}" in finding.detail


async def test_a_time_to_wait_that_is_not_handed_on_is_found() -> None:
    async with bergby() as url:
        broken = changed(lambda it: replace(it, inventory=wrong(it.inventory, Unavailable, "products")))
        finding = await found("reads.throttled", broken, url)

    assert (finding.result, finding.detail.partition(":")[0]) == (Result.FAILED, "inventory")
    assert "to wait 0 s, not 7" in finding.detail


class Shielded:
    """A catalogue that goes on reading when nobody waits any more."""

    def __init__(self, right: Any) -> None:
        self._right = right
        self.reading: list[asyncio.Future[Any]] = []

    async def snapshot(self, known_version: str | None) -> Any:
        self.reading.append(asyncio.ensure_future(self._right.snapshot(known_version)))
        return await asyncio.shield(self.reading[-1])


def shielding() -> Connect:
    """The example with such a catalogue, which gives up on exit."""
    right = adapter()

    @asynccontextmanager
    async def connect(settings: ProviderSettings) -> AsyncIterator[Provider]:
        async with right(settings) as provider:
            catalog: Any = Shielded(provider.catalog)
            try:
                yield replace(provider, catalog=catalog)
            finally:
                for each in catalog.reading:
                    each.cancel()
                await asyncio.gather(*catalog.reading, return_exceptions=True)

    return connect


async def test_a_call_that_goes_on_after_its_cancellation_is_found() -> None:
    async with bergby() as url:
        kept = await found("connection.cancelled", adapter(), url)
        broken = await found("connection.cancelled", shielding(), url)

    assert kept.result is Result.PASSED
    assert (broken.result, broken.detail) == (Result.FAILED, "the connection of a cancelled call stays open")


class Books:
    """Bills of whoever they are said to be, in whatever state."""

    def __init__(self, provider: Provider, party: str | None = None, bill_ref: str | None = None) -> None:
        self._profile = provider.profile
        self._party = party
        self._bill_ref = bill_ref

    async def bills(self, party: str) -> list[Bill]:
        return [Bill("an id", "1", self._profile, "1", BillState.NEW, "new", self._party)]

    async def charges(self, party: str) -> list[Charge]:
        return []


class Marks:
    """A list of what changed that begins with all of it."""

    async def since(self, mark: str | None) -> PolledSignals:
        return PolledSignals((Signal(SignalKind.ORDER, "1"),), "mark")


class Gate:
    """Registrations that can't be made twice."""

    count = 0

    async def subscribe(self, callback_url: str) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyError(callback_url)

    async def unsubscribe(self) -> None:
        self.count = 0

    def read(self, body: object) -> list[Signal]:
        return []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("billing.nobody", lambda it: replace(it, billing=Books(it))),
        ("billing.party", lambda it: replace(it, billing=Books(it, "somebody else"))),
        ("billing.unknown-state", lambda it: replace(it, billing=Books(it))),
        ("polled_events.mark", lambda it: replace(it, polled_events=Marks())),
        ("events.registering", lambda it: replace(it, events=Gate())),
    ],
)
async def test_what_the_example_lacks_is_lacking_and_is_checked_where_it_is_there(
    name: str, change: Callable[[Provider], Provider]
) -> None:
    async with bergby() as url:
        lacking = await found(name, adapter(), url, state_fields={"bill": "state"})
        broken = await found(name, changed(change), url, state_fields={"bill": "state"})

    assert (lacking.result, lacking.detail) == (Result.LACKING, f"no {name.partition('.')[0]}")
    assert broken.result is Result.FAILED


def test_each_check_is_shown_to_find_something_here() -> None:
    elsewhere = {"connection.cancelled", "billing.nobody", "billing.party", "billing.unknown-state"} | {
        "polled_events.mark", "events.registering"
    }  # fmt: skip
    by_troubles = {f"{kind}.{each.name}" for kind in ("reads", "changes") for each in TROUBLES}

    assert set(BY_NAME) == set(BREAKAGES) | elsewhere | by_troubles
    assert len(BY_NAME) == len(CHECKS)


async def test_whatever_an_adapter_lets_out_is_a_failure_with_its_cause() -> None:
    async with bergby() as url:
        finding = await found("events.registering", changed(lambda it: replace(it, events=Gate())), url)

    assert finding.detail.startswith("ContractBroken: KeyError: ")
    assert isinstance(finding.error, KeyError)


async def test_a_deviation_is_told_with_its_reason_and_fails_once_it_no_longer_deviates() -> None:
    reason = {"deviations": {"catalog.whole": "they count a plan that is not sold yet"}}
    async with bergby() as url:
        deviating = await found("catalog.whole", adapter(), url, offerings=6, **reason)
        mended = await found("catalog.whole", adapter(), url, offerings=5, **reason)

    assert (deviating.result, mended.result) == (Result.DEVIATES, Result.FAILED)
    assert deviating.detail == "they count a plan that is not sold yet (5 offerings, not 6)"
    assert mended.detail == "a deviation is declared, but it does not deviate any more"


async def test_nothing_is_ordered_where_changes_are_not_allowed() -> None:
    async with bergby() as url:
        changing = [each for each in CHECKS if each.changes]
        bench = Bench(adapter(), declared(url, changes=False))
        findings = [await run(each, bench) for each in changing]
        async with bench.connected() as provider:
            assert provider.inventory is not None
            line = await provider.inventory.product("BF-1")

    assert {each.result for each in findings} == {Result.LACKING}
    assert line is None
