"""Registers at the hubs and reads what they post.

Source: TMF630 (hub), and the events of TMF620, 622, 637 and 678, in v4 and v5.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from gateway.contract import ContractBroken, ProviderError, Signal, SignalKind
from gateway.kit import Answer, Area
from providers.tmforum.context import Reading
from providers.tmforum.reading import Row, in_path, part, parts, reference_in, text
from providers.tmforum.requests import keys_of
from providers.tmforum.states import goes_on

HUB = "hub"
KNOWN_ALREADY = frozenset({int(HTTPStatus.CONFLICT)})
UNSUBSCRIBE_LIMIT_S = 3.0
# By the beginning of the event's type, in small letters; the longer ones first where one begins another.
KINDS = (
    ("cancelproductorder", SignalKind.CANCELLATION),
    # The file of TMF622 v5.0 spells the resource so.
    ("canccelproductorder", SignalKind.CANCELLATION),
    ("productorder", SignalKind.ORDER),
    ("productoffering", SignalKind.CATALOG),
    ("productspecification", SignalKind.CATALOG),
    ("productcatalog", SignalKind.CATALOG),
    ("product", SignalKind.PRODUCT),
    ("category", SignalKind.CATALOG),
    ("catalog", SignalKind.CATALOG),
    ("customerbillondemand", None),
    ("customerbill", SignalKind.BILL),
)
# What tells that an order was made, or went to another state, and nothing else.
MOVES = ("productordercreate", "productorderstatechange")
ITEMS = ("productOrderItem", "orderItem")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Registration:
    area: Area
    callback: str
    ref: str | None


class TmForumEvents:
    """See contract.Events. What was registered is remembered by this process alone: hubs can't be asked."""

    def __init__(self, areas: Sequence[Area], reading: Reading) -> None:
        self._provider = reading.profile.slug
        self._reading = reading
        self._areas = areas
        self._kept: list[_Registration] = []
        self._subscribing = asyncio.Lock()

    async def subscribe(self, callback_url: str) -> None:
        """Registers at each API's hub, but where that address is registered; an API without a hub is passed over.

        Raises: Unavailable, Rejected (the first, after all were tried).
        """
        async with self._subscribing:
            done = {each.area.url for each in self._kept if each.callback == callback_url}
            missing = [area for area in self._areas if area.url not in done]
            results = await asyncio.gather(*(self._register(each, callback_url) for each in missing))
        for error in results:
            if error is not None:
                raise error

    async def unsubscribe(self) -> None:
        """Takes back what it can; a provider that does not answer loses the address when its posts fail."""
        kept, self._kept = self._kept, []
        known = [each for each in kept if each.ref is not None]
        try:
            async with asyncio.timeout(UNSUBSCRIBE_LIMIT_S):
                await asyncio.gather(*(self._unregister(each) for each in known))
        except TimeoutError:
            _log.info("%s: registrations left behind", self._provider)

    def read(self, body: Mapping[str, Any]) -> Sequence[Signal]:
        """One event, or the several of a batch.

        The type stands in `eventType`, in v5 in `@type` too; where it begins with nothing known (older servers post
        `OrderCreationNotification`), the name of the resource decides.
        """
        kind_name, content = text(body, "eventType") or text(body, "@type"), part(body, "event")
        if kind_name is None or not content:
            raise ContractBroken(self._provider, "events", "no eventType, or no event")
        kind = next((kind for name in (kind_name, *content) for start, kind in KINDS if _begins(name, start)), None)
        if kind is None:
            return ()
        rows = [row for name in content for row in parts(content, name)]
        is_move = any(_begins(kind_name, start) for start in MOVES)
        return tuple(dict.fromkeys(_signal(kind, row, is_move) for row in rows)) or (Signal(kind),)

    async def _register(self, area: Area, callback_url: str) -> ProviderError | None:
        written = self._reading.profiles.of(area.capability).shapes
        body = self._reading.body(written.typed("Hub", {"callback": callback_url}))
        try:
            row = await area.ask(HUB, body, _row_or_none, also=KNOWN_ALREADY)
        except ContractBroken as error:
            _log.info("%s: no hub for %s: %s", self._provider, area.capability, error.detail)
            row = {}
        except ProviderError as error:
            return error
        self._kept.append(_Registration(area, callback_url, text(row, "id")))
        return None

    async def _unregister(self, registration: _Registration) -> None:
        try:
            await registration.area.delete(f"{HUB}/{in_path(registration.ref or '')}")
        except ProviderError as error:
            _log.info("%s: registration left behind: %s", self._provider, error.code)


def _begins(name: str, start: str) -> bool:
    return name.lower().startswith(start)


def _row_or_none(answer: Answer) -> Row:
    found = {} if answer.status in KNOWN_ALREADY else answer.json()
    return found if isinstance(found, dict) else {}


def _signal(kind: SignalKind, row: Row, is_move: bool) -> Signal:
    if kind is SignalKind.CANCELLATION:
        return Signal(kind, reference_in(row, "productOrder"))
    if kind is SignalKind.ORDER:
        states = [text(item, "state") for name in ITEMS for item in parts(row, name)]
        is_going_on = is_move and goes_on(text(row, "state"), states)
        return Signal(kind, text(row, "id"), next(iter(keys_of(row)), None), is_going_on)
    return Signal(kind, text(row, "id"))
