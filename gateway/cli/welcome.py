"""What a newcomer reads when the demo has started."""

import json
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.cli.accounts import DemoCredentials

FIRST_QUERY = (
    """{ productOfferings(filter: {categories: ["iptv"]}, first: 3) { edges { node { name provider { name } } } } }"""
)


def welcome(
    url: str, folder: Path, credentials: "DemoCredentials", registrations: Sequence[Path] = ()
) -> Iterator[str]:
    """The lines: the address, the sign-ins, a first query, the tour, and who else could join."""
    body, passwords = json.dumps({"query": FIRST_QUERY}), credentials.passwords
    sign_in = json.dumps({"username": "demo", "password": passwords["demo"]})
    yield f"The gateway answers on {url}/graphql, with six operators behind it. Ctrl-C ends it all."
    yield ""
    yield "Accounts of this data folder:"
    width = max(len(name) for name in passwords)
    for name, password in passwords.items():
        yield f"  {name:{width}}  {password}"
    yield ""
    yield "A first query, which anybody may send:"
    yield f"  curl -s {url}/graphql -H 'content-type: application/json' -d {shlex.quote(body)}"
    yield ""
    yield "Sign in, and send the access_token of the answer as `Authorization: Bearer …`:"
    yield f"  curl -s {url}/auth/session -H 'content-type: application/json' -d {shlex.quote(sign_in)}"
    yield ""
    yield "The partner acme, whose program may register providers: its client id, its secret, and how it gets a token:"
    yield f"  {credentials.client_id}"
    yield f"  {credentials.client_secret}"
    secret = f"{credentials.client_id}:{credentials.client_secret}"
    yield f"  curl -s {url}/auth/token -u {secret} -d grant_type=client_credentials"
    for path in registrations:
        yield ""
        yield "A network that speaks ON-API runs beside them. It joins by registerProvider, with these variables:"
        yield f"  {path}"
    yield ""
    yield "The whole scenario, in another terminal:"
    # `uv run` has the command on its path; another terminal has not.
    command = "uv run --no-dev gateway" if "UV" in os.environ else "gateway"
    yield f"  {command} demo --tour --data {shlex.quote(str(folder))}"
    yield ""
    yield f"Data and credentials.json: {folder}"
