"""Who may do what: every operation × every kind of caller. An operation without a row fails."""

from dataclasses import dataclass
from typing import Any

import pytest

from gateway.api.schema.access import AccessDirective
from gateway.api.schema.built import schema
from gateway.domain.engagement import Notification
from gateway.domain.identity import own_id
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.orders import Order
from gateway.domain.parties import Address, Site
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import NewEvent
from gateway.usecases.policy import Access
from tests.api.running import Running, begun, said, send
from tests.clock import NOON
from tests.samples import a_bundle, an_order, new_id

CALLERS = ("nobody", "another", "manager", "operator")


@dataclass(frozen=True)
class Kept:
    """What the manager's customer has."""

    customer: str
    bundle: Bundle
    order: Order
    notification: str
    site: str


async def _kept(gateway: Running) -> Kept:
    """Keeps a bundle, an order, a notice and a place for the manager; and another customer and an operator."""
    manager = await gateway.sign_in("manager")
    await gateway.sign_in("another")
    await gateway.sign_in("operator", is_operator=True)
    assert manager.actor is not None
    customer = manager.actor.memberships[0].customer.id
    bundle, order = a_bundle(customer), an_order(customer)
    site = Site(new_id("Site"), customer, "Home", Address("Storgatan", "11122", "Stockholm", "SE", "1"))
    notice = Notification(new_id("Notification"), customer, NOON, "ORDER_COMPLETED", {}, order.id)
    async with gateway.storage.writing() as unit:
        await unit.bundles.add(bundle)
        await unit.orders.add(order)
        await unit.orders.save(
            await unit.events.append(order, [NewEvent("OrderPlaced"), NewEvent("OrderCompleted")], NOON)
        )
        await unit.notifications.add(notice)
        await unit.accounts.add_site(site)
        await unit.security_events.record(NewSecurityEvent(SecurityEventKind.ALARM, NOON, customer_id=customer))
    return Kept(customer, bundle, order, notice.id, site.id)


SEEN, NULL, NOT_FOUND, SIGN_IN, FORBIDDEN = "seen", "null", "NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN"

PUBLIC = (SEEN, SEEN, SEEN, SEEN)
OWN = (SIGN_IN, NULL, SEEN, NULL)
OPERATORS = (SIGN_IN, "FORBIDDEN", "FORBIDDEN", SEEN)
CHANGE = (SIGN_IN, NOT_FOUND, SEEN, NOT_FOUND)
# What a partner's service client sees and may is in test_registrations.
PARTNERS = (SIGN_IN, FORBIDDEN, FORBIDDEN, NOT_FOUND)
ADDRESS = '{street: "Storgatan", postcode: "11122", city: "Stockholm", country: SE}'.replace("SE", '"SE"')

# operation: (document's selection, what nobody, another customer, the manager and the operator get)
QUERIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "node": ("node(id: $order) { id }", (NULL, NULL, SEEN, NULL)),
    "nodes": ("nodes(ids: [$order]) { id }", (NULL, NULL, SEEN, NULL)),
    "viewer": ("viewer { id }", (NULL, SEEN, SEEN, SEEN)),
    "customer": ("customer(id: $customer) { id orders { edges { node { id } } } }", OWN),
    "order": ("order(id: $order) { id }", OWN),
    "bundle": ("bundle(id: $bundle) { id }", OWN),
    "productOffering": ("productOffering(id: $offering) { id }", PUBLIC),
    "productOfferings": ("productOfferings { edges { node { id } } }", PUBLIC),
    "offeringQualification": (
        f"offeringQualification(input: {{offeringIds: [$offering], place: {{address: {ADDRESS}}}}})"
        " { items { result } }",
        PUBLIC,
    ),
    "providers": ("providers { edges { node { id } } }", PUBLIC),
    "serviceClients": ("serviceClients { edges { node { id } } }", OPERATORS),
    "providerRegistrations": (
        "providerRegistrations { edges { node { id } } }",
        (SIGN_IN, FORBIDDEN, FORBIDDEN, SEEN),
    ),
    "agreements": ("agreements { edges { node { id } } }", (SIGN_IN, FORBIDDEN, FORBIDDEN, SEEN)),
    "securityEvents": (
        "securityEvents(customerId: $customer) { edges { node { id } } }",
        (SIGN_IN, NOT_FOUND, SEEN, FORBIDDEN),
    ),
    "allSecurityEvents": ("allSecurityEvents { edges { node { id } } }", OPERATORS),
    "providerRegistration": ('providerRegistration(slug: "nord") { id }', (SIGN_IN, FORBIDDEN, FORBIDDEN, NULL)),
}


def _call(mutation: str, given: str, changed: str) -> str:
    return f"{mutation}(input: {{{given}}}) {{ {changed} {{ id }} userErrors {{ code }} }}"


MUTATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "createBundle": (
        _call("createBundle", 'customerId: $customer, name: "x"', "bundle"),
        CHANGE,
    ),
    "updateBundle": (_call("updateBundle", 'bundleId: $bundle, name: "x"', "bundle"), CHANGE),
    "addBundleItem": (
        _call("addBundleItem", "bundleId: $bundle, offeringId: $offering", "bundle"),
        CHANGE,
    ),
    "configureBundleItem": (
        _call("configureBundleItem", "bundleId: $bundle, itemId: $item, quantity: 1", "bundle"),
        CHANGE,
    ),
    "removeBundleItem": (
        _call("removeBundleItem", "bundleId: $bundle, itemId: $item", "bundle"),
        CHANGE,
    ),
    "placeOrder": (
        _call("placeOrder", 'bundleId: $bundle, expectedRevision: 7, idempotencyKey: "k"', "order"),
        (SIGN_IN, NOT_FOUND, "REVISION_MISMATCH", NOT_FOUND),
    ),
    "cancelOrder": (
        _call("cancelOrder", 'orderId: $order, idempotencyKey: "k"', "order"),
        CHANGE,
    ),
    "retryOrderItem": (
        _call("retryOrderItem", 'orderId: $order, itemId: $orderItem, idempotencyKey: "k"', "order"),
        (SIGN_IN, NOT_FOUND, "NOT_HELD", NOT_FOUND),
    ),
    "addSite": (
        _call("addSite", f'customerId: $customer, name: "x", address: {ADDRESS}', "site"),
        CHANGE,
    ),
    "markNotificationRead": (
        _call("markNotificationRead", "notificationId: $notification", "notification"),
        CHANGE,
    ),
    "createServiceClient": (
        _call("createServiceClient", 'name: "tool", scopes: [OPERATIONS]', "serviceClient"),
        OPERATORS,
    ),
    "rotateServiceClientSecret": (
        _call("rotateServiceClientSecret", "clientId: $order", "serviceClient"),
        (*OPERATORS[:3], NOT_FOUND),
    ),
    "endServiceClient": (
        _call("endServiceClient", "clientId: $order", "serviceClient"),
        (*OPERATORS[:3], NOT_FOUND),
    ),
}
MUTATIONS |= {
    "proposeAgreement": (_call("proposeAgreement", 'name: "x", providerIds: [$offering]', "agreement"), PARTNERS),
    "approveAgreement": (_call("approveAgreement", "agreementId: $order", "agreement"), PARTNERS),
    "rejectAgreement": (_call("rejectAgreement", "agreementId: $order", "agreement"), PARTNERS),
    "terminateAgreement": (_call("terminateAgreement", "agreementId: $order", "agreement"), PARTNERS),
    "registerProvider": (
        _call(
            "registerProvider",
            'slug: "acme", name: "Acme", roles: [SERVICE_PROVIDER],'
            ' connection: {adapter: {name: "scripted", settings: {}}}',
            "registration",
        ),
        (SIGN_IN, FORBIDDEN, FORBIDDEN, SEEN),
    ),
    "removeProvider": (
        "removeProvider(input: {registrationId: $bundle}) { removedRegistrationId userErrors { code } }",
        PARTNERS,
    ),
    **{
        name: (_call(name, "registrationId: $bundle", "registration"), PARTNERS)
        for name in ("updateProvider", "suspendProvider", "resumeProvider")
    },
}
SUBSCRIPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "orderEvents": ("orderEvents(orderId: $order) { id }", CHANGE),
    "customerEvents": ("customerEvents(customerId: $customer) { id }", CHANGE),
    "securityAlarms": ("securityAlarms(customerId: $customer) { id }", (SIGN_IN, NOT_FOUND, SEEN, FORBIDDEN)),
    "allSecurityAlarms": ("allSecurityAlarms { id }", OPERATORS),
    "providerHealth": ("providerHealth(registrationId: $bundle) { id }", PARTNERS),
    "registrationEvents": ("registrationEvents(registrationId: $bundle) { id }", PARTNERS),
}
ROWS = {"query": QUERIES, "mutation": MUTATIONS, "subscription": SUBSCRIPTIONS}
TABLE = [
    pytest.param(kind, name, selection, caller, expected, id=f"{name}-{caller}")
    for kind, rows in ROWS.items()
    for name, (selection, outcomes) in rows.items()
    for caller, expected in zip(CALLERS, outcomes, strict=True)
]
NAMES = ("customer", "bundle", "order", "item", "orderItem", "notification", "offering")


def test_every_operation_has_a_row() -> None:
    assert schema._schema.query_type
    assert schema._schema.mutation_type
    assert schema._schema.subscription_type
    assert QUERIES.keys() == schema._schema.query_type.fields.keys()
    assert MUTATIONS.keys() == schema._schema.mutation_type.fields.keys()
    assert SUBSCRIPTIONS.keys() == schema._schema.subscription_type.fields.keys()


def test_what_is_not_public_is_refused_to_nobody() -> None:
    roots = {**schema._schema.query_type.fields, **schema._schema.mutation_type.fields}  # type: ignore[union-attr]
    for name, (_, outcomes) in {**QUERIES, **MUTATIONS}.items():
        applied = roots[name].extensions["strawberry-definition"].directives
        is_public = any(isinstance(each, AccessDirective) and each.caller is Access.PUBLIC for each in applied)
        assert (outcomes[0] != SIGN_IN) is is_public, name


def _document(kind: str, name: str, selection: str) -> str:
    used = [each for each in NAMES if f"${each}" in selection.replace("$orderItem", "$orderItem ")]
    declared = ", ".join(f"${each}: ID!" for each in used)
    return f"{kind} Asked{f'({declared})' if declared else ''} {{ {selection} }}"


def _variables(gateway: Running, kept: Kept) -> dict[str, Any]:
    return {
        "customer": kept.customer,
        "bundle": kept.bundle.id,
        "order": kept.order.id,
        "item": kept.bundle.items[0].id,
        "orderItem": kept.order.items[0].id,
        "notification": kept.notification,
        "offering": gateway.core.offerings.all()[0].id,
    }


def _outcome(name: str, answer: dict[str, Any]) -> str:
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    found = answer["data"][name]
    if isinstance(found, dict) and found.get("userErrors"):
        return str(found["userErrors"][0]["code"])
    return NULL if found in (None, [None]) else SEEN


@pytest.mark.requirement("S2", "S3")
@pytest.mark.parametrize(("kind", "name", "selection", "caller", "expected"), TABLE)
async def test_each_caller_gets_what_is_theirs(
    gateway: Running, kind: str, name: str, selection: str, caller: str, expected: str
) -> None:
    kept = await _kept(gateway)
    token = None if caller == "nobody" else caller
    document, variables = _document(kind, name, selection), _variables(gateway, kept)

    if kind == "subscription":
        answer = await _first(gateway, document, variables, token)
    else:
        answer = await gateway.ask(document, variables, token)

    assert _outcome(name, answer) == expected, answer


async def _first(gateway: Running, document: str, variables: dict[str, Any], token: str | None) -> dict[str, Any]:
    async with gateway.socket() as socket:
        await begun(socket, {"authorization": f"Bearer {token}"} if token else None)
        await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": document, "variables": variables}})
        message = await said(socket)
    return {"errors": message["payload"]} if message["type"] == "error" else dict(message["payload"])


@pytest.mark.requirement("S3")
async def test_anothers_id_can_not_be_told_from_an_unknown_one(gateway: Running) -> None:
    kept = await _kept(gateway)
    unknown = own_id("Order", "01890000-0000-7000-8000-000000000000")
    query = "query($id: ID!) { order(id: $id) { id } }"
    cancel = """
    mutation($id: ID!) {
      cancelOrder(input: {orderId: $id, idempotencyKey: "k"}) { order { id } userErrors { code field message } }
    }
    """

    for document in (query, cancel):
        theirs = await gateway.ask(document, {"id": kept.order.id}, "another")
        nobodys = await gateway.ask(document, {"id": unknown}, "another")
        garbage = await gateway.ask(document, {"id": "garbage"}, "another")

        assert theirs == nobodys == garbage
