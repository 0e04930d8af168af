"""Making an account: what comes of it, and everything that is refused."""

from typing import Any

import pytest

from gateway.domain.identity import type_of
from gateway.domain.parties import Caller, EverythingScope, MemberRole, SelfServiceFunction
from gateway.usecases import invitations
from tests.auth.server import MARIA, SIGN_IN, Client, Running


@pytest.mark.requirement("V1", "R1", "R2")
async def test_an_account_is_a_customer_with_its_manager(server: Running) -> None:
    answer = await server.client.post("/auth/accounts", MARIA)

    assert (answer.status, sorted(answer.body)) == (201, ["actorId", "customerId"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert (type_of(answer.body["actorId"]), type_of(answer.body["customerId"])) == ("Actor", "Customer")
    async with server.parts.core.storage.reading() as unit:
        actor = await unit.accounts.actor(answer.body["actorId"])
    assert actor is not None
    (membership,) = actor.memberships
    (grant,) = membership.authorizations
    assert (actor.username, actor.is_operator) == ("maria", False)
    assert (membership.role, membership.customer.id) == (MemberRole.SELF_SERVICE_MANAGER, answer.body["customerId"])
    assert (grant.functions, grant.scope) == (tuple(SelfServiceFunction), EverythingScope())
    assert grant.valid_until is None


async def test_a_taken_name_is_refused_in_whatever_case(client: Client) -> None:
    await client.post("/auth/accounts", MARIA)

    again = await client.post("/auth/accounts", {**MARIA, "username": "MARIA", "password": "another secret of mine"})

    assert (again.status, again.problems) == (409, [("username", "USERNAME_TAKEN")])
    assert (await client.post("/auth/session", SIGN_IN)).status == 200


async def test_a_taken_email_answers_as_a_free_one_does(client: Client) -> None:
    first = await client.post("/auth/accounts", MARIA)
    second = await client.post("/auth/accounts", {**MARIA, "username": "lars", "email": "MARIA@example.com"})

    assert (second.status, sorted(second.body)) == (first.status, sorted(first.body))
    assert (await client.post("/auth/session", {**SIGN_IN, "username": "lars"})).status == 200


async def test_the_email_may_be_left_out(client: Client) -> None:
    without = {name: value for name, value in MARIA.items() if name != "email"}

    assert (await client.post("/auth/accounts", without)).status == 201
    assert (await client.post("/auth/accounts", {**without, "username": "lars", "email": None})).status == 201


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"username": "ab"}, [("username", "TOO_SHORT")]),
        ({"username": "a" * 65}, [("username", "TOO_LONG")]),
        ({"username": "maria\0"}, [("username", "INVALID_FORMAT")]),
        ({"username": "maria lind"}, [("username", "INVALID_FORMAT")]),
        ({"username": "_maria"}, [("username", "INVALID_FORMAT")]),
        ({"username": 7}, [("username", "WRONG_TYPE")]),
        ({"username": None}, [("username", "MISSING")]),
        ({"password": "short"}, [("password", "TOO_SHORT")]),
        ({"password": "x1y2" * 300}, [("password", "TOO_LONG")]),
        ({"password": "nul \0 in it"}, [("password", "INVALID_FORMAT")]),
        ({"password": "password123!"}, [("password", "TOO_COMMON")]),
        ({"password": "PASSWORD"}, [("password", "TOO_COMMON")]),
        ({"password": "12345678"}, [("password", "TOO_COMMON")]),
        ({"password": "aaaaaaaab"}, [("password", "TOO_COMMON")]),
        ({"username": "marialind", "password": "MariaLind1"}, [("password", "TOO_COMMON")]),
        ({"password": ["x"]}, [("password", "WRONG_TYPE")]),
        ({"email": "nowhere"}, [("email", "INVALID_FORMAT")]),
        ({"email": "a@b.c\n"}, [("email", "INVALID_FORMAT")]),
        ({"email": "Call 555<a@b.se"}, [("email", "INVALID_FORMAT")]),
        ({"email": "(x)a@b.se"}, [("email", "INVALID_FORMAT")]),
        ({"email": "a@b.se,c@d.se"}, [("email", "INVALID_FORMAT")]),
        ({"email": "a" * 250 + "@b.se"}, [("email", "TOO_LONG")]),
        ({"email": True}, [("email", "WRONG_TYPE")]),
        ({"customer": None}, [("customer", "MISSING")]),
        ({"customer": "x"}, [("customer", "WRONG_TYPE")]),
        ({"customer": {}}, [("customer.name", "MISSING"), ("customer.kind", "MISSING")]),
        ({"customer": {"name": " ", "kind": "HOUSEHOLD"}}, [("customer.name", "TOO_SHORT")]),
        ({"customer": {"name": "a\0b", "kind": "HOUSEHOLD"}}, [("customer.name", "INVALID_FORMAT")]),
        ({"customer": {"name": "x" * 201, "kind": "HOUSEHOLD"}}, [("customer.name", "TOO_LONG")]),
        ({"customer": {"name": "x", "kind": "household"}}, [("customer.kind", "UNKNOWN_VALUE")]),
        ({"customer": {"name": "x", "kind": "BUSINESS", "vat": "1"}}, [("customer.vat", "UNKNOWN_FIELD")]),
        ({"isOperator": True}, [("isOperator", "UNKNOWN_FIELD")]),
        ({"username": "", "password": "", "email": ""}, None),
    ],
)
async def test_each_wrong_field_is_named_and_nothing_is_made(
    client: Client, changes: dict[str, Any], problems: list[tuple[str, str]] | None
) -> None:
    answer = await client.post("/auth/accounts", {**MARIA, **changes})

    short = [("username", "TOO_SHORT"), ("password", "TOO_SHORT"), ("email", "TOO_SHORT")]
    assert (answer.status, answer.problems) == (422, problems or short)
    assert (await client.post("/auth/session", SIGN_IN)).status == 401


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"\xff\xfe",
    b'{"username": NaN}',
    b'{"username": "a", "username": "b"}',
    b'{"username": "\\ud800"}',
    b"[" * 10_000,
]


@pytest.mark.parametrize("path", ["/auth/accounts", "/auth/session", "/auth/refresh"])
async def test_what_is_no_json_object_is_refused(client: Client, path: str) -> None:
    answers = [await client.post(path, content) for content in MALFORMED]

    assert {answer.status for answer in answers} == {400}
    assert [answer.problems for answer in answers] == [[(None, "MALFORMED_JSON")]] * len(MALFORMED)


@pytest.mark.parametrize("path", ["/auth/accounts", "/auth/session", "/auth/refresh"])
async def test_a_body_of_a_megabyte_and_another_content_type_are_refused(client: Client, path: str) -> None:
    large = await client.post(path, {**MARIA, "password": "x" * 1_000_000})
    form = await client.post(path, MARIA, {"content-type": "application/x-www-form-urlencoded"})
    latin = await client.post(path, MARIA, {"content-type": "application/json; charset=latin-1"})
    utf8 = await client.post(path, {}, {"content-type": 'Application/JSON; charset="UTF-8"'})

    assert (large.status, large.problems) == (413, [(None, "BODY_TOO_LARGE")])
    assert (form.status, form.problems) == (415, [(None, "NOT_JSON")])
    assert (latin.status, latin.problems) == (415, [(None, "NOT_JSON")])
    assert utf8.status == 422


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/auth/accounts", "POST"),
        ("PUT", "/auth/session", "POST, DELETE"),
        ("DELETE", "/auth/refresh", "POST"),
    ],
)
async def test_another_method_is_refused(client: Client, method: str, path: str, allowed: str) -> None:
    answer = await client.send(method, path)

    assert (answer.status, answer.problems) == (405, [(None, "METHOD_NOT_ALLOWED")])
    assert answer.headers["Allow"] == allowed


INVITED = {"username": "erik", "password": "correct horse battery staple"}


async def an_invitation(server: Running, **more: Any) -> tuple[str, str]:
    """Maria's customer, and the token of an invitation to it."""
    core, account = server.parts.core, await server.client.post("/auth/accounts", MARIA)
    async with core.storage.reading() as unit:
        caller = Caller(await unit.accounts.actor(account.body["actorId"]))
    given = invitations.InviteMember(MemberRole.SERVICE_USER, "k", **more)
    _, token = await invitations.invite_member(core, caller, given)
    assert token is not None
    return account.body["customerId"], token


@pytest.mark.requirement("R1", "V1")
async def test_a_newcomer_by_an_invitation_is_a_member_and_has_no_customer_of_their_own(server: Running) -> None:
    customer, token = await an_invitation(server)

    answer = await server.client.post("/auth/accounts", {**INVITED, "invitation": token})

    assert answer.status == 201
    assert answer.body["customerId"] == customer
    async with server.parts.core.storage.reading() as unit:
        actor = await unit.accounts.actor(answer.body["actorId"])
    assert actor is not None
    assert [(each.customer.id, each.role) for each in actor.memberships] == [(customer, MemberRole.SERVICE_USER)]


@pytest.mark.requirement("S3")
async def test_an_invitation_that_is_not_good_makes_no_account_and_tells_nothing(server: Running) -> None:
    _, token = await an_invitation(server, email="erik@example.com")

    answers = [
        await server.client.post("/auth/accounts", {**INVITED, "invitation": given, **more})
        for given, more in ((token, {}), (token, {"email": "other@example.com"}), ("nonsense", {}), ("", {}))
    ]

    assert [(each.status, each.problems) for each in answers] == [(422, [("invitation", "INVITATION_INVALID")])] * 4
    assert (await server.client.post("/auth/session", INVITED)).status == 401
    assert [each.actor_id for each in server.parts.core.refusals.take() if each.kind == "INVITATION_REFUSED"] == [
        None
    ] * 4
    bound = await server.client.post("/auth/accounts", {**INVITED, "invitation": token, "email": "Erik@example.com"})
    assert bound.status == 201


async def test_a_customer_beside_an_invitation_is_one_too_many(server: Running) -> None:
    _, token = await an_invitation(server)
    customer = {"name": "Mine", "kind": "HOUSEHOLD"}

    both = await server.client.post("/auth/accounts", {**INVITED, "invitation": token, "customer": customer})
    neither = await server.client.post("/auth/accounts", INVITED)

    assert (both.status, both.problems) == (422, [("customer", "NOT_WITH_INVITATION")])
    assert (neither.status, neither.problems) == (422, [("customer", "MISSING")])
    assert (await server.client.post("/auth/accounts", {**INVITED, "invitation": token})).status == 201
