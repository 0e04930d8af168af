"""A network that speaks ON-API joins while the gateway runs, by what the demo writes down for it."""

import json
from pathlib import Path
from typing import Any

from graphql import OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from gateway.api.schema.built import schema
from gateway.cli.newcomers import registration_of
from gateway.contract import ProviderRole
from gateway.domain.registrations import Connection
from providers.onapi import connect
from providers.simulator import operators
from tests.onapi.calls import PASSWORD, SLUG, USERNAME, a_network
from tests.registrations.world import OPERATOR, open_world, until

MUTATION = Path(__file__).parents[2] / "docs" / "register-on-api-provider.graphql"


def registration(folder: Path, url: str) -> dict[str, Any]:
    """The variables for the network at that address."""
    (newcomer,) = operators(folder)["newcomers"]
    known = {"url": url, "credentials": {"basic": {"username": USERNAME, "password": PASSWORD}}}
    return registration_of({**newcomer, "settings": {**newcomer["settings"], **known}})


def test_the_mutation_takes_the_variables_that_the_demo_writes(tmp_path: Path) -> None:
    document = parse(MUTATION.read_text("utf-8"))
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables = json.loads(json.dumps(registration(tmp_path, "http://127.0.0.1:9/onapi/2.6")))

    coerced = get_variable_values(schema._schema, operation.variable_definitions or (), variables)

    assert validate(schema._schema, document) == []
    assert not isinstance(coerced, list), coerced


async def test_a_network_that_is_registered_is_checked_and_sells(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    async with a_network(tmp_path) as network, open_world(url, adapters={"on-api": connect}) as world:
        asked = registration(tmp_path, network.url)["input"]
        adapter = asked["connection"]["adapter"]
        made = await world.register(
            OPERATOR,
            slug=asked["slug"],
            name=asked["name"],
            roles=(ProviderRole.NETWORK_OPERATOR,),
            connection=Connection(adapter["name"], adapter["settings"], adapter["credentials"]),
        )

        active = await world.settled(made)
        await until(lambda: world.offerings(SLUG) == 4)

    capabilities = ("catalog", "qualification", "ordering", "inventory", "polled_events")
    assert active.capabilities == capabilities
