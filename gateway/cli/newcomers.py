"""Providers that run beside the demo's and join it by a registration: what is to be sent for each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.cli.data_folder import write_private
from gateway.domain.identity import own_id


def write_registrations(folder: Path, newcomers: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The variables of `registerProvider`, one file each, readable for its owner alone: they hold credentials."""
    return [_written(folder / f"register-{each['slug']}.json", registration_of(each)) for each in newcomers]


def _written(path: Path, variables: Mapping[str, Any]) -> Path:
    write_private(path, json.dumps(variables, ensure_ascii=False, indent=1) + "\n")
    return path


def registration_of(newcomer: Mapping[str, Any]) -> dict[str, Any]:
    """The variables for one, with the agreements that it proposes."""
    settings = dict(newcomer["settings"])
    credentials = settings.pop("credentials", None)
    adapter = {"name": newcomer["adapter"], "settings": settings, "credentials": _as_input(credentials)}
    return {
        "input": {
            "slug": newcomer["slug"],
            "name": newcomer["name"],
            "roles": list(newcomer["roles"]),
            "connection": {"adapter": adapter},
            "agreements": [
                {"name": name, "providerIds": [own_id("Provider", slug)]}
                for name, slug in newcomer["proposals"].items()
            ],
        }
    }


def _as_input(credentials: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A file's `bearer_token` and `basic` as the input of a mutation has them."""
    if credentials is None or "bearer_token" not in credentials:
        return credentials
    return {"bearerToken": credentials["bearer_token"]}
