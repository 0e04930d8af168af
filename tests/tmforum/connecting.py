"""Connects the adapter to an address, and serves rows as a TM Forum API would."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from gateway.contract import Limits, Provider, ProviderProfile, ProviderRole, ProviderSettings, own_id
from providers.tmforum import connect
from tests.web import Handler, serving

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FAST = Limits(read_timeout_s=2.0, change_timeout_s=2.0)
Row = dict[str, Any]


def a_profile(slug: str = "granit", *roles: ProviderRole) -> ProviderProfile:
    """A provider's public face; of a service provider unless told."""
    return ProviderProfile(own_id("Provider", slug), slug, slug.title(), roles or (ProviderRole.SERVICE_PROVIDER,))


@asynccontextmanager
async def connected(
    url: str,
    profile: ProviderProfile | None = None,
    *,
    limits: Limits = FAST,
    now: Callable[[], datetime] = lambda: NOW,
    **options: Any,
) -> AsyncIterator[Provider]:
    """The provider at that address."""
    async with connect(ProviderSettings(profile or a_profile(), {"url": url, **options}, limits, now)) as provider:
        yield provider


def resource_in(path: str) -> str:
    """What stands after the version."""
    return re.split("/v[45]/", path)[-1]


@dataclass
class Shop:
    """A TM Forum server in its simplest form: resources by name; `before` may answer a request instead."""

    rows: Mapping[str, list[Row]] = field(default_factory=dict)
    before: Handler | None = None
    has_totals: bool = True
    calls: Counter[str] = field(default_factory=Counter)
    bodies: list[Any] = field(default_factory=list)
    created: Callable[[str, Any], Row] = lambda _name, body: {"id": "new-1", **body}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.calls[f"{request.method} {resource_in(request.path)}"] += 1
        if request.method == "POST":
            self.bodies.append(await request.json())
        if self.before is not None:
            answer = await self.before(request)
            if answer.status != 299:
                return answer
        return self._answer(request)

    def _answer(self, request: web.Request) -> web.Response:
        name, _, ref = resource_in(request.path).partition("/")
        if request.method == "POST":
            return web.json_response(self.created(name, self.bodies[-1]), status=201)
        if name not in self.rows:
            return web.json_response({"code": "NOT_FOUND", "reason": "nothing here"}, status=404)
        found = self.rows[name]
        if ref:
            return next((web.json_response(row) for row in found if str(row["id"]) == ref), web.Response(status=404))
        return self._page(request, found)

    def _page(self, request: web.Request, rows: list[Row]) -> web.Response:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        totals = {"X-Total-Count": str(len(rows))} if self.has_totals else {}
        return web.json_response(rows[offset : offset + limit], headers=totals)


def go_on() -> web.Response:
    """What a shop's `before` answers to let the shop answer itself."""
    return web.Response(status=299)


@asynccontextmanager
async def shopping(shop: Shop, profile: ProviderProfile | None = None, **options: Any) -> AsyncIterator[Provider]:
    """The adapter, connected to that shop."""
    async with serving(shop) as url, connected(url, profile, **options) as provider:
        yield provider
