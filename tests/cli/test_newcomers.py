"""What the demo writes down for those who may join it."""

import json
from pathlib import Path
from typing import Any

from gateway.cli.accounts import DemoCredentials
from gateway.cli.newcomers import registration_of, write_registrations
from gateway.cli.welcome import welcome
from gateway.domain.identity import own_id

BASIC = {"basic": {"username": "gateway", "password": "hush-hush"}}
NEWCOMER: dict[str, Any] = {
    "slug": "open-city",
    "name": "Open City",
    "adapter": "on-api",
    "roles": ["NETWORK_OPERATOR"],
    "settings": {"url": "http://127.0.0.1:9001", "tax_rate": 25, "credentials": BASIC},
    "proposals": {"Television": "aurora"},
}


def test_the_registration_of_a_newcomer_has_its_credentials_apart_and_its_agreements_by_id() -> None:
    settings = {"url": "http://127.0.0.1:9001", "tax_rate": 25}

    assert registration_of(NEWCOMER) == {
        "input": {
            "slug": "open-city",
            "name": "Open City",
            "roles": ["NETWORK_OPERATOR"],
            "connection": {"adapter": {"name": "on-api", "settings": settings, "credentials": BASIC}},
            "agreements": [{"name": "Television", "providerIds": [own_id("Provider", "aurora")]}],
        }
    }


def test_a_token_goes_by_the_name_that_a_mutation_has_for_it() -> None:
    newcomer = {**NEWCOMER, "settings": {"credentials": {"bearer_token": "secret"}}}

    adapter = registration_of(newcomer)["input"]["connection"]["adapter"]

    assert adapter["credentials"] == {"bearerToken": "secret"}


def test_the_welcome_names_the_file_and_shows_no_password_of_a_newcomer(tmp_path: Path) -> None:
    (path,) = write_registrations(tmp_path, [NEWCOMER])

    credentials = DemoCredentials({"demo": "x", "operator": "y"}, "acme", "z")
    lines = list(welcome("http://127.0.0.1:8000", tmp_path, credentials, [path]))

    assert f"  {path}" in lines
    assert "hush-hush" not in "".join(lines)
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text("utf-8")) == registration_of(NEWCOMER)
