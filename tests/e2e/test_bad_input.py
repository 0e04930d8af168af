"""Bad input: each gets its documented error, none a traceback, and none changes anything."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.consumer import Consumer, Data, document
from tests.e2e.processes import Program
from tests.e2e.shopping import Basket, basket, cancel, first_offering, new_bundle, place, reviewed

STRANGE_IDS = ["", "nonsense", "QnVuZGxlOjE", "QnVuZGxlOjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA", "å" * 5000]
MEGABYTE = "x" * 1_000_000


@pytest.fixture(autouse=True)
async def leaves_no_traceback(running: Program) -> AsyncIterator[None]:
    """Whatever was sent, the demo writes no traceback and goes on."""
    yield
    assert running.process.poll() is None
    assert "Traceback" not in running.written()
    assert "fault" not in running.written()


async def raw(asker: Consumer, body: bytes, **headers: str) -> tuple[int, list[str]]:
    """Sends a body as it is; the status and the errors' codes."""
    sent = {"content-type": "application/json", **asker.headers, **headers}
    async with asker.session.post(f"{asker.url}/graphql", data=io.BytesIO(body), headers=sent) as response:
        return response.status, codes(json.loads(await response.read()))


def codes(answer: Data) -> list[str]:
    """The codes of the top-level errors; each error has a message and tells nothing of the inside."""
    for error in answer["errors"]:
        assert error["message"]
        assert set(error["extensions"]) <= {"code", "problem", "field", "limit"}
    return [error["extensions"]["code"] for error in answer["errors"]]


async def user_errors(asker: Consumer, number: str, given: Data) -> list[tuple[str, list[str]]]:
    """The user errors of a mutation: code and field."""
    (payload,) = (await asker.run(number, input=given)).values()
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


@pytest.mark.parametrize("body", [b"", b"{", b'{"query": ', b"\xff\xfe", b"[" * 100_000], ids=repr)
async def test_malformed_json_is_bad_user_input(body: bytes, nobody: Consumer) -> None:
    assert await raw(nobody, body) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize("body", [b"[]", b"1", b"{}", b'{"query": 1}', b'{"query": "{__typename}", "variables": 3}'])
async def test_json_that_is_no_operation_is_bad_user_input(body: bytes, nobody: Consumer) -> None:
    assert await raw(nobody, body) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("query Q($id: ) { viewer { id } }", "GRAPHQL_PARSE_FAILED"),
        ("{ nothingOfTheKind }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "BAD_USER_INPUT"),
    ],
)
async def test_an_invalid_document_has_its_code(query: str, code: str, nobody: Consumer) -> None:
    _, answer = await nobody.send(query)

    assert codes(answer) == [code]
    assert "data" not in answer or answer["data"] is None


@pytest.mark.parametrize(
    "variables",
    [{"first": "many"}, {"first": 2**40}, {"filter": {"colour": "red"}}, {"filter": {"roles": ["KING"]}}, {"sort": 1}],
    ids=str,
)
async def test_a_wrong_variable_is_bad_user_input(variables: Data, nobody: Consumer) -> None:
    _, answer = await nobody.send(document("02"), variables)

    assert set(codes(answer)) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("first", [0, -1, 101, 1000])
async def test_a_page_of_none_or_too_many_is_bad_user_input(first: int, nobody: Consumer, guest: Consumer) -> None:
    for asker, number in ((nobody, "02"), (nobody, "20"), (guest, "15"), (guest, "16"), (guest, "19")):
        _, answer = await asker.send(document(number), {"first": first})
        assert codes(answer) == ["BAD_USER_INPUT"], number


@pytest.mark.requirement("S3")
@pytest.mark.parametrize("strange", STRANGE_IDS, ids=lambda text: text[:12] or "empty")
async def test_an_unknown_id_is_null_in_a_query_and_not_found_in_a_mutation(strange: str, guest: Consumer) -> None:
    assert await guest.run("10", id=strange) == {"bundle": None}
    assert await guest.run("13", id=strange, first=1) == {"order": None}
    assert await guest.run("03", id=strange) == {"productOffering": None}
    given = {"bundleId": strange, "expectedRevision": 1, "idempotencyKey": "k"}
    assert await user_errors(guest, "11", given) == [("NOT_FOUND", ["bundleId"])]
    assert await user_errors(guest, "14", {"orderId": strange, "idempotencyKey": "k"}) == [("NOT_FOUND", ["orderId"])]
    assert await _refused_subscription(guest, {"orderId": strange}) == ["NOT_FOUND"]


@pytest.mark.requirement("S3")
async def test_anothers_id_answers_as_an_unknown_one_does_and_changes_nothing(
    guest: Consumer, seeded: Consumer
) -> None:
    mine = await basket(guest)
    order = await place(guest, mine.given())
    item = (await reviewed(guest, mine.bundle))["items"][0]["id"]

    assert await seeded.run("10", id=mine.bundle) == {"bundle": None}
    assert await seeded.run("13", id=order, first=1) == {"order": None}
    assert await user_errors(seeded, "11", mine.given()) == [("NOT_FOUND", ["bundleId"])]
    assert await user_errors(seeded, "14", {"orderId": order, "idempotencyKey": "k"}) == [("NOT_FOUND", ["orderId"])]
    assert await user_errors(seeded, "09", {"bundleId": mine.bundle, "itemId": item}) == [("NOT_FOUND", ["bundleId"])]
    assert await _refused_subscription(seeded, {"orderId": order}) == ["NOT_FOUND"]

    assert (await guest.run("13", id=order, first=1))["order"]["cancellations"] == []


async def _refused_subscription(asker: Consumer, variables: Data) -> list[str]:
    """The codes of what a subscription ends with before its first event."""
    async for message in asker.follow(document("12"), variables):
        if message["type"] == "error":
            return codes({"errors": message["payload"]})
        assert message["type"] == "next", message
        return codes(message["payload"])
    raise AssertionError("the subscription was closed without a word")


async def test_nobody_is_told_to_sign_in_whatever_the_id(nobody: Consumer) -> None:
    for number, variables in (("10", {"id": "x"}), ("13", {"id": "x"}), ("15", {}), ("05", {"input": {}})):
        _, answer = await nobody.send(document(number), variables)
        assert codes(answer) == ["UNAUTHENTICATED"], number


async def test_a_cursor_of_something_else_is_bad_user_input(guest: Consumer) -> None:
    order = await place(guest, (await basket(guest)).given())
    events, _ = await guest.events("12", {"orderId": order}, enough=bool)
    of_offerings = (await guest.run("02", first=1))["productOfferings"]["edges"][0]["cursor"]

    for after in ("nonsense", "", of_offerings):
        for number, variables in (("15", {}), ("13", {"id": order}), ("20", {})):
            _, answer = await guest.send(document(number), {**variables, "after": after})
            assert codes(answer) == ["BAD_USER_INPUT"], (number, after)
        assert await _refused_subscription(guest, {"orderId": order, "after": after}) == ["BAD_USER_INPUT"]
    _, answer = await guest.send(document("02"), {"after": events[0]["cursor"]})
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_order_is_bad_user_input(guest: Consumer) -> None:
    one = await place(guest, (await basket(guest)).given())
    other = await place(guest, (await basket(guest)).given())
    events, _ = await guest.events("12", {"orderId": one}, enough=bool)

    assert await _refused_subscription(guest, {"orderId": other, "after": events[0]["cursor"]}) == ["BAD_USER_INPUT"]


async def test_a_bundle_of_500_items_ends_at_its_limit(guest: Consumer) -> None:
    handset = await first_offering(guest, categories=["device"], isBundle=False)
    bundle = await new_bundle(guest, None)
    given = {"bundleId": bundle, "offeringId": handset}

    outcomes = [await user_errors(guest, "07", given) for _ in range(52)]

    assert outcomes == [[]] * 50 + [[("TOO_MANY_ITEMS", ["bundleId"])]] * 2
    assert len((await reviewed(guest, bundle))["items"]) == 50


@pytest.mark.parametrize("quantity", [-1, 0, 1_000_000])
async def test_an_impossible_quantity_is_told_and_nothing_is_added(quantity: int, guest: Consumer) -> None:
    handset = await first_offering(guest, categories=["device"], isBundle=False)
    bundle = await new_bundle(guest, None)

    errors = await user_errors(guest, "07", {"bundleId": bundle, "offeringId": handset, "quantity": quantity})

    assert errors == [("QUANTITY_TOO_LOW" if quantity < 1 else "QUANTITY_TOO_HIGH", ["quantity"])]
    shown = await reviewed(guest, bundle)
    assert (shown["items"], shown["revision"]) == ([], 1)


@pytest.mark.requirement("F6")
async def test_the_same_key_with_another_input_is_refused_and_with_the_same_answers_the_same_order(
    guest: Consumer,
) -> None:
    mine = await basket(guest)
    order = await place(guest, mine.given())

    again = await place(guest, mine.given())
    errors = await user_errors(guest, "11", mine.given(completionPolicy="BEST_EFFORT"))

    assert again == order
    assert errors == [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]
    assert len((await guest.run("15"))["customer"]["orders"]["edges"]) == 1


REFUSALS: list[tuple[Data, tuple[str, list[str]]]] = [
    ({"expectedRevision": 1}, ("REVISION_MISMATCH", ["expectedRevision"])),
    ({"expectedRevision": 10_000}, ("REVISION_MISMATCH", ["expectedRevision"])),
    ({"acceptedTermIds": []}, ("TERMS_NOT_ACCEPTED", ["acceptedTermIds"])),
    ({"idempotencyKey": ""}, ("IDEMPOTENCY_KEY_INVALID", ["idempotencyKey"])),
    ({"idempotencyKey": "k" * 201}, ("IDEMPOTENCY_KEY_INVALID", ["idempotencyKey"])),
    ({"requestedStartAt": "2001-01-01T00:00:00Z"}, ("START_OUT_OF_RANGE", ["requestedStartAt"])),
]


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(("other", "error"), REFUSALS, ids=lambda part: str(part)[:40])
async def test_an_order_that_does_not_fit_is_refused_and_can_be_placed_afterwards(
    other: Data, error: tuple[str, list[str]], guest: Consumer
) -> None:
    mine = await basket(guest)

    errors = await user_errors(guest, "11", mine.given(**other))

    assert errors == [error]
    await _nothing_ordered(guest, mine)
    await cancel(guest, await place(guest, mine.given()))


async def _nothing_ordered(guest: Consumer, mine: Basket) -> None:
    shown = await reviewed(guest, mine.bundle)
    assert (shown["state"], shown["revision"], shown["order"]) == ("OPEN", mine.revision, None)
    assert (await guest.run("15"))["customer"]["orders"]["edges"] == []


async def test_a_string_of_a_megabyte_is_refused_before_it_is_read(guest: Consumer) -> None:
    for number, variables in (
        ("02", {"filter": {"text": MEGABYTE}}),
        ("05", {"input": {"name": MEGABYTE}}),
        ("13", {"id": MEGABYTE}),
    ):
        body = json.dumps({"query": document(number), "variables": variables}).encode()
        assert await raw(guest, body) == (413, ["BAD_USER_INPUT"]), number
    form = json.dumps({"username": MEGABYTE, "password": MEGABYTE}).encode()
    headers = {"content-type": "application/json"}
    async with guest.session.post(f"{guest.url}/auth/session", data=io.BytesIO(form), headers=headers) as response:
        assert response.status == 413


async def test_a_string_that_is_too_long_for_its_place_is_a_user_error(guest: Consumer) -> None:
    long = "x" * 100_000
    bundle = await new_bundle(guest, None)

    assert [code for code, _ in await user_errors(guest, "05", {"name": long})] == ["TOO_LONG"]
    assert (await user_errors(guest, "11", {"bundleId": bundle, "expectedRevision": 1, "idempotencyKey": long}))[0][
        0
    ] == "IDEMPOTENCY_KEY_INVALID"
    _, answer = await guest.send(document("02"), {"filter": {"text": long}})
    assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.requirement("S1")
@pytest.mark.parametrize(
    "body",
    [{"username": "nobody-of-that-name", "password": "whatever it takes"}, {"username": "demo", "password": "no"}],
)
async def test_a_sign_in_for_nobody_looks_like_one_with_a_wrong_password(body: Data, nobody: Consumer) -> None:
    status, answer = await nobody.post("/auth/session", body)

    assert status == 401
    assert [error["code"] for error in answer["errors"]] == ["INVALID_CREDENTIALS"]


@pytest.mark.parametrize("body", [{}, [], {"username": 1, "password": []}, {"username": "x" * 20_000}])
async def test_a_sign_in_that_is_no_form_is_refused(body: Any, nobody: Consumer) -> None:
    status, _ = await nobody.post("/auth/session", body)

    assert status in {400, 413, 422}
