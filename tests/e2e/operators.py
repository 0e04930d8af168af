"""The operators seen from their control API: what they count, and what they are told to get wrong."""

import contextlib
import json
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from providers.simulator import operators as describe
from tests.e2e.processes import Program, start


def addresses(folder: Path) -> dict[str, str]:
    """The root of each operator's APIs, by slug."""
    told = json.loads((folder / "operators.json").read_text("utf-8"))
    return {slug: each["url"] for slug, each in told.items()}


def _control(url: str, path: str) -> str:
    return str(URL(url).with_path(f"/_control/{path}"))


@dataclass(frozen=True)
class Counted:
    """All operators together."""

    orders: Counter[str]
    """Orders by state; the one that ends a product is one, too."""
    products: Counter[str]
    """Products by status."""
    per_key: Counter[str]
    """Orders by the gateway's key."""
    actions: Counter[str]
    """Orders by action: `add` and `delete`."""


async def count(folder: Path) -> Counted:
    """What the operators of that folder have by now."""
    counted = [await _get(_control(url, "counts")) for url in addresses(folder).values()]
    orders, products, per_key, actions = (
        sum((Counter(each[name]) for each in counted), Counter[str]())
        for name in ("orders", "products", "ordersByExternalId", "ordersByAction")
    )
    return Counted(orders, products, per_key, actions)


async def calls(folder: Path, operation: str) -> int:
    """How often all operators together were called for that."""
    counted = [await _get(_control(url, "counts")) for url in addresses(folder).values()]
    return sum(each["calls"].get(operation, 0) for each in counted)


async def tell_to_fail(folder: Path, slugs: tuple[str, ...], **rule: Any) -> None:
    """Puts a rule in force at these operators."""
    urls = addresses(folder)
    async with aiohttp.ClientSession() as session:
        for slug in slugs:
            async with session.post(_control(urls[slug], "faults"), json=rule) as response:
                assert response.status == 201, await response.text()


async def mend(folder: Path, slugs: tuple[str, ...]) -> None:
    """Takes all rules of these operators back."""
    urls = addresses(folder)
    async with aiohttp.ClientSession() as session:
        for slug in slugs:
            async with session.delete(_control(urls[slug], "faults")) as response:
                assert response.status == 204


async def deliver(session: aiohttp.ClientSession, url: str, order_ref: str) -> None:
    """Makes the operator deliver one order now."""
    async with session.post(_control(url, "deliveries"), json={"orderId": order_ref}) as response:
        assert await response.json() == {"hastened": 1}


async def _get(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        return dict(await response.json())


def write_providers_file(folder: Path) -> Path:
    """A file of providers for `gateway serve`, beside the operators' own."""
    urls = addresses(folder)
    described = describe(folder)
    providers = [
        {**each, "settings": {**each["settings"], "url": urls[each["slug"]]}} for each in described["providers"]
    ]
    path = folder / "providers.json"
    content = {"providers": providers, "agreements": described["agreements"]}
    path.write_text(json.dumps(content, default=lambda moment: moment.isoformat()), "utf-8")
    return path


@contextlib.contextmanager
def running_operators(tmp_path: Path, least: str, most: str) -> Iterator[Path]:
    """The folder of operators that run beside the gateway, deliver in that time, and do not end with it."""
    folder = tmp_path / "operators"
    command = ["providers.simulator", "serve", "--data", str(folder), "--faults-enabled"]
    program = start([*command, "--delivery-min", least, "--delivery-max", most], tmp_path / "operators.log")
    try:
        _wait_for_line(program)
        write_providers_file(folder)
        yield folder
    finally:
        program.end()


def _wait_for_line(program: Program) -> None:
    for _ in range(400):
        if "\n" in program.written():
            return
        assert program.process.poll() is None, program.written()
        signal.sigtimedwait([], 0.05)
    raise AssertionError("the operators did not start")
