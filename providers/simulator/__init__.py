"""Operators to develop against: real HTTP servers that speak TM Forum Open APIs, v4 and v5, with a made-up market.

`operators` is the entry point `simulator` of the group `gateway.demos`.
"""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from providers.simulator.market import OperatorEntry, market


class ProviderDescription(TypedDict):
    """A provider to connect: `settings` are the adapter's, to which the address is added as `url` after the start."""

    slug: str
    name: str
    adapter: str
    roles: list[str]
    settings: dict[str, Any]


class AgreementDescription(TypedDict):
    """An agreement between the providers with these slugs; the party `operator` is the gateway's own operator."""

    name: str
    parties: list[str]
    categories: list[str] | None
    valid_from: datetime | None
    valid_until: datetime | None


class NewcomerDescription(ProviderDescription):
    """A provider that runs, and that the gateway does not know yet: its credentials are added to `settings`, too.

    `proposals` are agreements that it would make: a name, and the slug of the other party.
    """

    proposals: dict[str, str]


class DemoDescription(TypedDict):
    """A process to start, and what it will serve."""

    command: list[str]
    addresses: str
    providers: list[ProviderDescription]
    agreements: list[AgreementDescription]
    newcomers: list[NewcomerDescription]


def operators(
    data: Path,
    *,
    delivery: tuple[float, float] = (2.0, 6.0),
    month_seconds: float = 180.0,
    faults_enabled: bool = False,
) -> DemoDescription:
    """All six operators, and those who join later, as one child process that keeps its state in `data`.

    Start `command` from the process that called this: the child ends when that one does, on SIGTERM and on SIGINT.
    When all operators answer, it prints one line of JSON on stdout, `{slug: {"name", "roles", "url"}}` (with the
    `credentials` of a newcomer), and has written the same to the file `addresses`. Ports are free ones, and others at
    each start; a newcomer keeps its port as long as nobody else takes it.
    """
    command = [sys.executable, "-m", "providers.simulator", "serve", "--data", str(data)]
    command += ["--delivery-min", str(delivery[0]), "--delivery-max", str(delivery[1])]
    command += ["--month-seconds", str(month_seconds), "--parent", str(os.getpid())]
    return {
        "command": command + (["--faults-enabled"] if faults_enabled else []),
        "addresses": str(data / "operators.json"),
        "providers": [_described(entry) for entry in market().operators],
        "newcomers": [{**_described(entry), "proposals": dict(entry.proposals)} for entry in market().newcomers],
        "agreements": [
            {
                "name": each.name,
                "parties": list(each.parties),
                "categories": None if each.categories is None else list(each.categories),
                "valid_from": each.valid_from,
                "valid_until": each.valid_until,
            }
            for each in market().agreements
        ],
    }


def _described(entry: OperatorEntry) -> ProviderDescription:
    return {
        "slug": entry.slug,
        "name": entry.name,
        "adapter": entry.speaks,
        "roles": list(entry.roles),
        "settings": dict(entry.settings),
    }
