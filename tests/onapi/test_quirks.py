"""What networks do that is not in the document, or that the document leaves open."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from gateway.api.texts import tell
from gateway.contract import (
    ContractBroken,
    OrderItemState,
    OrderRequest,
    OutcomeUnknown,
    PolledSignals,
    Provider,
    QualificationResult,
    Rejected,
    Signal,
    SignalKind,
)
from gateway.kit import InvalidOptions
from providers.onapi.options import read_options
from providers.onapi.references import digest_of, name_of, reference_of
from tests.onapi.connecting import a_place, connected, settings_of
from tests.web import serving

ACCESS = {
    "accessId": "a-1",
    "streetName": "Storgatan",
    "streetNumber": "1",
    "postalCode": "11122",
    "countryCode": "SE",
    "premisesType": "RESIDENTIAL_HOUSE",
    "accessState": "CONNECTED",
}
OFFERED = {"accessId": "a-1", "services": [{"service": "BB-100-100", "availableDateTime": "2020-01-01T00:00:00Z"}]}
REQUEST = OrderRequest("key-1", "anna", "BB-100-100", place=a_place())
REFERENCE = digest_of("key-1")


@dataclass
class Canned:
    """Answers by `METHOD path`, below `/onapi/2.6/`; a function is given the request. All else is 404."""

    answers: Mapping[str, Any]
    calls: Counter[str] = field(default_factory=Counter)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        named = f"{request.method} {request.path.removeprefix('/onapi/2.6/')}"
        self.calls[named] += 1
        found = self.answers.get(named)
        if callable(found):
            found = found(request)
        if isinstance(found, web.Response):
            return found
        return web.Response(status=404) if found is None else web.json_response(found)


def canned(**more: Any) -> Canned:
    """A network with one house."""
    house = {"GET accesses/": [ACCESS], "GET services/": [OFFERED], "GET services/a-1": OFFERED, "GET orders/": []}
    return Canned({**house, **more})


def made(status: int = 201, location: str = "", **row: Any) -> web.Response:
    return web.json_response(row, status=status, headers={"Location": location} if location else {})


async def placed(network: Canned) -> Any:
    async with serving(network) as url, connected(url) as provider:
        assert provider.ordering is not None
        return await provider.ordering.place(REQUEST)


@pytest.mark.parametrize(
    "answer",
    [
        {"orderId": "o-1"},
        {"path": "/onapi/api/2.6/orders/o-1"},
        {"location": "/onapi/2.6/orders/o-1/"},
    ],
)
async def test_an_order_s_id_is_taken_from_where_it_stands(answer: Any) -> None:
    order = await placed(canned(**{"POST orders/": made(state="RECEIVED", **answer)}))

    assert (order.ref, order.key, order.state) == ("o-1", "key-1", OrderItemState.ACKNOWLEDGED)


async def test_a_state_that_nobody_knows_is_looked_at_again() -> None:
    order = await placed(canned(**{"POST orders/": made(orderId="o-1", state="PONDERED")}))

    assert (order.state, order.provider_state) == (OrderItemState.IN_PROGRESS, "PONDERED")


async def test_an_answer_without_an_id_is_no_order_and_is_looked_for() -> None:
    with pytest.raises(OutcomeUnknown, match="an order without an ID"):
        await placed(canned(**{"POST orders/": made(state="RECEIVED")}))


async def test_an_order_for_what_is_not_found_is_refused() -> None:
    with pytest.raises(Rejected, match="no such access"):
        await placed(canned(**{"POST orders/": made(404, cause="no such access")}))


async def test_an_order_of_somebody_else_s_is_never_taken_for_ours() -> None:
    theirs = {"orderId": "o-9", "state": "RECEIVED", "operation": "ACTIVATE", "spSubscriptionId": "theirs"}
    network = canned(**{"POST orders/": made(200, **theirs), "GET orders/o-9": theirs})

    with pytest.raises(Rejected) as caught:
        await placed(network)

    assert caught.value.reason == "SERVICE_TAKEN"
    assert network.calls["POST orders/"] == 1


async def test_our_own_order_that_is_answered_again_is_ours() -> None:
    short = {"path": "/onapi/2.6/orders/o-1", "state": "RECEIVED", "operation": "ACTIVATE"}
    network = canned(**{"POST orders/": made(200, **short), "GET orders/o-1": {**short, "spSubscriptionId": REFERENCE}})

    assert (await placed(network)).ref == "o-1"


async def test_a_service_that_is_active_already_is_ours_only_with_our_reference() -> None:
    def held(reference: str) -> Canned:
        row = {"subscriptionId": "s-1", "service": "BB-100-100", "spSubscriptionId": reference}
        done = made(200, accessId="a-1", operation="ACTIVATE", state="DONE_SUCCESS")
        return canned(**{"POST orders/": done, "GET subscriptions/a-1": {"subscriptions": [row]}})

    order = await placed(held(REFERENCE))
    with pytest.raises(Rejected):
        await placed(held("theirs"))

    assert (order.ref, order.product_ref) == ("active/a-1/s-1", "a-1/s-1")
    assert order.state is OrderItemState.COMPLETED


async def test_an_order_that_is_done_and_does_not_name_its_subscription_is_completed_with_it() -> None:
    row = {
        "orderId": "o-1",
        "accessId": "a-1",
        "operation": "ACTIVATE",
        "state": "DONE_SUCCESS",
        "spSubscriptionId": REFERENCE,
    }
    held = {"subscriptions": [{"subscriptionId": "s-1", "spSubscriptionId": REFERENCE}]}
    network = canned(**{"GET orders/o-1": row, "GET subscriptions/a-1": held})
    async with serving(network) as url, connected(url) as provider:
        assert provider.ordering is not None
        order = await provider.ordering.track("o-1")

    assert (order.state, order.product_ref) == (OrderItemState.COMPLETED, "a-1/s-1")


async def test_a_network_that_shows_no_references_can_not_say_that_a_key_is_unknown() -> None:
    network = canned(**{"GET orders/": [{"orderId": "o-9", "operation": "ACTIVATE", "state": "RECEIVED"}]})
    async with serving(network) as url, connected(url) as provider:
        assert provider.ordering is not None
        with pytest.raises(ContractBroken, match="no order shows our reference"):
            await provider.ordering.find("key-1")


async def test_a_network_that_cancels_nothing_refuses() -> None:
    network = canned(**{"DELETE orders/o-1": made(501, cause="Not implemented")})
    async with serving(network) as url, connected(url) as provider:
        assert provider.ordering is not None
        answer = await provider.ordering.cancel("o-1", "key", None)

    assert (answer.state, answer.text) == ("REFUSED", "Not implemented")


async def test_a_network_without_accesses_serves_nobody_and_sells_nothing() -> None:
    async with serving(Canned({})) as url, connected(url) as provider:
        assert provider.qualification is not None
        assert provider.catalog is not None
        (answer,) = await provider.qualification.qualify(["BB-100-100"], a_place())
        snapshot = await provider.catalog.snapshot(None)

    assert answer.result is QualificationResult.UNQUALIFIED
    assert snapshot is not None
    assert snapshot.offerings == ()


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ({"availableDateTime": ""}, "SERVICE_TAKEN"),
        ({"availableDateTime": "3030-12-12T00:00:01Z"}, "SERVICE_TAKEN"),
        ({"availableDateTime": "2020-01-01T00:00:00Z", "connectionDateTime": "3030-12-12T00:00:01Z"}, "SERVICE_TAKEN"),
        ({"availableDateTime": "2020-01-01T00:00:00Z", "disconnectionDateTime": "2021-01-01"}, "SERVICE_TAKEN"),
        ({"availableDateTime": "2020-01-01T00:00:00Z", "disconnectionDateTime": ""}, None),
        ({"availableDateTime": "2020-01-01T00:00:00", "connectionDateTime": None}, None),
    ],
)
async def test_a_service_is_had_from_the_later_of_its_dates_to_its_end(
    service: dict[str, Any], code: str | None
) -> None:
    offered = {"services": [{"service": "BB-100-100", **service}]}
    async with serving(canned(**{"GET services/a-1": offered})) as url, connected(url) as provider:
        assert provider.qualification is not None
        (answer,) = await provider.qualification.qualify(["BB-100-100"], a_place())

    assert [each.code for each in answer.reasons] == ([code] if code else [])


async def asked(provider: Provider, mark: str | None) -> PolledSignals:
    assert provider.polled_events is not None
    return await provider.polled_events.since(mark)


async def test_a_network_with_order_events_alone_is_asked_for_those_after_the_last() -> None:
    def events(request: web.Request) -> web.Response:
        paths = {"e-1": "o-1", "e-2": "o-2"}
        rows = [{"event": name, "order": {"path": f"/onapi/2.6/orders/{ref}"}} for name, ref in paths.items()]
        return web.json_response(rows[1:] if request.query.get("since") == "e-1" else rows[:1])

    network = Canned({"GET ": [{"name": "orders"}, {"name": "orderevents"}], "GET orderevents/": events})
    async with serving(network) as url, connected(url) as provider:
        begun = await asked(provider, None)
        news = await asked(provider, begun.mark)

    assert begun == PolledSignals((), "orderevents:e-1")
    assert news == PolledSignals((Signal(SignalKind.ORDER, "o-2"),), "orderevents:e-2")


async def test_nothing_is_missed_where_there_was_no_event_yet() -> None:
    rows: list[Any] = []
    network = Canned({"GET ": [{"name": "orderevents"}], "GET orderevents/": lambda _: web.json_response(rows)})
    async with serving(network) as url, connected(url) as provider:
        begun = await asked(provider, None)
        rows.append({"event": "e-1", "order": {"orderId": "o-1"}})
        news = await asked(provider, begun.mark)

    assert begun.mark == "orderevents:"
    assert news.signals == (Signal(SignalKind.ORDER, "o-1"),)


async def test_the_type_of_an_object_is_read_in_the_singular_too_and_tickets_are_none_of_ours() -> None:
    moment = "Tue, 05 Feb 2019 13:03:15 GMT"
    rows = [
        {"objectType": "order", "objectId": "o-1"},
        {"objectType": "subscriptions", "objectId": "s-1", "path": "/onapi/2.6/subscriptions/a-1"},
        {"objectType": "subscriptions", "objectId": "s-2"},
        {"objectType": "tickets", "objectId": "t-1"},
    ]
    answer = web.json_response(rows, headers={"Last-Modified": moment})
    async with serving(Canned({"GET events/": answer})) as url, connected(url) as provider:
        news = await asked(provider, f"events:{moment}")

    order, product = Signal(SignalKind.ORDER, "o-1"), Signal(SignalKind.PRODUCT, "a-1/s-1")
    assert news == PolledSignals((order, product, Signal(SignalKind.PRODUCT)), f"events:{moment}")


def test_a_customer_and_a_key_fit_into_a_reference_and_a_customer_comes_back() -> None:
    pseudonym = "gw-0d3c7f6e-8a1b-4c2d-9e3f-5a6b7c8d9e0f"

    assert reference_of("anna") == "anna"
    assert reference_of(pseudonym) == "gw-0d3c7f6e8a1b4c2d9e3f5a6b7c8d9e0f"
    assert name_of(reference_of(pseudonym)) == pseudonym
    # What looks like a shortened one is none: two customers never have one reference.
    assert reference_of("gw-0d3c7f6e8a1b4c2d9e3f5a6b7c8d9e0f") != reference_of(pseudonym)
    assert len(reference_of("a name with blanks")) == 32


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://network.example", "https://network.example/onapi/2.6"),
        ("https://network.example/", "https://network.example/onapi/2.6"),
        ("https://network.example/onapi/2.6/", "https://network.example/onapi/2.6"),
        ("https://network.example/onapi/api/2.5", "https://network.example/onapi/api/2.5"),
        ("https://network.example/open", "https://network.example/open/onapi/2.6"),
    ],
)
def test_the_address_may_be_the_server_s_or_the_api_s(given: str, base: str) -> None:
    assert read_options(settings_of(given)).url == base


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"url": "ftp://x"}, "option url: an http or https address is expected"),
        ({"services": {"IPTV": {"price": 1}}}, "option services.IPTV.price: is not known"),
        ({"services": {"IPTV": {"monthly": "much"}}}, "option services.IPTV.monthly: a number that is not negative"),
        ({"services": {"IPTV": {"monthly": -1}}}, "option services.IPTV.monthly: a number that is not negative"),
        ({"services": {"IPTV": {"category": "Tv!"}}}, "option services.IPTV.category: a slug"),
        ({"currency": "kr"}, "option currency: a currency of three letters is expected"),
        ({"tax_rate": True}, "option tax_rate: a number that is not negative is expected"),
        ({"time_zone": "Mars/Base"}, "option time_zone: a zone of the IANA list is expected"),
        ({"time_zone": "Europe"}, "option time_zone: a zone of the IANA list is expected"),
        ({"sends_key": True}, "option sends_key: is not known"),
        ({"credentials": {"basic": {"username": "s3cret"}}}, "option credentials.basic.password: is required"),
    ],
)
def test_each_option_that_can_not_be_used_is_one_clear_line(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        read_options(settings_of(**{"url": "https://network.example", **options}))

    assert text in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_who_lives_with_others_at_an_address_is_told_to_name_the_apartment() -> None:
    assert tell("en", "reason", "UNIT_NEEDED", {}) == "Several homes share the address: say which apartment it is."
