"""What happens is told to those who registered, and told again when they did not hear it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from providers.simulator.serving import run_operators
from tests.simulator.calls import BILLING, CATALOG, INVENTORY, ORDERING, Json, Operator, until


class Listener:
    """An address for events; the first `deaf` posts are answered with 500."""

    def __init__(self) -> None:
        self.heard: list[Json] = []
        self.deaf = 0
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        """Takes a post."""
        if self.deaf:
            self.deaf -= 1
            return web.Response(status=500)
        self.heard.append(await request.json())
        return web.Response(status=204)

    def states(self, event_type: str, resource: str, attribute: str = "state") -> list[Json]:
        """The states told by events of this type."""
        told = [each for each in self.heard if each["eventType"] == event_type]
        return [each["event"][resource][attribute] for each in told]

    async def heard_of(self, count: int) -> None:
        """Waits for that many events."""
        await until(self._count, lambda heard: heard >= count)

    async def _count(self) -> int:
        return len(self.heard)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A listener on a free port."""
    heard = Listener()
    application = web.Application()
    application.router.add_post("/events", heard.hear)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    heard.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    yield heard
    await runner.cleanup()


async def _register(operator: Operator, api: str, listener: Listener, query: str | None = None) -> Json:
    body = {"callback": listener.url, **({"query": query} if query else {})}
    status, made = await operator.call("POST", f"{api}/hub", body)
    assert status == 201
    return made


async def test_an_orders_events_come_in_order_with_the_whole_resource(fjordnet: Operator, listener: Listener) -> None:
    for api in (ORDERING, INVENTORY, BILLING):
        await _register(fjordnet, api, listener)

    order = await fjordnet.order("fibre-100", "key-1")
    await listener.heard_of(6)

    assert listener.states("ProductOrderCreateEvent", "productOrder") == ["acknowledged"]
    assert listener.states("ProductOrderStateChangeEvent", "productOrder") == ["inProgress", "completed"]
    assert listener.states("ProductCreateEvent", "product", "status") == ["pendingActive"]
    assert listener.states("ProductStateChangeEvent", "product", "status") == ["active"]
    assert listener.states("CustomerBillCreateEvent", "customerBill") == ["sent"]
    first = next(each for each in listener.heard if each["eventType"] == "ProductOrderCreateEvent")
    assert first["event"]["productOrder"]["externalId"] == "key-1"
    assert first["event"]["productOrder"]["id"] == order["id"]
    assert {"eventId", "eventTime", "eventType", "domain", "event"} <= first.keys()


async def test_a_cancellation_is_told(tmp_path: Path, session: aiohttp.ClientSession, listener: Listener) -> None:
    async with run_operators(tmp_path, ("fjordnet",), delivery_min_s=9, delivery_max_s=9) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        await _register(fjordnet, ORDERING, listener)
        order = await fjordnet.order("fibre-100")

        await fjordnet.call("POST", f"{ORDERING}/cancelProductOrder", {"productOrder": {"id": order["id"]}})
        await listener.heard_of(5)

    assert listener.states("CancelProductOrderStateChangeEvent", "cancelProductOrder") == ["done"]
    assert listener.states("ProductOrderStateChangeEvent", "productOrder") == ["pendingCancellation", "cancelled"]


async def test_an_event_that_was_not_heard_is_told_again(fjordnet: Operator, listener: Listener) -> None:
    listener.deaf = 2
    await _register(fjordnet, ORDERING, listener, "eventType=ProductOrderCreateEvent")

    await fjordnet.order("fibre-100")
    await listener.heard_of(1)

    assert listener.states("ProductOrderCreateEvent", "productOrder") == ["acknowledged"]
    assert (await until(fjordnet.counts, lambda c: c["outbox"] == 0))["subscriptions"] == 1


async def test_an_event_survives_a_restart(tmp_path: Path, session: aiohttp.ClientSession, listener: Listener) -> None:
    listener.deaf = 1
    async with run_operators(tmp_path, ("fjordnet",), hub_backoff_s=0.5) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        await _register(fjordnet, ORDERING, listener, "eventType=ProductOrderCreateEvent")
        await fjordnet.order("fibre-100")
        await until(fjordnet.counts, lambda c: c["outbox"] == 1 and listener.deaf == 0)

    async with run_operators(tmp_path, ("fjordnet",)):
        await listener.heard_of(1)

    assert listener.states("ProductOrderCreateEvent", "productOrder") == ["acknowledged"]


async def test_an_event_that_is_never_heard_is_given_up(
    tmp_path: Path, session: aiohttp.ClientSession, listener: Listener
) -> None:
    listener.deaf = 1000
    async with run_operators(tmp_path, ("fjordnet",), hub_attempts=2, hub_backoff_s=0.01) as urls:
        fjordnet = Operator(session, urls["fjordnet"])
        await _register(fjordnet, ORDERING, listener)
        order = await fjordnet.order("fibre-100")
        await fjordnet.order_in(order["id"], "completed")

        await until(fjordnet.counts, lambda c: c["outbox"] == 0)

    assert listener.deaf == 1000 - 3 * 2


async def test_registering_again_is_harmless_and_unregistering_ends_it(fjordnet: Operator, listener: Listener) -> None:
    first = await _register(fjordnet, ORDERING, listener)
    again = await _register(fjordnet, ORDERING, listener)

    gone, _ = await fjordnet.call("DELETE", f"{ORDERING}/hub/{first['id']}")
    missing, _ = await fjordnet.call("DELETE", f"{ORDERING}/hub/{first['id']}")

    assert first == again
    assert (gone, missing) == (204, 404)
    assert (await fjordnet.counts())["subscriptions"] == 0


@pytest.mark.parametrize("callback", ["", "ftp://127.0.0.1/x", "http://", "http://[", "nowhere"])
async def test_an_address_that_cannot_be_posted_to_is_a_bad_request(fjordnet: Operator, callback: str) -> None:
    status, body = await fjordnet.call("POST", f"{ORDERING}/hub", {"callback": callback})

    assert (status, body["code"]) == (400, "INVALID_CALLBACK")


async def test_a_change_of_the_catalogue_is_told(fjordnet: Operator, listener: Listener) -> None:
    await _register(fjordnet, CATALOG, listener)

    changes = {"prices": {"Monthly fee": 299}, "set": {"lifecycleStatus": "Retired"}}
    status, _ = await fjordnet.call("PATCH", "/_control/offerings/fibre-100", changes)
    await listener.heard_of(2)

    assert status == 200
    assert listener.states("ProductOfferingStateChangeEvent", "productOffering", "lifecycleStatus") == ["Retired"]
    prices = listener.states("ProductOfferingPriceAttributeValueChangeEvent", "productOfferingPrice", "price")
    assert prices == [{"unit": "SEK", "value": 299}]


@pytest.mark.parametrize(("kind", "times"), [("lose", 0), ("repeat", 3), ("delay", 1)])
async def test_an_event_can_be_lost_repeated_or_late(
    fjordnet: Operator, listener: Listener, kind: str, times: int
) -> None:
    await fjordnet.fault(operation="hub.event", kind=kind, match="ProductOrderCreateEvent", copies=2, seconds=0.3)
    await _register(fjordnet, ORDERING, listener)

    order = await fjordnet.order("fibre-100")
    await fjordnet.order_in(order["id"], "completed")
    await until(fjordnet.counts, lambda c: c["outbox"] == 0)
    await asyncio.sleep(0)

    assert listener.states("ProductOrderCreateEvent", "productOrder") == ["acknowledged"] * times
    last = listener.heard[-1]["eventType"]
    assert last == ("ProductOrderCreateEvent" if kind == "delay" else "ProductOrderStateChangeEvent")
