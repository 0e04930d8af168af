"""The one policy: every kind of access and every kind of caller."""

import pytest

from gateway.domain.errors import AccessError, RequestError
from gateway.domain.parties import (
    Actor,
    Authorization,
    AuthorizationScope,
    Caller,
    Customer,
    CustomerKind,
    EverythingScope,
    MemberRole,
    Membership,
    OfferingScope,
    ProductScope,
    SelfServiceFunction,
    ServiceClient,
)
from gateway.usecases import policy
from gateway.usecases.policy import Access
from tests.clock import NOON

ORDER = SelfServiceFunction.ORDER


def member(
    *customers: str, role: MemberRole, scope: AuthorizationScope | None = None, operator: bool = False
) -> Caller:
    grants = (Authorization("a", (ORDER,), scope, NOON),) if scope else ()
    memberships = tuple(Membership(role, Customer(each, each, CustomerKind.BUSINESS), grants) for each in customers)
    return Caller(Actor("actor", "name", memberships, operator))


NOBODY = Caller()
MANAGER = member("c1", role=MemberRole.SELF_SERVICE_MANAGER, scope=EverythingScope())
USER = member("c1", role=MemberRole.SERVICE_USER)
OPERATOR = member(role=MemberRole.SERVICE_USER, operator=True)
PARTNER = Caller(client=ServiceClient("client", "acme", frozenset({"providers:write"})))
TOOL = Caller(client=ServiceClient("client", "tool", frozenset({"operations"})))
SIGN_IN, NO = "UNAUTHENTICATED", "FORBIDDEN"


@pytest.mark.requirement("S2", "R2")
@pytest.mark.parametrize(
    ("access", "answers"),
    [
        (Access.PUBLIC, [None, None, None, None, None, None]),
        (Access.SIGNED_IN, [SIGN_IN, None, None, None, NO, NO]),
        (Access.MANAGER, [SIGN_IN, None, NO, NO, NO, NO]),
        (Access.OPERATOR, [SIGN_IN, NO, NO, None, NO, NO]),
        (Access.PARTNER, [SIGN_IN, NO, NO, None, None, NO]),
    ],
)
def test_each_kind_of_access_has_its_callers(access: Access, answers: list[str | None]) -> None:
    found: list[str | None] = []
    for caller in (NOBODY, MANAGER, USER, OPERATOR, PARTNER, TOOL):
        try:
            policy.check(caller, access)
            found.append(None)
        except AccessError as error:
            found.append(error.problems[0].code)

    assert found == answers


@pytest.mark.requirement("S3")
def test_the_customer_is_the_one_named_or_the_only_one() -> None:
    of_two = member("c1", "c2", role=MemberRole.SELF_SERVICE_MANAGER)

    assert policy.customer_of(MANAGER, None, "customerId") == "c1"
    assert policy.customer_of(of_two, "c2", "customerId") == "c2"
    for caller, customer, code in [
        (MANAGER, "c2", "NOT_FOUND"),
        (of_two, None, "CUSTOMER_REQUIRED"),
        (OPERATOR, None, "CUSTOMER_REQUIRED"),
        (NOBODY, "c1", "UNAUTHENTICATED"),
        (NOBODY, None, "UNAUTHENTICATED"),
        (PARTNER, "c1", "FORBIDDEN"),
        (PARTNER, None, "FORBIDDEN"),
    ]:
        with pytest.raises(RequestError) as caught:
            policy.customer_of(caller, customer, "customerId")
        assert caught.value.problems[0].code == code


@pytest.mark.requirement("S3", "R5")
@pytest.mark.parametrize(
    ("caller", "customer", "answer"),
    [
        (MANAGER, "c1", True),
        (MANAGER, "c2", False),
        (USER, "c1", False),
        (OPERATOR, "c1", False),
        (NOBODY, "c1", False),
        (PARTNER, "c1", False),
        (member("c1", role=MemberRole.AUTHORIZED_USER, scope=ProductScope(("p",))), "c1", False),
        (member("c1", role=MemberRole.AUTHORIZED_USER, scope=OfferingScope(("iptv",))), "c1", False),
    ],
)
def test_only_an_authorization_for_everything_of_that_customer_counts(
    caller: Caller, customer: str, answer: bool
) -> None:
    assert policy.can(caller, customer, ORDER) is answer
    # A manager needs no authorization at all.
    assert policy.can(caller, customer, SelfServiceFunction.END) is answer


def test_what_is_required_tells_a_stranger_nothing() -> None:
    anyone = MANAGER

    policy.require(anyone, "c1", ORDER)
    for caller, customer, code in [
        (anyone, "c2", "NOT_FOUND"),
        (USER, "c1", "FORBIDDEN"),
        (NOBODY, "c1", "UNAUTHENTICATED"),
        (PARTNER, "c1", "FORBIDDEN"),
    ]:
        with pytest.raises(RequestError) as caught:
            policy.require(caller, customer, ORDER)
        assert caught.value.problems[0].code == code


@pytest.mark.requirement("R2", "R4", "S7")
def test_management_is_the_managers_alone_whatever_else_is_granted() -> None:
    everything = member("c1", role=MemberRole.AUTHORIZED_USER, scope=EverythingScope())

    policy.require_manager(MANAGER, "c1")
    for caller, customer, code in [
        (everything, "c1", "FORBIDDEN"),
        (USER, "c1", "FORBIDDEN"),
        (MANAGER, "c2", "NOT_FOUND"),
        (OPERATOR, "c1", "NOT_FOUND"),
        (NOBODY, "c1", "UNAUTHENTICATED"),
        (PARTNER, "c1", "FORBIDDEN"),
    ]:
        with pytest.raises(RequestError) as caught:
            policy.require_manager(caller, customer)
        assert caught.value.problems[0].code == code
