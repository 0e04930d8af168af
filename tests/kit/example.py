"""The example of an adapter that is in the documentation, and its provider: as they are, or broken in one way."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web

from docs.adapter_example.bergby.server import application
from gateway.contract import Connect
from gateway.kit.conformance import Declared

SOURCE = Path(__file__).parents[2] / "docs" / "adapter_example" / "bergby" / "adapter.py"
PLACE = {"street": "Storgatan", "house_number": "1", "postcode": "75310", "city": "Uppsala", "country": "SE"}


def adapter(old: str = "", new: str = "") -> Connect:
    """Its `connect`, with that piece of its source replaced."""
    source = SOURCE.read_text("utf-8")
    assert old in source, f"the example has no {old!r}"
    module = ModuleType("bergby_under_test")
    sys.modules[module.__name__] = module
    exec(compile(source.replace(old, new), str(SOURCE), "exec"), vars(module))  # noqa: S102
    connect: Connect = module.connect
    return connect


def declared(url: str, **conformance: Any) -> Declared:
    """The provider at that address, with all that can be declared of it."""
    known: Mapping[str, Any] = {
        "changes": True,
        "offering": "fibre-250",
        "offerings": 5,
        "delivers_at": PLACE,
        "does_not_deliver_at": {**PLACE, "postcode": "11122"},
        "secrets": ["credentials.bearer_token"],
        "state_fields": {"order": "state", "product": "state"},
        "delivery_s": 5,
    }
    settings = {"url": url, "credentials": {"bearer_token": "a-token"}}
    return Declared.model_validate({
        "slug": "bergby", "name": "Bergby Fibre", "roles": ["NETWORK_OPERATOR"], "settings": settings,
        "conformance": {**known, **conformance},
    })  # fmt: skip


@asynccontextmanager
async def bergby(install_s: float = 0.1) -> AsyncIterator[str]:
    """Its own system, at that address."""
    runner = web.AppRunner(application("a-token", install_s), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
