"""Connects the adapter to an address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.contract import Address, Limits, Place, Provider, ProviderProfile, ProviderRole, ProviderSettings, own_id
from providers.onapi import connect
from tests.onapi.calls import PASSWORD, SLUG, USERNAME

FAST = Limits(read_timeout_s=2.0, change_timeout_s=2.0)
PROFILE = ProviderProfile(own_id("Provider", SLUG), SLUG, "Törnfors", (ProviderRole.NETWORK_OPERATOR,))
CREDENTIALS = {"basic": {"username": USERNAME, "password": PASSWORD}}
SERVICES = {"BB-100-100": {"name": "Törnfors 100", "monthly": "239.20", "once": 296}, "BB-10-10": {}}


def settings_of(url: str, **options: Any) -> ProviderSettings:
    """What the adapter is given; the options of a provider that sells two services, unless told."""
    given = {"url": url, "credentials": CREDENTIALS, "services": SERVICES, **options}
    return ProviderSettings(PROFILE, {name: value for name, value in given.items() if value is not None}, FAST)


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Provider]:
    """The provider at that address."""
    async with connect(settings_of(url, **options)) as provider:
        yield provider


def a_place(number: str = "1", unit: str | None = None, street: str = "Storgatan", postcode: str = "11122") -> Place:
    """An address of the network's."""
    return Place(Address(street, postcode, "Stockholm", "SE", number, unit))
