"""Bringing a provider in over the API: what a partner sees, live and later, and what no answer ever holds."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from gateway.domain.identity import own_key
from gateway.domain.registration_events import REGISTRATION_CURSORS
from gateway.domain.registrations import ProviderRegistration
from gateway.usecases.checking import run_checks
from tests.api.running import Running, begun, said, send
from tests.e2e.consumer import document

SECRET = "s3cret-of-acme"
EVENTS = """
subscription($id: ID!, $after: String) {
  registrationEvents(registrationId: $id, after: $after) {
    __typename id cursor sequence status message registration { slug }
    ... on CheckFinished { check { name outcome detail } }
  }
}
"""
SEEN = "{ slug status owner url isConfigured conformance { passed checks { name outcome detail } } health { state } }"


def given(credentials: Any = None, **more: Any) -> dict[str, Any]:
    connection = {"tmForum": {"url": "http://acme.example/tmf-api", "credentials": credentials}}
    return {
        "slug": "acme",
        "name": "Acme",
        "roles": ["SERVICE_PROVIDER"],
        "connection": {"adapter": {"name": "scripted", "settings": {"url": "http://acme.example"}}},
        **({"connection": connection} if credentials else {}),
        **more,
    }


async def registered(gateway: Running, client: str = "acme", **more: Any) -> str:
    gateway.client(client)
    answer = await gateway.ask(document("22"), {"input": given(**more)}, client)
    payload = answer["data"]["registerProvider"]
    assert payload["userErrors"] == []
    assert payload["registration"]["status"] == "CHECKING"
    return str(payload["registration"]["id"])


async def test_a_partner_registers_and_follows_the_checks_to_their_end(gateway: Running) -> None:
    registration_id = await registered(gateway)
    await run_checks(gateway.core, registration_id)

    async with gateway.socket() as socket:
        await begun(socket, {"authorization": "Bearer acme"})
        await send(
            socket,
            {"id": "1", "type": "subscribe", "payload": {"query": EVENTS, "variables": {"id": registration_id}}},
        )
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["__typename"] != "RegistrationActivated":
            seen.append((await said(socket))["payload"]["data"]["registrationEvents"])
        await gateway.ask(
            "mutation($id: ID!) { suspendProvider(input: {registrationId: $id}) { registration { status } } }",
            {"id": registration_id},
            "acme",
        )
        live = (await said(socket))["payload"]["data"]["registrationEvents"]
        await gateway.ask(
            "mutation($id: ID!) { removeProvider(input: {registrationId: $id}) { removedRegistrationId } }",
            {"id": registration_id},
            "acme",
        )
        last = (await said(socket))["payload"]["data"]["registrationEvents"]
        end = await said(socket)

    assert [each["sequence"] for each in seen] == list(range(1, len(seen) + 1))
    assert [each["__typename"] for each in seen[:2]] == ["ProviderRegistered", "RegistrationChecking"]
    check = next(each for each in seen if each["__typename"] == "CheckFinished")
    assert check["check"] == {"name": "catalog.paging", "outcome": "PASSED", "detail": "2 offerings"}
    assert check["message"] == "The check of catalog.paging is over."
    assert (live["__typename"], live["status"]) == ("RegistrationSuspended", "SUSPENDED")
    assert (last["__typename"], last["registration"]) == ("RegistrationRemoved", None)
    assert end["type"] == "complete"


async def test_a_follower_goes_on_after_the_cursor_it_had(gateway: Running) -> None:
    registration_id = await registered(gateway)
    other = await registered(gateway, "other", slug="other")
    await run_checks(gateway.core, registration_id)

    async def first(cursor: str | None) -> dict[str, Any]:
        async with gateway.socket() as socket:
            await begun(socket, {"authorization": "Bearer acme"})
            variables = {"id": registration_id, "after": cursor}
            await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": EVENTS, "variables": variables}})
            return await said(socket)

    async with gateway.storage.reading() as unit:
        events = await unit.registrations.events(registration_id, 0, 100)
        of_other = await unit.registrations.events(other, 0, 1)
    after = await first(events[2].cursor)

    key = own_key("ProviderRegistration", registration_id) or ""
    of_before_there_were_marks = urlsafe_b64encode(f"p1:{key}:3".encode()).decode().rstrip("=")
    also_after = await first(of_before_there_were_marks)

    assert after["payload"]["data"]["registrationEvents"]["sequence"] == 4
    assert also_after["payload"]["data"] == after["payload"]["data"]
    of_an_event_that_a_restored_copy_lacks = REGISTRATION_CURSORS.of(key, 3, "01980000-0000-7000-8000-0123456789ab")
    for wrong in (of_other[0].cursor, "nonsense", events[0].cursor[:-2], of_an_event_that_a_restored_copy_lacks):
        assert (await first(wrong))["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.requirement("S2")
async def test_another_partner_sees_nothing_of_it(gateway: Running) -> None:
    registration_id = await registered(gateway)
    gateway.client("other")
    await gateway.sign_in("operator", is_operator=True)
    ask = f"""
    query($id: ID!) {{
      node(id: $id) {{ id }}
      byId: providerRegistration(id: $id) {SEEN}
      bySlug: providerRegistration(slug: "acme") {SEEN}
      providerRegistrations {{ edges {{ node {SEEN} }} }}
    }}
    """
    theirs = (await gateway.ask(ask, {"id": registration_id}, "other"))["data"]
    own = (await gateway.ask(ask, {"id": registration_id}, "acme"))["data"]
    operators = (await gateway.ask(ask, {"id": registration_id}, "operator"))["data"]
    nobody = (await gateway.ask("query($id: ID!) { node(id: $id) { id } }", {"id": registration_id}))["data"]

    assert theirs == {"node": None, "byId": None, "bySlug": None, "providerRegistrations": {"edges": []}}
    assert own == operators
    assert own["byId"] == own["bySlug"] == own["providerRegistrations"]["edges"][0]["node"]
    assert own["byId"] == {
        "slug": "acme",
        "status": "CHECKING",
        "owner": "acme",
        "url": "http://acme.example",
        "isConfigured": False,
        "conformance": None,
        "health": None,
    }
    assert nobody == {"node": None}


async def test_an_agreement_names_its_parties_before_they_sell_anything(gateway: Running) -> None:
    await registered(gateway, agreements=[{"name": "Resale of Acme", "providerIds": []}])

    answer = await gateway.ask(
        "{ agreements { edges { node { name parties providers { name } missingApprovals } } } }", {}, "acme"
    )

    (edge,) = answer["data"]["agreements"]["edges"]
    assert edge["node"] == {
        "name": "Resale of Acme",
        "parties": ["acme", "operator"],
        "providers": [],
        "missingApprovals": ["operator"],
    }


async def test_a_registration_is_asked_by_its_id_or_by_its_slug(gateway: Running) -> None:
    gateway.client("acme")

    for arguments in ("", '(id: "x", slug: "y")'):
        answer = await gateway.ask(f"{{ providerRegistration{arguments} {{ id }} }}", None, "acme")
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "credentials",
    [
        {"bearerToken": [SECRET]},
        {"bearerToken": {"x": SECRET}},
        {"bearerToken": SECRET, "basic": {"username": SECRET, "password": SECRET}},
        {"token": SECRET},
        {"basic": {"username": SECRET}},
        {"basic": SECRET},
        SECRET,
        {"bearerToken": SECRET},
        {"basic": {"username": "u", "password": SECRET}},
        {"oauthClient": {"tokenUrl": "http://x", "clientId": "c", "clientSecret": SECRET}},
    ],
)
async def test_no_answer_repeats_a_secret_however_wrong_the_input_is(gateway: Running, credentials: Any) -> None:
    gateway.client("acme")

    answer = await gateway.ask(document("22"), {"input": given(credentials)}, "acme")
    literal = str(credentials).replace("'", '"').replace('"bearerToken"', "bearerToken").replace('"basic"', "basic")
    literal = literal.replace('"username"', "username").replace('"password"', "password").replace('"token"', "token")
    inline = await gateway.ask(
        'mutation { registerProvider(input: {slug: "acme", name: "Acme", roles: [SERVICE_PROVIDER], connection: '
        f'{{tmForum: {{url: "http://x", credentials: {literal}}}}}}}) {{ registration {{ id }} }} }}',
        None,
        "acme",
    )

    assert "errors" in answer or answer["data"]["registerProvider"]["userErrors"]
    assert SECRET not in str(answer)
    assert SECRET not in str(inline)


@pytest.mark.parametrize(
    ("connection", "adapter", "options"),
    [
        (
            {"tmForum": {"url": "http://a", "credentials": {"bearerToken": "t"}}},
            "tmforum",
            {"url": "http://a", "credentials": {"bearer_token": "t"}},
        ),
        ({"tmForum": {"url": "http://a", "version": "V5"}}, "tmforum", {"url": "http://a", "version": "V5"}),
        (
            {"onApi": {"url": "http://a", "credentials": {"basic": {"username": "u", "password": "p"}}}},
            "on-api",
            {"url": "http://a", "credentials": {"basic": {"username": "u", "password": "p"}}},
        ),
        (
            {
                "adapter": {
                    "name": "own",
                    "settings": {"depth": [1, {"x": None}]},
                    "credentials": {
                        "oauthClient": {"tokenUrl": "http://t", "clientId": "c", "clientSecret": "s", "scope": "r"}
                    },
                }
            },
            "own",
            {
                "depth": [1, {"x": None}],
                "credentials": {
                    "oauth_client": {"token_url": "http://t", "client_id": "c", "client_secret": "s", "scope": "r"}
                },
            },
        ),
    ],
)
async def test_each_kind_of_connection_reaches_its_adapter(
    gateway: Running, connection: dict[str, Any], adapter: str, options: dict[str, Any]
) -> None:
    seen: list[Any] = []
    known = dict(gateway.core.onboarding.adapters)

    def connect(settings: Any) -> Any:
        seen.append(settings)
        raise OSError

    gateway.core.onboarding.adapters.update({adapter: connect})  # type: ignore[attr-defined]
    try:
        await registered(gateway, connection=connection)
    finally:
        gateway.core.onboarding.adapters.clear()  # type: ignore[attr-defined]
        gateway.core.onboarding.adapters.update(known)  # type: ignore[attr-defined]

    assert [each.options for each in seen] == [options]


@pytest.mark.parametrize("settings", ["text", [1], {"credentials": {"bearer_token": SECRET}}])
async def test_an_adapters_settings_are_an_object_without_credentials(gateway: Running, settings: Any) -> None:
    gateway.client("acme")
    wrong = given(connection={"adapter": {"name": "scripted", "settings": settings}})

    payload = (await gateway.ask(document("22"), {"input": wrong}, "acme"))["data"]["registerProvider"]

    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("INVALID_CONNECTION", ["connection"])]


async def test_a_setting_that_is_wrong_is_told_with_what_is_expected_and_without_its_value(gateway: Running) -> None:
    gateway.client("acme")
    wrong = given(connection={"adapter": {"name": "scripted", "settings": {"url": "wrong"}}})

    payload = (await gateway.ask(document("22"), {"input": wrong}, "acme"))["data"]["registerProvider"]

    assert [each["message"] for each in payload["userErrors"]] == [
        "The adapter can't use this setting, url: another text"
    ]


def test_what_is_kept_has_a_printed_form_without_the_connection() -> None:
    assert {"options", "credentials"}.isdisjoint(ProviderRegistration.__dataclass_fields__)
