"""What the asker can mend: each mutation tells all that its use case may raise, in codes of its own."""

import re
from typing import Any

import pytest
from graphql import GraphQLEnumType

from gateway.api.schema.built import schema
from gateway.api.schema.bundle_mutations import CreateBundleErrors
from gateway.domain.errors import Problem, RequestError
from gateway.usecases import (
    agreements,
    authorizations,
    bundles,
    clients,
    customers,
    engagement,
    interventions,
    invitations,
    members,
    ordering,
    own_sessions,
    parties,
    policy,
    records,
    registrations,
)
from tests.api.running import Running

USE_CASES = {
    "CreateBundle": (bundles.create_bundle, parties.resolve_place),
    "UpdateBundle": (bundles.update_bundle, parties.resolve_place),
    "AddBundleItem": (bundles.add_bundle_item,),
    "ConfigureBundleItem": (bundles.configure_bundle_item,),
    "RemoveBundleItem": (bundles.remove_bundle_item,),
    "PlaceOrder": (ordering.place_order,),
    "CancelOrder": (ordering.cancel_order,),
    "RetryOrderItem": (ordering.retry_order_item, interventions.retry_item),
    "SkipOrderItem": (interventions.skip_item,),
    "FailOrder": (interventions.fail_order,),
    "AddSite": (parties.add_site,),
    "MarkNotificationRead": (engagement.mark_notification_read,),
    "CreateServiceClient": (clients.create_client,),
    "RotateServiceClientSecret": (clients.rotate_secret,),
    "EndServiceClient": (clients.end_client,),
    "RegisterProvider": (registrations.register_provider,),
    "UpdateProvider": (registrations.update_provider,),
    "SuspendProvider": (registrations.suspend_provider,),
    "ResumeProvider": (registrations.resume_provider,),
    "RemoveProvider": (registrations.remove_provider,),
    "ProposeAgreement": (agreements.propose_agreement,),
    "ApproveAgreement": (agreements.approve_agreement,),
    "RejectAgreement": (agreements.reject_agreement,),
    "TerminateAgreement": (agreements.terminate_agreement,),
    "EndSession": (own_sessions.end_session,),
    "EndOtherSessions": (own_sessions.end_other_sessions,),
    "InviteMember": (invitations.invite_member,),
    "WithdrawInvitation": (invitations.withdraw_invitation,),
    "AcceptInvitation": (invitations.accept_invitation,),
    "ChangeMemberRole": (members.change_member_role,),
    "RemoveMember": (members.remove_member,),
    "LeaveCustomer": (members.leave_customer,),
    "HandOverManagement": (members.hand_over_management,),
    "UpdateCustomer": (customers.update_customer,),
    "CloseCustomer": (customers.close_customer,),
    "UpdateSite": (parties.update_site,),
    "RemoveSite": (parties.remove_site,),
    "AddContact": (records.add_contact,),
    "UpdateContact": (records.update_contact,),
    "RemoveContact": (records.remove_contact,),
    "AddSubscriber": (records.add_subscriber,),
    "UpdateSubscriber": (records.update_subscriber,),
    "RemoveSubscriber": (records.remove_subscriber,),
    "GrantAuthorization": (authorizations.grant_authorization,),
    "ChangeAuthorization": (authorizations.change_authorization,),
    "RevokeAuthorization": (authorizations.revoke_authorization,),
    "EnableFunction": (authorizations.enable_function,),
    "DisableFunction": (authorizations.disable_function,),
}
NO_CODES = {"UNAUTHENTICATED", "FORBIDDEN"}
FORM = {
    "INVALID_CHOICE",
    "INVALID_TEXT",
    "OUT_OF_RANGE",
    "PATTERN_MISMATCH",
    "TOO_LONG",
    "TOO_MANY_VALUES",
    "UNKNOWN_FIELD",
    "DUPLICATE_FIELD",
}


def _raised(use_case: Any) -> set[str]:
    """The codes after `Raises:` in its docstring."""
    told = (use_case.__doc__ or "").partition("Raises:")[2]
    form = FORM if "a form's codes" in told else set()
    form |= policy.REFUSALS if "a refusal's codes" in told else set()
    return set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", told)) - NO_CODES | form


def _codes(mutation: str) -> set[str]:
    kind = schema._schema.type_map[f"{mutation}UserErrorCode"]
    assert isinstance(kind, GraphQLEnumType)
    return set(kind.values)


def test_every_mutation_has_a_use_case() -> None:
    assert schema._schema.mutation_type
    assert {name[0].upper() + name[1:] for name in schema._schema.mutation_type.fields} == USE_CASES.keys()


@pytest.mark.parametrize("mutation", USE_CASES)
def test_a_mutation_tells_exactly_what_its_use_case_raises(mutation: str) -> None:
    raised = set().union(*(_raised(each) for each in USE_CASES[mutation]))

    assert _codes(mutation) == raised | {"BAD_USER_INPUT"}


def test_each_problem_becomes_an_error_of_its_own_in_the_callers_language() -> None:
    error = RequestError(Problem("TOO_LONG", ("name",), {"maximum": "200"}), Problem("NOT_FOUND", ("offeringId",)))

    told = CreateBundleErrors(error, "sv")

    assert [(each.code, each.field, each.message) for each in told] == [
        ("TOO_LONG", ["name"], "Texten får ha högst 200 tecken."),
        ("NOT_FOUND", ["offeringId"], "Det finns inget sådant."),
    ]


def test_a_code_that_nobody_foresaw_breaks_no_answer() -> None:
    told = CreateBundleErrors(RequestError(Problem("BRAND_NEW")), "en")

    assert [(each.code, each.field) for each in told] == [("BAD_USER_INPUT", None)]


async def test_a_mutation_changes_nothing_when_it_tells_an_error(gateway: Running) -> None:
    await gateway.sign_in("maria")
    document = """
    mutation($input: CancelOrderInput!) {
      cancelOrder(input: $input) { cancellation { id } order { id } userErrors { __typename code field message } }
    }
    """

    answer = await gateway.ask(document, {"input": {"orderId": "x", "idempotencyKey": "k"}}, "maria")

    assert answer["data"]["cancelOrder"] == {
        "cancellation": None,
        "order": None,
        "userErrors": [
            {
                "__typename": "CancelOrderUserError",
                "code": "NOT_FOUND",
                "field": ["orderId"],
                "message": "There is no such thing.",
            }
        ],
    }
