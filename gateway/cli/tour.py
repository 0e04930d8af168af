"""The tour: the whole scenario, played over HTTP and WebSocket against a running demo."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp

from gateway.cli import tour_documents as documents
from gateway.cli.tour_client import GatewayClient, TourFailed, visiting
from gateway.cli.tour_screen import Screen, money

PLACE = {
    "address": {
        "street": "Storgatan",
        "houseNumber": "1",
        "postcode": "11122",
        "city": "Stockholm",
        "country": "SE",
    }
}
FILL_IN_ROUNDS = 3


def _need(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise TourFailed(otherwise)


def _pick(rows: Sequence[dict[str, Any]], key: str, value: object) -> dict[str, Any]:
    found = [row for row in rows if row[key] == value]
    _need(found, f"there is no {key} {value}")
    return found[0]


class Tour:
    """One visitor's way through the scenario; each step builds on those before."""

    def __init__(self, client: GatewayClient, screen: Screen) -> None:
        self._client = client
        self._screen = screen
        self._username = f"tour-{secrets.token_hex(5)}"
        self._password = secrets.token_urlsafe(16)
        self._predefined: dict[str, Any] = {}
        self._iptv: dict[str, Any] = {}
        self._bundle = ""

    def steps(self) -> Sequence[tuple[str, Callable[[], Awaitable[None]]]]:
        """Title and deed, in the order of the play."""
        return (
            ("an account is created", self.sign_up),
            ("signing in", self.sign_in),
            ("browsing the catalogue of every provider", self.browse),
            ("a predefined bundle, with what it still asks for", self.choose_predefined),
            ("ordering it", self.order),
            ("a bundle of one's own", self.choose_own),
            ("ordering it, too", self.order),
            ("a third order, cancelled", self.cancel),
            ("what the household holds now", self.products),
            ("bills and running charges", self.bills),
        )

    async def sign_up(self) -> None:
        """A new customer and its manager."""
        customer = {"name": "The touring household", "kind": "HOUSEHOLD"}
        body = {"username": self._username, "password": self._password, "customer": customer}
        await self._client.post("/auth/accounts", body, 201)
        self._screen.line(f"account {self._username}")

    async def sign_in(self) -> None:
        """Its session."""
        await self._client.sign_in(self._username, self._password)
        self._screen.line("an access token, for HTTP and WebSocket alike")

    async def browse(self) -> None:
        """Everything, page by page; then what television there is."""
        found = await self._offerings(None)
        providers = {each["provider"]["name"] for each in found}
        self._screen.line(f"{len(found)} offerings of {len(providers)} providers: {', '.join(sorted(providers))}")
        predefined = await self._offerings({"categories": ["iptv"], "isBundle": True})
        single = await self._offerings({"categories": ["iptv"], "isBundle": False, "roles": ["SERVICE_PROVIDER"]})
        _need(predefined and single, "there is no IPTV offering")
        self._predefined, self._iptv = predefined[0], single[0]
        self._screen.line(f"{len(predefined)} predefined IPTV bundles, {len(single)} IPTV services to combine freely")

    async def _offerings(self, wanted: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            variables = {"filter": wanted, "first": 50, "after": after}
            page = (await self._client.ask(documents.BROWSE, variables))["productOfferings"]
            rows.extend(edge["node"] for edge in page["edges"])
            _need(not page["unavailableProviders"], f"unavailable: {page['unavailableProviders']}")
            if not page["pageInfo"]["hasNextPage"]:
                return rows
            after = page["pageInfo"]["endCursor"]

    async def choose_predefined(self) -> None:
        """Its parts come filled in; the one missing field gets its first choice."""
        self._screen.line(f"{self._predefined['name']}, of {self._predefined['provider']['name']}")
        await self._create("Television", self._predefined["id"])
        bundle = await self._complete()
        for item in bundle["items"]:
            self._screen.line(f"{item['role']:<17} {item['offeringName']} ({item['provider']['name']})")

    async def choose_own(self) -> None:
        """Service, then the access that carries it, then content: each from the candidates for its role."""
        await self._create("My own", None)
        service = await self._add(self._iptv["id"])
        wish = {"key": "videoQuality", "values": ["UHD"]}
        await self._client.ask(
            documents.CONFIGURE_ITEM, {"input": {"bundleId": self._bundle, "itemId": service, "fields": [wish]}}
        )
        self._screen.line(f"{self._iptv['name']} in UHD")
        await self._add_candidate("NETWORK_OPERATOR")
        await self._add_candidate("CONTENT_PROVIDER")
        bundle = await self._complete()
        self._tell_price(bundle["price"])

    async def _create(self, name: str, offering_id: str | None) -> None:
        wanted = {"name": name, "offeringId": offering_id, "place": PLACE}
        created = await self._client.ask(documents.CREATE_BUNDLE, {"input": wanted})
        self._bundle = created["createBundle"]["bundle"]["id"]

    async def _add(self, offering_id: str) -> str:
        wanted = {"bundleId": self._bundle, "offeringId": offering_id}
        added = await self._client.ask(documents.ADD_ITEM, {"input": wanted})
        return str(added["addBundleItem"]["item"]["id"])

    async def _add_candidate(self, role: str) -> None:
        variables = {"bundleId": self._bundle, "role": role, "first": 50}
        found = (await self._client.ask(documents.CANDIDATES, variables))["bundle"]["candidates"]["edges"]
        _need(found, f"there is no candidate for {role}")
        first = found[0]["node"]
        await self._add(first["offering"]["id"])
        agreements = ", ".join(each["name"] for each in first["agreements"])
        self._screen.line(f"{first['offering']['name']} ({first['offering']['provider']['name']}), by: {agreements}")
        for each in first["satisfies"]:
            actual = each["actual"]
            values = " ".join(actual["values"])
            self._screen.line(f"  {each['requirement']['label']}: it has {values} {actual['unit'] or ''}".rstrip())

    async def _complete(self) -> dict[str, Any]:
        """The bundle when nothing is missing any more; each missing field gets its first choice."""
        for _ in range(FILL_IN_ROUNDS):
            bundle = await self._review()
            missing = [each for each in bundle["issues"] if each["code"] == "MISSING_FIELD"]
            if not missing:
                break
            for issue in missing:
                await self._fill_in(bundle, issue)
        _need(bundle["isOrderable"], f"it can't be ordered: {bundle['issues']}")
        return bundle

    async def _review(self) -> dict[str, Any]:
        return dict((await self._client.ask(documents.REVIEW, {"id": self._bundle}))["bundle"])

    async def _fill_in(self, bundle: Mapping[str, Any], issue: Mapping[str, Any]) -> None:
        item = _pick(bundle["items"], "id", issue["item"]["id"])
        field = _pick(item["orderForm"]["fields"], "key", issue["field"])
        choice = field["constraint"]["choices"][0]
        values = [{"key": issue["field"], "values": [choice["value"]]}]
        await self._client.ask(
            documents.CONFIGURE_ITEM, {"input": {"bundleId": self._bundle, "itemId": item["id"], "fields": values}}
        )
        self._screen.line(f"{item['offeringName']} asks for {field['label']}: {choice['label']}")

    def _tell_price(self, price: Mapping[str, Any]) -> None:
        recurring = ", ".join(f"{money(each['amount'])} each {each['period']}" for each in price["recurring"])
        once = f"{money(price['oneTime'])} once, " if price["oneTime"] else ""
        self._screen.line(f"{once}{recurring}, plus {money(price['tax'])} tax; {len(price['byProvider'])} providers")

    async def order(self) -> None:
        """The bundle, with its terms, followed live to its end."""
        order = await self._place()
        state = await self._follow(order)
        _need(state == "COMPLETED", f"the order ended {state}")

    async def _place(self) -> dict[str, Any]:
        bundle = await self._review()
        terms = [each["id"] for each in bundle["terms"]]
        if terms:
            self._screen.line(f"accepted: {', '.join(each['name'] for each in bundle['terms'])}")
        wanted = {
            "bundleId": self._bundle,
            "expectedRevision": bundle["revision"],
            "acceptedTermIds": terms,
            "idempotencyKey": secrets.token_hex(16),
        }
        placed = await self._client.ask(documents.PLACE_ORDER, {"input": wanted})
        return dict(placed["placeOrder"]["order"])

    async def _follow(self, order: Mapping[str, Any]) -> str:
        state, sequence = str(order["state"]), 0
        with self._screen.following(order["items"]) as shown:
            async for data in self._client.follow(documents.TRACK_ORDER, {"orderId": order["id"]}):
                event = data["orderEvents"]
                _need(event["sequence"] == sequence + 1, f"event {event['sequence']} came after {sequence}")
                sequence, state = event["sequence"], event["orderState"]
                shown.show(event)
        return state

    async def cancel(self) -> None:
        """The predefined bundle once more, and away with it."""
        await self._create("Third", self._predefined["id"])
        await self._complete()
        order = await self._place()
        wanted = {"orderId": order["id"], "idempotencyKey": secrets.token_hex(16), "reason": "Moved house"}
        asked = (await self._client.ask(documents.CANCEL_ORDER, {"input": wanted}))["cancelOrder"]
        self._screen.line(f"asked for the cancellation: {asked['order']['state']}")
        state = await self._follow(order)
        _need(state == "CANCELLED", f"the order ended {state}")

    async def products(self) -> None:
        """The parts of two orders, at their providers."""
        held = (await self._client.ask(documents.PRODUCTS))["customer"]["products"]
        _need(not held["unavailableProviders"], f"unavailable: {held['unavailableProviders']}")
        active = [edge["node"] for edge in held["edges"] if edge["node"]["status"] == "ACTIVE"]
        _need(active, "there is no active product")
        for product in active:
            self._screen.line(f"{product['status']:<8} {product['name']} ({product['provider']['name']})")

    async def bills(self) -> None:
        """One-time charges are billed at activation; the rest runs."""
        customer = (await self._client.ask(documents.BILLS))["customer"]
        bills = [edge["node"] for edge in customer["bills"]["edges"]]
        charges = customer["currentCharges"]["charges"]
        _need(bills or charges, "there is neither a bill nor a running charge")
        for bill in bills:
            self._screen.line(f"{bill['billNumber']} of {bill['provider']['name']}: {money(bill['taxIncluded'])}")
            for line in bill["lines"]["edges"]:
                self._screen.line(f"  {line['node']['description']}: {money(line['node']['amount'])}")
        for each in charges:
            self._screen.line(f"so far at {each['provider']['name']}: {money(each['total'])}")


async def play_tour(url: str) -> int:
    """Plays it against the gateway at that address; 0, or 1 when a step failed, which is named."""
    screen = Screen()
    async with visiting(url) as client:
        steps = Tour(client, screen).steps()
        for number, (title, step) in enumerate(steps, 1):
            screen.begin(number, len(steps), title)
            try:
                await step()
            except (TourFailed, aiohttp.ClientError, TimeoutError) as error:
                screen.failed(number, title, str(error) or type(error).__name__)
                return 1
            except (LookupError, TypeError) as error:
                screen.failed(number, title, f"an answer lacks what it must have: {error!r}")
                return 1
    screen.done()
    return 0
