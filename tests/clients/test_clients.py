"""Clients that no one here wrote do all that they can do, against a running gateway."""

from collections.abc import Callable

import pytest

from tests.clients.conftest import Outcomes

pytestmark = pytest.mark.timeout(300)
STEPS = {
    "apollo": (
        "asks a query",
        "places an order by mutations",
        "follows the order through a lost connection, by graphql-ws",
        "follows the order through a lost connection, by multipart",
        "sends a persisted query's text once",
        "shows what is deferred once it is there",
        "shows what is deferred once it is there, in the format of 2022",
        "shows what is streamed row by row",
        "shows what is streamed row by row, in the format of 2022",
    ),
    "urql": (
        "asks a query",
        "places an order by mutations",
        "follows the order through a lost connection, by graphql-ws",
        "follows the order through a lost connection, by server-sent events",
        "sends a persisted query's text once",
        "shows what is deferred once it is there",
        "shows what is streamed row by row",
    ),
    "relay": (
        "asks a query",
        "reads page after page into one list",
        "places an order by mutations",
        "follows the order through a lost connection",
        "fetches a node again by its id",
        "shows what is deferred once it is there",
    ),
    "graphql-ws": (
        "asks a query",
        "places an order by mutations",
        "follows the order through a lost connection",
        "renews its token on the connection that it has",
    ),
    "graphql-sse": tuple(
        f"{step}, {mode}"
        for mode in ("distinct connections", "a single connection")
        for step in ("asks a query", "places an order by mutations", "follows the order through a lost connection")
    ),
    "plain": (
        "asks a query by graphql-request",
        "asks a query by the id that codegen has given it",
        "places an order by mutations by graphql-request",
        "follows the order through a lost connection by fetch and Last-Event-ID",
    ),
}
CASES = [pytest.param(client, step, id=f"{client}: {step}") for client, steps in STEPS.items() for step in steps]


@pytest.mark.requirement("N3")
@pytest.mark.parametrize(("client", "step"), CASES)
def test_the_client_does_it(client: str, step: str, outcomes: Callable[[str], Outcomes]) -> None:
    error = outcomes(client)[step]

    assert error is None, error


@pytest.mark.parametrize("client", STEPS)
def test_the_client_does_no_more_than_is_told_here(client: str, outcomes: Callable[[str], Outcomes]) -> None:
    assert tuple(outcomes(client)) == STEPS[client]
