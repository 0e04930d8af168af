"""The network's accesses and services: read from `network.toml`, changed by tests."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from providers.simulator import clock

FILE = Path(__file__).parent / "network.toml"
BUILT = clock.seconds("2026-01-01T00:00:00Z")
CONNECTED_ON = "2020-01-01T00:00:00Z"
Row = dict[str, Any]


@dataclass
class Access:
    """One outlet: what the API shows of it, the services that can be had there, and what decides whether they can.

    `claimed`: the types of service that another service provider has there. `available`: from when services can be
    ordered. `modified`: in seconds since the epoch.
    """

    body: Row
    services: tuple[str, ...]
    claimed: tuple[str, ...] = ()
    available: str = CONNECTED_ON
    modified: float = BUILT

    @property
    def id(self) -> str:
        """Its key."""
        return str(self.body["accessId"])


@dataclass
class Network:
    """All of it; changes last until the process ends."""

    types: dict[str, str]
    accesses: dict[str, Access] = field(default_factory=dict)

    def change(self, access_id: str, body: Row, now: float) -> Access | None:
        """Gives an access other attributes; None where there is none of that key."""
        access = self.accesses.get(access_id)
        if access is not None:
            access.body.update(body)
            access.modified = now
        return access


def open_network_file() -> Network:
    """A network of its own for each operator that runs."""
    raw = _raw()
    types = {row["name"]: row["type"] for row in raw["service"]}
    accesses = (access for street in raw["street"] for access in _street(street, tuple(types)))
    return Network(types, {access.id: access for access in accesses})


@cache
def _raw() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def _street(street: Row, services: tuple[str, ...]) -> Iterator[Access]:
    for house in street["houses"]:
        for number in house["numbers"]:
            for inside in _inside(house):
                body = {**_address(street, number), **inside, **_state(house)}
                yield Access(
                    {"accessId": sha256(repr(sorted(body.items())).encode()).hexdigest()[:32], **body},
                    tuple(house.get("services", services)),
                    tuple(house.get("claimed", ())),
                    house.get("available", CONNECTED_ON),
                )


def _address(street: Row, number: str) -> Row:
    digits, littera = re.fullmatch(r"(\d+)([A-Z]?)", number).groups()  # type: ignore[union-attr]
    return {
        "streetName": street["name"],
        "streetNumber": digits,
        "streetLittera": littera,
        "postalCode": street["postcode"],
        "city": street["city"],
        "countryCode": "SE",
        "population": street["population"],
        "priceGroup": 0,
    }


def _inside(house: Row) -> Iterator[Row]:
    premises = {"premisesType": house["premises"]}
    for apartment in house.get("apartments", ()):
        yield {**premises, "mduApartmentNumber": apartment, "outlet": f"A-{apartment}"}
    for number in range(0 if "apartments" in house else house.get("outlets", 1)):
        yield {**premises, "outlet": f"B-{number + 1:02}"}


def _state(house: Row) -> Row:
    connection = {"connectionDateTime": house["connection"]} if "connection" in house else {}
    return {"accessState": house.get("state", "CONNECTED"), **connection}
