"""What can be had at a place: the accesses of one dwelling, and their services as they are now."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.contract import Place
from gateway.kit import Answer, Area
from providers.onapi.accesses import Access, AccessBook
from providers.onapi.context import Reading
from providers.onapi.services import Availability, services_of

CONNECTED = "CONNECTED"
CLOSED = frozenset({"PLANNED", "DEPLOYING", "HOMESPASSED", "DISCONNECTED", "INMIGRATION", "OUTMIGRATION"})
# Most dwellings have one outlet; of those that have many the first is seldom taken.
FIRST, AT_ONCE = 1, 8


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing can be had at a place. `is_sure` is false for a state of the access that nobody knows."""

    code: str
    expected_at: datetime | None = None
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Offered:
    """The services of one access."""

    access: Access
    services: Sequence[Availability]


class PremisesServices:
    """Finds the dwelling of a place, and asks for the services of its outlets."""

    def __init__(self, area: Area, accesses: AccessBook, reading: Reading) -> None:
        self._area = area
        self._accesses = accesses
        self._reading = reading

    async def outlets(self, place: Place) -> Sequence[Access] | Obstacle:
        """The outlets that are connected. Raises: Unavailable, ContractBroken."""
        found = await self._accesses.at(place.address, self._area)
        if not found:
            return Obstacle("ADDRESS_NOT_IN_NETWORK")
        # Which of several dwellings is meant must be said: a line for somebody else is worse than none.
        if len({access.dwelling for access in found}) > 1:
            return Obstacle("UNIT_NEEDED")
        connected = [access for access in found if access.state == CONNECTED]
        return connected or _obstacle(found)

    async def offered(self, outlets: Sequence[Access]) -> AsyncIterator[Offered]:
        """The services of each outlet, the first ones first. Raises: Unavailable, ContractBroken."""
        start, size = 0, FIRST
        while start < len(outlets):
            batch = outlets[start : start + size]
            for each in await asyncio.gather(*(self._offered(access) for access in batch)):
                yield each
            start, size = start + size, AT_ONCE

    async def _offered(self, access: Access) -> Offered:
        row = await self._area.find(f"services/{access.id}", Answer.row)
        return Offered(access, services_of(row or {}, self._reading))


def _obstacle(accesses: Sequence[Access]) -> Obstacle:
    first = accesses[0]
    expected = min((each.connection for each in accesses if each.connection is not None), default=None)
    return Obstacle(f"ACCESS_{first.state or 'UNKNOWN'}", expected, first.state in CLOSED)
