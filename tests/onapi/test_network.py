"""The network keeps to ON-API 2.6: who may ask, what there is, what an order does, what is told of it."""

import stat
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.onapi.calls import Json, Network, a_network
from tests.simulator.calls import until


async def test_who_has_not_the_password_learns_nothing(network: Network) -> None:
    for path in ("/", "/accesses/", "/orders/", "/nothing"):
        refused = await network.call("GET", path, password="wrong")
        assert (refused.status, refused.body) == (401, {"cause": "Invalid credentials"})


async def test_a_password_that_is_not_set_is_made_and_kept(tmp_path: Path) -> None:
    async with a_network(tmp_path, network_password=None) as network:
        password = (tmp_path / "tornfors.password").read_text("utf-8")
        assert (await network.call("GET", "/", password=password)).status == 200
    assert stat.S_IMODE((tmp_path / "tornfors.password").stat().st_mode) == 0o600
    async with a_network(tmp_path, network_password=None) as network:
        assert (await network.call("GET", "/", password=password)).status == 200


async def test_the_endpoints_are_listed_and_what_is_none_is_not_implemented(network: Network) -> None:
    listed = await network.get("/")

    names = ["accesses", "services", "orders", "orderevents", "subscriptions", "events"]
    assert [each["name"] for each in listed] == names
    for each in listed:
        assert isinstance(await network.get(each["endpoint"].removeprefix("/onapi/2.6")), list)
    assert (await network.call("GET", "/tickets")).status == 501


async def test_an_access_says_where_it_is_and_which_services_can_be_had(network: Network) -> None:
    key = await network.access("Storgatan", "2", "1101")

    access, offered = await network.get(f"/accesses/{key}"), await network.get(f"/services/{key}")

    assert (access["premisesType"], access["postalCode"], access["accessState"]) == (
        "MDU_APARTMENT",
        "11122",
        "CONNECTED",
    )
    names = ["BB-10-10", "BB-100-100", "BB-250-250", "BB-1000-1000", "VOIP"]
    assert [each["service"] for each in offered["services"]] == names
    assert (await network.call("GET", "/accesses/nobody")).status == 404
    assert (await network.call("GET", "/services/nobody")).status == 404


async def test_a_list_asked_for_again_answers_what_changed(network: Network) -> None:
    first = await network.call("GET", "/accesses/")
    again = await network.call("GET", "/accesses/", since=first.last_modified)
    changed = await network.call("PATCH", f"/_control/accesses/{first.body[3]['accessId']}", {"outlet": "C-1"})
    news = await network.call("GET", "/accesses/", since=first.last_modified)

    assert (again.status, again.body) == (304, None)
    assert changed.status == 200
    assert news.body == [{**first.body[3], "outlet": "C-1"}]


async def test_an_activation_makes_a_subscription_and_tells_of_each_state(network: Network) -> None:
    access = await network.access("Storgatan", "3")
    form = {"fixedIp": True}

    order = await network.order(
        operation="ACTIVATE",
        accessId=access,
        service="BB-100-100",
        spReference="anna",
        spSubscriptionId="key-1",
        characteristics=form,
    )
    done = await network.done(order)
    held = await network.get(f"/subscriptions/{access}")

    assert (order["state"], done["state"], done["message"]) == ("RECEIVED", "DONE_SUCCESS", "")
    assert done["path"] == f"/onapi/2.6/orders/{order['orderId']}"
    (subscription,) = held["subscriptions"]
    assert subscription["subscriptionId"] == order["subscriptionId"]
    assert (subscription["operationalState"], subscription["characteristics"]) == ("ACTIVATED", form)
    assert (subscription["spReference"], subscription["spSubscriptionId"]) == ("anna", "key-1")
    events = await network.get("/orderevents/")
    assert [each["order"]["state"] for each in events] == ["RECEIVED", "IN_PROGRESS", "DONE_SUCCESS"]
    later = await network.get(f"/orderevents/?since={events[0]['event']}")
    assert later == events[1:]
    offered = await network.get(f"/services/{access}")
    free = [each["service"] for each in offered["services"] if not each["availableDateTime"].startswith("3030")]
    assert free == ["VOIP"]


async def test_events_come_once_to_who_asks_with_the_moment_of_the_last_answer(network: Network) -> None:
    begun = format_datetime(datetime.now(UTC) - timedelta(seconds=1), usegmt=True)
    order = await network.active(await network.access("Storgatan", "3"))

    news = await until(lambda: network.call("GET", "/events/", since=begun), lambda each: each.status == 200)

    told = [(each["type"], each["objectType"]) for each in news.body if each["objectId"] == order["orderId"]]
    assert told[0] == ("CREATE", "orders")
    assert set(told[1:]) <= {("UPDATE", "orders")}
    rest = await network.call("GET", "/events/", since=news.last_modified)
    assert rest.status in {200, 304}
    assert not [each for each in rest.body or [] if each in news.body]


async def test_the_same_order_again_is_no_second_one(slow_network: Network) -> None:
    access = await slow_network.access("Storgatan", "3")
    sent: Json = {"operation": "ACTIVATE", "accessId": access, "service": "BB-100-100"}
    first = await slow_network.order(**sent)

    again = await slow_network.order(200, **sent)
    other = await slow_network.order(409, **{**sent, "service": "BB-10-10"})
    await slow_network.call("POST", "/_control/deliveries")
    await slow_network.done(first)
    already = await slow_network.order(200, **sent)

    assert again["orderId"] == first["orderId"]
    assert other == {"cause": "Another Service of ServiceType 'Broadband' is already active."}
    assert already == {**sent, "state": "DONE_SUCCESS", "message": ""}
    assert (await slow_network.counts())["ordersByAction"] == {"ACTIVATE": 1}


async def test_what_makes_no_sense_or_belongs_to_another_is_refused(network: Network) -> None:
    access = await network.access("Storgatan", "3")
    claimed = await network.access("Storgatan", "7")
    leaving = await network.access("Storgatan", "6")

    causes = [
        await network.order(400, operation="ACTIVATE", accessId=access, service="INTERNET"),
        await network.order(400, operation="ACTIVATE", accessId="nobody", service="BB-10-10"),
        await network.order(400, operation="ACTIVATE", service="BB-10-10"),
        await network.order(400, operation="ACTIVATE", accessId=leaving, service="BB-10-10"),
        await network.order(400, operation="DEACTIVATE", subscriptionId="nobody"),
        await network.order(409, operation="ACTIVATE", accessId=claimed, service="BB-10-10"),
    ]

    assert [each["cause"] for each in causes] == [
        "Unknown service: 'INTERNET'",
        "Unknown access: 'nobody'",
        "accessId and service are required for ACTIVATE",
        "The access is OUTMIGRATION",
        "Unknown subscription: 'nobody'",
        "ServiceType is already claimed by other Service Provider.",
    ]
    assert (await network.call("POST", "/orders/", {"operation": "DANCE"})).status == 400
    assert (await network.counts())["orders"] == {}


@pytest.mark.parametrize(
    ("order", "attribute", "value"),
    [
        ({"operation": "SUSPEND", "externalNote": "Not paid"}, "operationalState", "SUSPENDED"),
        ({"operation": "CHANGE", "service": "BB-1000-1000"}, "service", "BB-1000-1000"),
        ({"operation": "MODIFY", "spReference": "anna-2"}, "spReference", "anna-2"),
    ],
)
async def test_a_subscription_is_changed_at_once(network: Network, order: Json, attribute: str, value: str) -> None:
    access = await network.access("Storgatan", "3")
    active = await network.active(access)

    made = await network.order(subscriptionId=active["subscriptionId"], **order)

    assert made["state"] == "DONE_SUCCESS"
    (subscription,) = (await network.get(f"/subscriptions/{access}"))["subscriptions"]
    assert subscription[attribute] == value


async def test_what_is_suspended_can_be_resumed_and_only_that(network: Network) -> None:
    access = await network.access("Storgatan", "3")
    key = (await network.active(access))["subscriptionId"]

    refused = await network.order(409, operation="RESUME", subscriptionId=key)
    await network.order(operation="SUSPEND", subscriptionId=key)
    await network.order(operation="RESUME", subscriptionId=key)

    assert refused == {"cause": "The subscription is ACTIVATED"}
    (subscription,) = (await network.get(f"/subscriptions/{access}"))["subscriptions"]
    assert subscription["operationalState"] == "ACTIVATED"


async def test_a_subscription_that_is_deactivated_is_gone_and_ending_it_again_is_harmless(network: Network) -> None:
    access = await network.access("Storgatan", "3")
    key = (await network.active(access))["subscriptionId"]

    ended = await network.done(await network.order(operation="DEACTIVATE", subscriptionId=key))
    again = await network.order(200, operation="DEACTIVATE", subscriptionId=key)

    assert (ended["state"], ended["accessId"]) == ("DONE_SUCCESS", access)
    assert again == {"subscriptionId": key, "operation": "DEACTIVATE", "state": "DONE_SUCCESS", "message": ""}
    assert (await network.get(f"/subscriptions/{access}"))["subscriptions"] == []
    assert (await network.counts())["products"] == {"ENDED": 1}


async def test_an_order_is_changed_or_cancelled_while_it_is_received(slow_network: Network) -> None:
    access = await slow_network.access("Storgatan", "3")
    order = await slow_network.order(operation="ACTIVATE", accessId=access, service="BB-100-100")
    path = f"/orders/{order['orderId']}"

    changed = await slow_network.call("PATCH", path, {"spReference": "anna"})
    seen = await slow_network.get(path)
    cancelled = await slow_network.call("DELETE", path)

    assert (changed.status, seen["spReference"], cancelled.status) == (204, "anna", 204)
    assert [(await slow_network.call(verb, path)).status for verb in ("GET", "DELETE")] == [404, 404]
    assert (await slow_network.counts())["orders"] == {"CANCELLED": 1}


async def test_past_the_beginning_an_order_stays_as_it_is(tmp_path: Path) -> None:
    async with a_network(tmp_path, delivery_min_s=9.0, delivery_max_s=9.0, point_of_no_return=0.0) as network:
        order = await network.order(
            operation="ACTIVATE", accessId=await network.access("Storgatan", "3"), service="BB-100-100"
        )
        path = f"/orders/{order['orderId']}"
        await until(lambda: network.get(path), lambda now: now["state"] == "IN_PROGRESS")

        for verb in ("PATCH", "PUT", "DELETE"):
            refused = await network.call(verb, path, {} if verb != "DELETE" else None)
            assert (refused.status, refused.body) == (
                409,
                {"cause": "The order is IN_PROGRESS: no changes are allowed."},
            )


async def test_orders_are_listed_until_they_end_and_later_by_state_or_access(network: Network) -> None:
    access = await network.access("Storgatan", "3")
    await network.fault(operation="order.create", kind="fail_late", match="VOIP", reason="No port")
    await network.active(access)
    failed = await network.active(access, "VOIP")

    assert (failed["state"], failed["message"]) == ("DONE_FAILED", "No port")
    assert await network.get("/orders/") == []
    assert [each["orderId"] for each in await network.get('/orders/?state="DONE_FAILED"')] == [failed["orderId"]]
    assert len(await network.get(f"/orders/?accessId={access}")) == 2


async def test_orders_go_on_where_they_were_after_a_restart(tmp_path: Path) -> None:
    async with a_network(tmp_path, delivery_min_s=0.3, delivery_max_s=0.3) as network:
        access = await network.access("Storgatan", "3")
        order = await network.order(operation="ACTIVATE", accessId=access, service="BB-100-100")

    async with a_network(tmp_path) as network:
        assert (await network.done(order))["state"] == "DONE_SUCCESS"
        assert len((await network.get(f"/subscriptions/{access}"))["subscriptions"]) == 1
