"""`gateway orders reconcile` names each kind of difference, while the gateway runs, and changes nothing."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gateway.contract.ordering import OrderRequest
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import ItemPhase, OrderItemState
from gateway.federation.registry import Registry, open_registry
from gateway.ports.steps import StepRecord
from gateway.settings import read_providers_file
from gateway.storage import MemoryWakeUps, SqlStorage, SystemClock, open_storage
from tests.e2e.consumer import consumer
from tests.e2e.operators import running_operators
from tests.e2e.processes import FAST, clean_environment, free_port, start
from tests.e2e.shopping import basket, place

pytestmark = pytest.mark.timeout(180)
NO_SUCH = "no-such"


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """Operators that deliver at once."""
    with running_operators(tmp_path, "0.05", "0.1") as folder:
        yield folder


@dataclass(frozen=True)
class Reconciled:
    """A gateway that runs, with one order that is complete."""

    folder: Path
    operators: Path
    order: str

    async def report(self, *told: str, providers: Path | None = None) -> tuple[int, str, str]:
        """The command's status, output and errors."""
        file = providers or self.operators / "providers.json"
        command = [sys.executable, "-m", "gateway", "orders", "reconcile", "--data", str(self.folder / "data")]
        ended = await asyncio.to_thread(
            subprocess.run,
            [*command, "--providers", str(file), "--wait", "0.5", *told],
            capture_output=True,
            text=True,
            env=clean_environment(),
            check=False,
        )
        return ended.returncode, ended.stdout, ended.stderr

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[SqlStorage, Registry]]:
        """What the gateway keeps, and its providers, for planting."""
        config = read_providers_file(self.operators / "providers.json")
        address = f"sqlite:///{self.folder / 'data' / 'gateway.db'}"
        async with (
            open_storage(address, MemoryWakeUps(), SystemClock(), None) as storage,
            open_registry(config.providers, config.agreements, SystemClock()) as registry,
        ):
            yield storage, registry

    async def kept(self) -> str:
        """A digest of the order with its steps."""
        async with self.opened() as (storage, _), storage.reading() as unit:
            order, steps = await unit.orders.get(self.order), await unit.orders.steps(self.order)
        return sha256(repr((order, steps)).encode()).hexdigest()


@asynccontextmanager
async def reconciled(folder: Path, operators: Path) -> AsyncIterator[Reconciled]:
    """A customer's first order, complete at a gateway that runs from entry to exit."""
    port = free_port()
    command = ["gateway", "serve", "--providers", str(operators / "providers.json"), "--port", str(port)]
    told = [*command, "--data", str(folder / "data")]
    program = start(told, folder / "gateway.log", clean_environment(**FAST), port)
    try:
        await program.ready()
        async with consumer(program.url) as nobody:
            guest = await nobody.newcomer()
            order = await place(guest, (await basket(guest)).given())
            await guest.events("12", {"orderId": order})
        yield Reconciled(folder, operators, order)
    finally:
        program.end()


@pytest.mark.requirement("S5", "R7")
async def test_each_kind_of_difference_is_named_and_nothing_is_changed(tmp_path: Path, operators: Path) -> None:
    async with reconciled(tmp_path, operators) as running:
        status, text, _ = await running.report()
        assert status == 0, text
        assert text.endswith(": 0 differences\n")

        planted = await plant(running)
        before = await running.kept()
        status, text, errors = await running.report("--format", "json")
        told = await running.report()

        assert status == 1, errors
        found = [each for provider in json.loads(text)["providers"] for each in provider["differences"]]
        shown = {(each["kind"], each["ref"], each["ours"], each["theirs"]) for each in found}
        assert shown == planted
        assert len(found) == len(planted)
        assert {each["order_id"] for each in found} == {running.order, None}
        assert told[0] == 1
        assert told[1].count("\n") == len(planted) + 1
        assert await running.kept() == before


@pytest.mark.requirement("S5", "R7")
async def test_an_order_of_an_item_that_a_restored_copy_gave_up_unsent_is_named(
    tmp_path: Path, operators: Path
) -> None:
    async with reconciled(tmp_path, operators) as running:
        async with running.opened() as (storage, _):
            order = await read(storage, running.order)
            given_up = order.items[0]
            unsent = replace(
                given_up, state=OrderItemState.CANCELLED, phase=ItemPhase.ENDED, order_ref=None, product=None
            )
            async with storage.writing() as unit:
                found = await unit.orders.get(running.order, lock=True)
                assert found is not None
                await unit.orders.save(replace(found, items=(unsent, *found.items[1:])))

        _, text, errors = await running.report("--format", "json")

        told = [each for provider in json.loads(text)["providers"] for each in provider["differences"]]
        shown = [(each["kind"], each["ref"], each["ours"], each["theirs"]) for each in told]
        assert shown == [("ORDER_UNKNOWN", given_up.order_ref, "CANCELLED", "COMPLETED")], errors


async def plant(running: Reconciled) -> set[tuple[str, str, str | None, str | None]]:
    """One of each kind; what the report is to say: kind, reference, our state, theirs."""
    async with running.opened() as (storage, registry):
        order = await read(storage, running.order)
        extra, lost, failed = order.items[:3]
        made = await at_provider(registry, extra, "not ours")
        key = extra.key("place").removesuffix("1") + "2"
        unknown = await at_provider(registry, extra, key)
        ended = order.items[-1]
        provider = registry.provider(ended.provider)
        assert provider is not None
        assert provider.ordering is not None
        assert ended.product is not None
        await provider.ordering.terminate(ended.product.ref, "the end", ended.party)
        assert lost.product is not None
        async with storage.writing() as unit:
            found = await unit.orders.get(running.order, lock=True)
            assert found is not None
            changed = {
                lost.id: replace(lost, order_ref=NO_SUCH, product=replace(lost.product, ref=NO_SUCH)),
                failed.id: replace(failed, state=OrderItemState.FAILED, phase=ItemPhase.ENDED, product=None),
            }
            await unit.orders.save(replace(found, items=tuple(changed.get(each.id, each) for each in found.items)))
            await unit.orders.record_step(order.id, StepRecord(extra.id, "place", 2, key, datetime.now(UTC)))
    await asyncio.sleep(1.5)
    return {
        ("PRODUCT_NOT_ORDERED", made.product, None, "ACTIVE"),
        ("ORDER_UNKNOWN", unknown.ref, "COMPLETED", "COMPLETED"),
        ("ORDER_MISSING", NO_SUCH, "COMPLETED", None),
        ("PRODUCT_MISSING", NO_SUCH, "ACTIVE", None),
        ("PRODUCT_NOT_ORDERED", lost.product.ref, None, "ACTIVE"),
        ("ORDER_STATE", str(failed.order_ref), "FAILED", "COMPLETED"),
        ("PRODUCT_STATE", ended.product.ref, "ACTIVE", "TERMINATED"),
    }


async def read(storage: SqlStorage, order_id: str) -> Order:
    async with storage.reading() as unit:
        found = await unit.orders.get(order_id)
    assert found is not None
    assert found.state == "COMPLETED"
    return found


@dataclass(frozen=True)
class Made:
    """An order that was made behind the gateway's back."""

    ref: str
    product: str


async def at_provider(registry: Registry, item: OrderItem, key: str) -> Made:
    """As the item's, for its party, by that key."""
    provider: Any = registry.provider(item.provider)
    asked = OrderRequest(key, item.party, item.offering_ref, item.quantity, item.values)
    placed = await provider.ordering.place(asked)
    async with asyncio.timeout(20):
        while placed.state != "COMPLETED":
            await asyncio.sleep(0.05)
            placed = await provider.ordering.track(placed.ref)
    return Made(placed.ref, placed.product_ref)


@pytest.mark.requirement("R7")
async def test_a_provider_that_is_away_is_named_and_the_others_are_compared(tmp_path: Path, operators: Path) -> None:
    async with reconciled(tmp_path, operators) as running:
        content = json.loads((operators / "providers.json").read_text())
        async with running.opened() as (storage, _):
            first, *others = sorted({each.provider for each in (await read(storage, running.order)).items})
        for each in content["providers"]:
            if each["slug"] == first:
                each["settings"]["url"] = f"http://127.0.0.1:{free_port()}/tmf-api"
        away = tmp_path / "away.json"
        away.write_text(json.dumps(content))

        status, text, _ = await running.report("--format", "json", providers=away)
        alone = await running.report("--provider", others[0], providers=away)
        unknown = await running.report("--provider", NO_SUCH)
        nowhere = await running.report("--format", "xml")

        compared = json.loads(text)["providers"]
        assert status == 2
        assert [(each["slug"], each["unasked"]) for each in compared] == [
            (first, "PROVIDER_UNAVAILABLE"),
            *((each, None) for each in others),
        ]
        assert all(each["accounts"] == 1 and each["orders"] for each in compared[1:])
        assert alone[0] == 0
        assert (unknown[0], unknown[2]) == (2, f"gateway: no customer has an account at a provider '{NO_SUCH}'\n")
        assert (nowhere[0], nowhere[2]) == (2, "gateway: there is no format 'xml'; there are: text, json\n")
