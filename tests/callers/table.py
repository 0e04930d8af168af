"""The table of callers: every root field × every kind of caller, and what comes back. See the README beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.callers.world import CALLERS

SEEN, NULL, NOT_FOUND, SIGN_IN, FORBIDDEN = "seen", "null", "NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN"
Cells = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A selection on the root, with variables of the world, and the answer for each of CALLERS."""

    selection: str
    cells: Cells

    @property
    def root(self) -> str:
        """The root field."""
        return self.selection.partition("(")[0].partition(" ")[0]

    def by_caller(self) -> Iterator[tuple[str, str]]:
        """Each caller with the answer."""
        return zip(CALLERS, self.cells, strict=True)


def everyone(answer: str = SEEN) -> Cells:
    """Public: the same for all."""
    return (answer,) * len(CALLERS)


def takes(
    done: str = SEEN,
    *,
    other: str = "NOT_ALLOWED",
    expired: str = "AUTHORIZATION_EXPIRED",
    outside: str = "OUTSIDE_HOURS",
    over: str | None = None,
    unknown: str = NOT_FOUND,
) -> Cells:
    """A function: for who holds it on that very thing, and for the manager. `unknown` is what strangers get."""
    members = (FORBIDDEN, done, FORBIDDEN, other, expired, outside, over or done)
    return (SIGN_IN, *members, done, unknown, FORBIDDEN, unknown)


def sees(done: str = SEEN) -> Cells:
    """A function to see one thing: what is not in the scope, or does not count just now, is as unknown."""
    return takes(done, other=NULL, expired=NULL, outside=NULL, unknown=NULL)


def lists(*, other: str = SEEN) -> Cells:
    """A function to see a list of the customer's."""
    return (SIGN_IN, FORBIDDEN, SEEN, FORBIDDEN, other, FORBIDDEN, FORBIDDEN, SEEN, SEEN, NULL, FORBIDDEN, NULL)


def members(done: str = SEEN, *, service: str = SEEN, unknown: str = NULL) -> Cells:
    """For every member."""
    return (SIGN_IN, service, *(done,) * 7, unknown, FORBIDDEN, unknown)


def managers(done: str = SEEN) -> Cells:
    """For the customer's managers alone."""
    return (SIGN_IN, *(FORBIDDEN,) * 7, done, NOT_FOUND, FORBIDDEN, NOT_FOUND)


def own_lists() -> Cells:
    """A list of the customer's for its managers: for a stranger there is no such customer."""
    return (*managers()[:-3], NULL, FORBIDDEN, NULL)


def own_managers(done: str = SEEN) -> Cells:
    """For who manages some customer: whoever manages none is told so, whatever the id."""
    return (*managers(done)[:-1], FORBIDDEN)


def persons(done: str = SEEN) -> Cells:
    """For whoever is signed in, whatever they may do."""
    return (SIGN_IN, *(done,) * 9, FORBIDDEN, done)


def operations(done: str = SEEN) -> Cells:
    """For the gateway's operator, and a service client for operations."""
    return (SIGN_IN, *(FORBIDDEN,) * 9, done, done)


def operators(done: str = SEEN) -> Cells:
    """For the gateway's operator alone."""
    return (SIGN_IN, *(FORBIDDEN,) * 10, done)


def partners(done: str = SEEN) -> Cells:
    """For partners and the operator."""
    return (SIGN_IN, *(FORBIDDEN,) * 9, done, done)


UNSEEN = {"other": NOT_FOUND, "expired": NOT_FOUND, "outside": NOT_FOUND}
NODE: Cells = (NULL, NULL, SEEN, NULL, NULL, NULL, NULL, SEEN, SEEN, NULL, NULL, NULL)
VIEWER: Cells = (NULL, *(SEEN,) * 9, NULL, SEEN)
_ADDRESS = 'address: {street: "Storgatan", postcode: "11122", city: "Stockholm", country: "SE"}'
_DONE = "userErrors { code }"
_BUNDLE = f"{{ bundle {{ id }} {_DONE} }}"
_ORDER = f"{{ order {{ id }} {_DONE} }}"
_REGISTRATION = f"{{ registration {{ id }} {_DONE} }}"
_AGREEMENT = f"{{ agreement {{ id }} {_DONE} }}"

QUERIES = (
    Row("node(id: $order) { id }", NODE),
    Row("nodes(ids: [$order]) { id }", NODE),
    Row("viewer { id memberships { authorizations { id } } }", VIEWER),
    Row("customer(id: $customer) { id }", members()),
    Row("customer(id: $customer) { orders { edges { node { id } } } }", lists()),
    Row("customer(id: $customer) { products { edges { node { id } } } }", lists()),
    Row("customer(id: $customer) { bills { edges { node { id } } } }", lists(other=FORBIDDEN)),
    Row("customer(id: $customer) { currentCharges { charges { asOf } } }", lists(other=FORBIDDEN)),
    Row("customer(id: $customer) { notifications { edges { node { id } } } }", lists(other=FORBIDDEN)),
    Row("customer(id: $customer) { sites { id } }", lists()),
    Row("customer(id: $customer) { members { edges { node { id authorizations { id } } } } }", members()),
    *(
        Row(f"customer(id: $customer) {{ {name} {{ edges {{ node {{ id }} }} }} }}", own_lists())
        for name in ("invitations", "contacts", "subscribers")
    ),
    *(
        Row(f"node(id: ${name}) {{ id }}", (*(NULL,) * 8, SEEN, *(NULL,) * 3))
        for name in ("invitation", "contact", "subscriber")
    ),
    # An authorized user, seen by the managers alone.
    Row("node(id: $member) { id }", (*(NULL,) * 8, SEEN, *(NULL,) * 3)),
    Row("order(id: $order) { id items { id } }", sees()),
    Row("bundle(id: $bundle) { id }", sees()),
    Row("productOffering(id: $offering) { id }", everyone()),
    Row("productOfferings { edges { node { id } } }", everyone()),
    Row(
        f"offeringQualification(input: {{offeringIds: [$offering], place: {{{_ADDRESS}}}}}) {{ items {{ result }} }}",
        everyone(),
    ),
    Row("providers { edges { node { id } } }", everyone()),
    Row("serviceClients { edges { node { id } } }", operators()),
    Row("providerRegistrations { edges { node { id } } }", partners()),
    Row("agreements { edges { node { id } } }", partners()),
    Row("securityEvents(customerId: $customer) { edges { node { id } } }", own_managers()),
    Row("allSecurityEvents { edges { node { id } } }", operators()),
    Row("operationsOrders { edges { node { id } } }", operations()),
    Row("operationsOrder(id: $order) { id steps { edges { node { key } } } }", operations()),
    Row("executors { edges { node { name } } }", operations()),
    Row("orderBacklog { openOrders }", operations()),
    Row('providerRegistration(slug: "nord") { id }', partners(NULL)),
)
MUTATIONS = (
    Row("endSession(input: {sessionId: $unknown}) { session { id } userErrors { code } }", persons(NOT_FOUND)),
    Row("endOtherSessions(input: {}) { endedCount userErrors { code } }", persons()),
    Row(f'createBundle(input: {{customerId: $customer, name: "x"}}) {_BUNDLE}', takes(other=SEEN)),
    Row(f"createBundle(input: {{customerId: $customer, offeringId: $offering}}) {_BUNDLE}", takes()),
    Row(f'updateBundle(input: {{bundleId: $bundle, name: "x"}}) {_BUNDLE}', takes()),
    Row(f"addBundleItem(input: {{bundleId: $bundle, offeringId: $offering}}) {_BUNDLE}", takes()),
    Row(f"configureBundleItem(input: {{bundleId: $bundle, itemId: $item, quantity: 1}}) {_BUNDLE}", takes()),
    Row(f"removeBundleItem(input: {{bundleId: $bundle, itemId: $item}}) {_BUNDLE}", takes()),
    Row(
        f"placeOrder(input: {{bundleId: $bundle, expectedRevision: 1, idempotencyKey: $key}}) {_ORDER}",
        takes(over="SPENDING_LIMIT_EXCEEDED"),
    ),
    Row(
        f"cancelOrder(input: {{orderId: $order, idempotencyKey: $key}}) {_ORDER}",
        takes(**UNSEEN),
    ),
    Row(
        f"retryOrderItem(input: {{orderId: $order, itemId: $orderItem, idempotencyKey: $key}}) {_ORDER}",
        (*takes("NOT_HELD", **UNSEEN)[:-2], "REASON_REQUIRED", "REASON_REQUIRED"),
    ),
    Row(
        'skipOrderItem(input: {orderId: $order, itemId: $orderItem, reason: "x", idempotencyKey: $key}) '
        "{ order { id } userErrors { code } }",
        operations("NOT_HELD"),
    ),
    Row(
        'failOrder(input: {orderId: $order, reason: "x", idempotencyKey: $key}) { order { id } userErrors { code } }',
        operations(),
    ),
    Row(
        f'addSite(input: {{customerId: $customer, name: "x", {_ADDRESS}}}) {{ site {{ id }} {_DONE} }}',
        takes(other=FORBIDDEN, expired=FORBIDDEN, outside=FORBIDDEN),
    ),
    Row(
        f"markNotificationRead(input: {{notificationId: $notification}}) {{ notification {{ id }} {_DONE} }}",
        takes(other=FORBIDDEN, expired=NOT_FOUND, outside=NOT_FOUND),
    ),
    Row(
        "grantAuthorization(input: {customerId: $customer, actorId: $actor, functions: [SEE_ORDERS],"
        f" scope: {{everything: true}}}}) {{ authorization {{ id }} {_DONE} }}",
        managers(),
    ),
    Row(
        "changeAuthorization(input: {authorizationId: $authorization, functions: [REPORT]})"
        f" {{ authorization {{ id }} {_DONE} }}",
        managers(),
    ),
    Row(
        f"revokeAuthorization(input: {{authorizationId: $authorization}}) {{ revokedAuthorizationId {_DONE} }}",
        managers(),
    ),
    Row(
        "enableFunction(input: {customerId: $customer, actorId: $serviceUser, function: SEE_USAGE})"
        f" {{ enabledFunction {{ id }} {_DONE} }}",
        (*takes()[:3], "NOT_ALLOWED", *takes()[4:]),
    ),
    Row(
        "disableFunction(input: {customerId: $customer, actorId: $serviceUser, function: SEE_USAGE})"
        f" {{ disabledFunctionIds {_DONE} }}",
        members(service=FORBIDDEN, unknown=NOT_FOUND),
    ),
    Row(
        "inviteMember(input: {customerId: $customer, role: SERVICE_USER, idempotencyKey: $key})"
        f" {{ invitation {{ id }} {_DONE} }}",
        own_managers(),
    ),
    Row(
        f"withdrawInvitation(input: {{invitationId: $invitation}}) {{ invitation {{ id }} {_DONE} }}",
        own_managers(),
    ),
    Row(
        f'acceptInvitation(input: {{token: "not-a-token"}}) {{ member {{ id }} {_DONE} }}',
        (SIGN_IN, *("INVITATION_INVALID",) * 9, FORBIDDEN, "INVITATION_INVALID"),
    ),
    Row(
        f"changeMemberRole(input: {{memberId: $member, role: SERVICE_USER}}) {{ member {{ id }} {_DONE} }}",
        own_managers(),
    ),
    Row(f"removeMember(input: {{memberId: $member}}) {{ removedMemberId {_DONE} }}", own_managers()),
    # Who leaves is in no later row.
    Row(
        f"leaveCustomer(input: {{customerId: $unknown}}) {{ leftCustomerId {_DONE} }}",
        members(NOT_FOUND, service=NOT_FOUND, unknown=NOT_FOUND),
    ),
    # In the end there is no manager any more.
    Row(
        f"handOverManagement(input: {{memberId: $unknown}}) {{ manager {{ id }} {_DONE} }}",
        own_managers(NOT_FOUND),
    ),
    Row(f'updateCustomer(input: {{customerId: $customer, name: "x"}}) {{ customer {{ id }} {_DONE} }}', own_managers()),
    # The orders of the rows above are in flight.
    Row(
        f"closeCustomer(input: {{customerId: $customer}}) {{ closedCustomerId {_DONE} }}",
        managers("ORDER_OPEN"),
    ),
    Row(
        f'addContact(input: {{customerId: $customer, name: "x", role: BILLING}}) {{ contact {{ id }} {_DONE} }}',
        own_managers(),
    ),
    Row(f"updateContact(input: {{contactId: $contact}}) {{ contact {{ id }} {_DONE} }}", own_managers()),
    Row(f"removeContact(input: {{contactId: $contact}}) {{ removedContactId {_DONE} }}", own_managers()),
    Row(
        f'addSubscriber(input: {{customerId: $customer, name: "x"}}) {{ subscriber {{ id }} {_DONE} }}',
        own_managers(),
    ),
    Row(f"updateSubscriber(input: {{subscriberId: $subscriber}}) {{ subscriber {{ id }} {_DONE} }}", own_managers()),
    Row(f"removeSubscriber(input: {{subscriberId: $subscriber}}) {{ removedSubscriberId {_DONE} }}", own_managers()),
    Row(
        f'updateSite(input: {{siteId: $site, name: "x"}}) {{ site {{ id }} {_DONE} }}',
        takes(other=FORBIDDEN, expired=NOT_FOUND, outside=NOT_FOUND),
    ),
    Row(
        f"removeSite(input: {{siteId: $site}}) {{ removedSiteId {_DONE} }}",
        takes(other=FORBIDDEN, expired=NOT_FOUND, outside=NOT_FOUND),
    ),
    Row(
        f'createServiceClient(input: {{name: "tool", scopes: [OPERATIONS]}}) {{ serviceClient {{ id }} {_DONE} }}',
        operators(),
    ),
    Row(
        f"rotateServiceClientSecret(input: {{clientId: $unknown}}) {{ serviceClient {{ id }} {_DONE} }}",
        operators(NOT_FOUND),
    ),
    Row(f"endServiceClient(input: {{clientId: $unknown}}) {{ serviceClient {{ id }} {_DONE} }}", operators(NOT_FOUND)),
    Row(
        f'registerProvider(input: {{slug: "nord", name: "N", roles: [], connection: {{adapter: {{name: "x",'
        f" settings: {{}}}}}}}}) {_REGISTRATION}",
        partners("ROLE_MISSING"),
    ),
    *(
        Row(f"{name}(input: {{registrationId: $unknown}}) {_REGISTRATION}", partners(NOT_FOUND))
        for name in ("updateProvider", "suspendProvider", "resumeProvider")
    ),
    Row(
        f"removeProvider(input: {{registrationId: $unknown}}) {{ removedRegistrationId {_DONE} }}", partners(NOT_FOUND)
    ),
    Row(
        f'proposeAgreement(input: {{name: "x", providerIds: [$unknown]}}) {_AGREEMENT}',
        partners(NOT_FOUND),
    ),
    *(
        Row(f"{name}(input: {{agreementId: $unknown}}) {_AGREEMENT}", partners(NOT_FOUND))
        for name in ("approveAgreement", "rejectAgreement", "terminateAgreement")
    ),
)
SUBSCRIPTIONS = (
    Row("orderEvents(orderId: $order) { id }", takes(**UNSEEN)),
    Row(
        "customerEvents(customerId: $customer) { id }",
        takes(other=FORBIDDEN, expired=FORBIDDEN, outside=FORBIDDEN),
    ),
    Row("securityAlarms(customerId: $customer) { id }", own_managers()),
    Row("allSecurityAlarms { id }", operators()),
    Row("registrationEvents(registrationId: $unknown) { id }", partners(NOT_FOUND)),
    Row("providerHealth(registrationId: $unknown) { id }", partners(NOT_FOUND)),
)
TABLE = {"query": QUERIES, "mutation": MUTATIONS, "subscription": SUBSCRIPTIONS}
