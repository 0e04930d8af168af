"""Names and secrets are planted and all is played; then they are looked for wherever something is told or kept."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest

from gateway.api.transports.connection import CloseCode
from tests.e2e.consumer import Consumer, consumer, document
from tests.e2e.joining import done, record
from tests.e2e.processes import Program, credentials, demo
from tests.e2e.shopping import cancel, filled_in, first_offering
from tests.telemetry.collector import Collector, collecting

USERNAME, NAME, EMAIL = "asta-lindqvist", "Familjen Lindqvist", "asta.lindqvist@example.com"
STREET, CONTACT, PHONE, WISH = "Kungsholmsgränd", "Torbjörn Ek", "+46701740606", "hellre på en onsdag"
PERSONAL = (USERNAME, NAME, EMAIL, STREET, CONTACT, PHONE, WISH)
PASSWORD = "mycket hemligt lösenord"
TELLING = {"GATEWAY_TRACES": "otlp", "GATEWAY_LOG_LEVEL": "DEBUG", "GATEWAY_DEMO_DELIVERY": "20-30"}
REGISTER = """
mutation Register($input: RegisterProviderInput!) {
  registerProvider(input: $input) { registration { id } userErrors { code field } }
}
"""
pytestmark = pytest.mark.timeout(150)


@dataclass
class Played:
    """What must not be seen, of one who played it all."""

    program: Program
    collector: Collector
    data: Path
    secrets: list[str] = field(default_factory=lambda: [PASSWORD])

    def database(self) -> bytes:
        """The bytes of the file, and of what stands beside it."""
        return b"".join(path.read_bytes() for path in self.data.glob("gateway.db*"))

    async def told(self, asker: Consumer) -> Mapping[str, bytes]:
        """All that who watches gets."""
        async with asker.session.get(f"{asker.url}/metrics") as response:
            metrics = await response.read()
        return {"log": self.program.written().encode(), "metrics": metrics, "traces": self.collector.raw}


def seen(texts: Sequence[str], places: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Which of the texts stand where, as they are or as JSON escapes them."""
    spelled = [(text, {text.encode(), text.encode("ascii", "backslashreplace")}) for text in texts]
    return [
        (where, text)
        for where, content in places.items()
        for text, forms in spelled
        if any(f in content for f in forms)
    ]


async def post(asker: Consumer, path: str, body: object, status: int = 200) -> Any:
    """As whom the consumer is."""
    async with asker.session.post(asker.url + path, json=body, headers=asker.headers) as response:
        assert response.status == status, await response.text()
        return await response.json(content_type=None) if status != 204 else None


async def sign_up(nobody: Consumer, played: Played) -> Consumer:
    customer = {"name": NAME, "kind": "HOUSEHOLD"}
    account = {"username": USERNAME, "password": PASSWORD, "email": EMAIL, "customer": customer}
    await post(nobody, "/auth/accounts", account, 201)
    tokens = await post(nobody, "/auth/session", {"username": USERNAME, "password": PASSWORD})
    played.secrets += [tokens["access_token"], tokens["refresh_token"]]
    return Consumer(nobody.session, nobody.url, tokens["access_token"])


async def enrol(asta: Consumer, played: Played) -> str:
    """Switches a one-time password on; a recovery code."""
    begun = await post(asta, "/auth/one-time-password", {"password": PASSWORD})
    code = pyotp.TOTP(begun["secret"]).now()
    codes = (await post(asta, "/auth/one-time-password/confirm", {"oneTimeCode": code}))["recoveryCodes"]
    played.secrets += [begun["secret"], *codes]
    return str(codes[0])


async def fail(asta: Consumer, nobody: Consumer) -> None:
    """All that can go wrong with something planted in it."""
    await post(nobody, "/auth/session", {"username": USERNAME, "password": f"{PASSWORD}!"}, 401)
    await post(nobody, "/auth/accounts", {"username": USERNAME, "password": PASSWORD, "email": EMAIL}, 422)
    await asta.send("query Bad($x: String!) { " + STREET, {"x": PASSWORD})
    await asta.send(document("05"), {"input": {"name": WISH, "offeringId": NAME, "place": {"siteId": EMAIL}}})
    async with nobody.session.get(f"{nobody.url}/auth/personal-data?customerId={EMAIL}") as response:
        assert response.status == 401


async def keep(asta: Consumer, played: Played) -> None:
    await done(asta, "contact-add", name=CONTACT, role="BILLING", phone=PHONE, email=EMAIL)
    await done(asta, "site-add", name=WISH, address=address())
    await done(asta, "subscriber-add", name=CONTACT, numbers=[PHONE])
    invited = await done(asta, "member-invite", role="SERVICE_USER", email=EMAIL, idempotencyKey=secrets.token_hex(8))
    played.secrets.append(invited["token"])


def address() -> dict[str, str]:
    return {"street": STREET, "houseNumber": "1", "postcode": "11122", "city": "Stockholm", "country": "SE"}


async def order(asta: Consumer) -> None:
    """Placed, and cancelled before it is delivered."""
    given = {"name": WISH, "offeringId": await first_offering(asta), "place": {"address": address()}}
    bundle = (await asta.run("05", input=given))["createBundle"]["bundle"]["id"]
    shown = await filled_in(asta, bundle)
    terms = [term["id"] for term in shown["terms"]]
    placing = {"bundleId": bundle, "expectedRevision": shown["revision"], "acceptedTermIds": terms}
    placed = (await asta.run("11", input={**placing, "idempotencyKey": secrets.token_hex(8)}))["placeOrder"]
    await cancel(asta, placed["order"]["id"])
    await asta.events("12", {"orderId": placed["order"]["id"]})


async def register(nobody: Consumer, played: Played) -> None:
    token = secrets.token_urlsafe(24)
    played.secrets.append(token)
    operator = await nobody.signed_in("operator", credentials(played.data)["operator"])
    connection = {"tmForum": {"url": "http://127.0.0.1:9/", "credentials": {"bearerToken": token}}}
    given = {"slug": "acme", "name": "Acme", "roles": ["NETWORK_OPERATOR"], "connection": connection}
    registered = (await operator.ask(REGISTER, {"input": given}))["registerProvider"]
    assert (registered["userErrors"], registered["registration"] is None) == ([], False)


async def erase(asta: Consumer, recovery_code: str) -> None:
    customer = (await record(asta))["id"]
    await done(asta, "customer-close", customerId=customer)
    body = {"password": PASSWORD, "recoveryCode": recovery_code}
    async with asta.session.ws_connect(f"{asta.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init", "payload": asta.headers})
        assert (await socket.receive_json())["type"] == "connection_ack"
        async with asta.session.delete(f"{asta.url}/auth/account", json=body, headers=asta.headers) as response:
            assert response.status == 204, await response.text()
        async with asyncio.timeout(5):
            await socket.receive()
        assert socket.close_code == CloseCode.FORBIDDEN


@pytest.mark.requirement("S5")
async def test_secrets_are_nowhere_and_persons_in_the_database_alone_until_they_are_erased(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with collecting() as collector:
        with demo(data, port=None, **TELLING, GATEWAY_TRACES_ENDPOINT=collector.url) as program:
            await program.ready()
            played = Played(program, collector, data)
            async with consumer(program.url) as nobody:
                asta = await sign_up(nobody, played)
                recovery_code = await enrol(asta, played)
                await keep(asta, played)
                await fail(asta, nobody)
                await order(asta)
                await register(nobody, played)
                await collector.named("mutation Register")

                before, told = played.database(), await played.told(nobody)
                await erase(asta, recovery_code)
                await asyncio.sleep(0.5)
                after, told_after = played.database(), await played.told(nobody)

    assert all(len(each) > 500 for each in told.values())
    assert seen([*PERSONAL, *played.secrets], told) == []
    assert seen(played.secrets, {"database": before}) == []
    assert {text for _, text in seen(PERSONAL, {"database": before})} == set(PERSONAL)
    assert seen([*PERSONAL, *played.secrets], {"database": after, **told_after}) == []
