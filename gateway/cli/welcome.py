"""What a newcomer reads when the demo has started."""

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

FIRST_QUERY = (
    """{ productOfferings(filter: {categories: ["iptv"]}, first: 3) { edges { node { name provider { name } } } } }"""
)


def welcome(url: str, folder: Path, credentials: Mapping[str, str]) -> Iterator[str]:
    """The lines: the address, the sign-ins, a first query, the tour."""
    body = json.dumps({"query": FIRST_QUERY})
    sign_in = json.dumps({"username": "demo", "password": credentials["demo"]})
    yield f"The gateway answers on {url}/graphql, with six operators behind it. Ctrl-C ends it all."
    yield ""
    yield "Accounts of this data folder:"
    width = max(len(name) for name in credentials)
    for name, password in credentials.items():
        yield f"  {name:{width}}  {password}"
    yield ""
    yield "A first query, which anybody may send:"
    yield f"  curl -s {url}/graphql -H 'content-type: application/json' -d {shlex.quote(body)}"
    yield ""
    yield "Sign in, and send the access_token of the answer as `Authorization: Bearer …`:"
    yield f"  curl -s {url}/auth/session -H 'content-type: application/json' -d {shlex.quote(sign_in)}"
    yield ""
    yield "The whole scenario, in another terminal:"
    # `uv run` has the command on its path; another terminal has not.
    command = "uv run --no-dev gateway" if "UV" in os.environ else "gateway"
    yield f"  {command} demo --tour --data {shlex.quote(str(folder))}"
    yield ""
    yield f"Data and credentials.json: {folder}"
