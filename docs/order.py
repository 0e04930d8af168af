"""Signs up, orders the first predefined IPTV bundle, and follows the order to its end: `python docs/order.py [URL]`."""

import json
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from websockets.sync.client import connect
from websockets.typing import Subprotocol

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
PROTOCOL = Subprotocol("graphql-transport-ws")
DOCUMENTS = Path(__file__).parents[1] / "tests" / "contract"
PLACE = {
    "address": {"street": "Storgatan", "houseNumber": "1", "postcode": "11122", "city": "Stockholm", "country": "SE"}
}


def document(number: str) -> str:
    """The GraphQL document of that number, as a frontend sends it."""
    return next(DOCUMENTS.glob(f"{number}-*.graphql")).read_text("utf-8")


def post(path: str, body: object, token: str = "") -> Any:
    """The JSON that comes back."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    with urlopen(Request(URL + path, json.dumps(body).encode(), headers), timeout=30) as answer:
        return json.load(answer)


def ask(token: str, number: str, **variables: Any) -> Any:
    """The data of an answer. Top-level errors are bugs of ours here; what a person can mend is in `userErrors`."""
    answer = post("/graphql", {"query": document(number), "variables": variables}, token)
    if "errors" in answer:
        sys.exit(f"{number}: {answer['errors']}")
    return answer["data"]


def sign_up() -> str:
    """The access token of a new customer's manager."""
    account = {"username": f"guest-{secrets.token_hex(4)}", "password": secrets.token_urlsafe()}
    post("/auth/accounts", {**account, "customer": {"name": "A household", "kind": "HOUSEHOLD"}})
    return str(post("/auth/session", account)["access_token"])


def fill_in(token: str, bundle_id: str) -> Any:
    """The bundle as it is to be shown, once what its forms miss has been chosen."""
    shown = ask(token, "10", id=bundle_id)["bundle"]
    for issue in shown["issues"]:
        if issue["field"] is None:  # its provider is away, or it does not fit: nothing that a form can mend
            sys.exit(issue["message"])
        item = next(each for each in shown["items"] if each["id"] == issue["item"]["id"])
        field = next(each for each in item["orderForm"]["fields"] if each["key"] == issue["field"])
        print(f"{item['offeringName']}: {issue['message']}")
        fields = [{"key": field["key"], "values": [field["constraint"]["choices"][0]["value"]]}]
        ask(token, "08", input={"bundleId": bundle_id, "itemId": item["id"], "fields": fields})
    return ask(token, "10", id=bundle_id)["bundle"]


def follow(token: str, order_id: str, after: str | None = None) -> Iterator[Any]:
    """The events of an order, those of the past first. After a lost connection: again, after the last `cursor` seen."""
    with connect(URL.replace("http", "ws", 1) + "/graphql", subprotocols=[PROTOCOL]) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        wanted = {"query": document("12"), "variables": {"orderId": order_id, "after": after}}
        for message in map(json.loads, socket):
            if message["type"] == "connection_ack":
                socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": wanted}))
            elif message["type"] == "ping":  # a sign of life while nothing happens
                socket.send(json.dumps({"type": "pong"}))
            elif message["type"] == "next":
                yield message["payload"]["data"]["orderEvents"]
            elif message["type"] == "error":  # the order is not yours to follow
                sys.exit(message["payload"][0]["message"])
            elif message["type"] == "complete":  # after the final event
                break


def main() -> None:
    """The whole way."""
    token = sign_up()
    wanted = {"categories": ["iptv"], "isBundle": True}
    offering = ask(token, "02", filter=wanted, first=1)["productOfferings"]["edges"][0]["node"]
    created = ask(token, "05", input={"offeringId": offering["id"], "place": PLACE})["createBundle"]
    shown = fill_in(token, created["bundle"]["id"])
    given = {
        "bundleId": shown["id"],
        "expectedRevision": shown["revision"],
        "acceptedTermIds": [term["id"] for term in shown["terms"]],
        "idempotencyKey": secrets.token_hex(16),
    }
    order = ask(token, "11", input=given)["placeOrder"]["order"]
    again = ask(token, "11", input=given)["placeOrder"]["order"]
    print(f"{offering['name']}: ordered {'once' if again['id'] == order['id'] else 'TWICE'}")
    for event in follow(token, order["id"]):
        print(f"{event['sequence']:3} {event['completionPercent']:3} % {event['orderState']:12} {event['message']}")


if __name__ == "__main__":
    main()
