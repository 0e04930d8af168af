"""A person with a browser at a running demo, on the built page."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.processes import Program, credentials, demo
from tests.ide.chromium import played, with_chromium

pytestmark = [with_chromium, pytest.mark.timeout(150)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Path]]:
    """A demo for the browser alone, and its folder."""
    data = tmp_path_factory.mktemp("ide") / "data"
    with demo(data) as started:
        asyncio.run(started.ready())
        yield started, data


@pytest.fixture(scope="module")
def seen(program: tuple[Program, Path]) -> Any:
    """All that there was to see when the person had looked around, signed in, ordered, come back and signed out."""
    started, data = program
    return asyncio.run(played("scenario.mjs", started.url, "demo", credentials(data)["demo"]))


def test_nothing_comes_from_elsewhere_and_nothing_is_against_the_policy(
    seen: Any, program: tuple[Program, Path]
) -> None:
    hosts = {urlsplit(each["url"]).netloc for each in seen["requests"] if not each["url"].startswith("data:")}

    assert seen["status"] == 200
    assert hosts == {urlsplit(program[0].url).netloc}
    assert seen["violations"] == []


def test_the_console_has_no_complaint_but_the_sign_in_that_was_refused(seen: Any) -> None:
    assert seen["console"] == ["Failed to load resource: the server responded with a status of 401 (Unauthorized)"]


def test_the_operations_of_the_contract_are_there_as_tabs(seen: Any) -> None:
    assert (seen["tabs"][:2], seen["tabs"][-1], len(seen["tabs"])) == (
        ["Viewer", "BrowseCatalog"],
        "RegisterProvider",
        22,
    )


def test_a_query_is_run_as_nobody(seen: Any) -> None:
    assert seen["nobody"]["data"] == {"viewer": None}


def test_an_answer_in_parts_is_put_together(seen: Any) -> None:
    assert seen["inParts"]["data"] == {
        "viewer": {"username": "demo", "memberships": [{"role": "SELF_SERVICE_MANAGER"}]}
    }


def test_the_form_says_what_goes_where(seen: Any) -> None:
    assert seen["looked"] == {"language": "en", "form": 1, "passwordKind": "password", "completion": "username"}


def test_signing_in_takes_the_keyboard_alone_and_tells_a_wrong_password(seen: Any) -> None:
    assert seen["signedIn"] == {
        "refusal": "The username or the password is wrong.",
        "focus": "Sign out",
        "isFormLeft": False,
        "problem": "",
    }


def test_a_mutation_is_run_as_who_signed_in(seen: Any) -> None:
    created = seen["made"]["data"]["createBundle"]

    assert created["userErrors"] == []
    assert (created["bundle"]["name"], created["bundle"]["offering"]["id"]) == ("In a browser", seen["offeringId"])


def test_an_order_is_followed_over_a_websocket_until_it_is_complete(seen: Any, program: tuple[Program, Path]) -> None:
    (event,) = seen["last"]["data"].values()

    assert event["order"]["id"] == seen["placed"]["data"]["placeOrder"]["order"]["id"]
    assert (event["__typename"], event["orderState"], event["completionPercent"]) == (
        "OrderCompleted",
        "COMPLETED",
        100,
    )
    sockets = {each["url"] for each in seen["requests"] if each["method"] == "WEBSOCKET"}
    assert sockets == {program[0].url.replace("http", "ws", 1) + "/graphql"}


def test_a_token_that_has_run_out_is_renewed_when_the_person_comes_back(seen: Any) -> None:
    renewed = [each["method"] for each in seen["requests"] if each["url"].endswith("/auth/refresh")]

    assert len(renewed) == 2  # the other one while it followed
    assert seen["returned"]["who"] == "Signed in as demo"
    assert seen["returned"]["viewer"]["data"]["viewer"]["username"] == "demo"


def test_who_follows_for_longer_than_a_token_lives_stays_signed_in(seen: Any) -> None:
    assert seen["stayed"]["sent"] == ["authorization"]
    assert 880_000 < seen["stayed"]["goodFor"] <= 900_000


def test_signing_out_leaves_nothing_behind(seen: Any) -> None:
    assert (seen["signedOut"]["kept"], seen["signedOut"]["viewer"]["data"]) == (None, {"viewer": None})


def test_the_editors_languages_work_in_workers_of_the_gateways_own(seen: Any, program: tuple[Program, Path]) -> None:
    names = {url.removeprefix(f"{program[0].url}/graphql/ide/").partition("-")[0] for url in seen["workers"]}

    assert names == {"editor", "graphql", "json"}
    assert seen["faults"] == ['Cannot query field "nothing" on type "Query".']
