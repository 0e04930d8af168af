"""A service at an access: what it is called, and from when it can be had. Source: ON-API 2.6, services."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from providers.onapi.context import Reading
from providers.onapi.reading import Row, moment, parts, text

# The API writes what nobody knows as a year of this age.
NEVER_YEAR = 3000
REFERENCE_LIMIT = 200
_BANDWIDTHS = re.compile(r"BB-(?P<downstream>\d+)-(?P<upstream>\d+)(-.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Availability:
    """From when a service can be had at an access: None for nobody knows, or not any more."""

    service: str
    since: datetime | None

    def is_free(self, now: datetime) -> bool:
        """Whether it can be had now."""
        return self.since is not None and self.since <= now


def services_of(row: Row, reading: Reading) -> Sequence[Availability]:
    """The services of one access, in the network's order; those without a usable name are left out."""
    found = []
    for each in parts(row, "services"):
        name = text(each, "service")
        if name is not None and len(name) <= REFERENCE_LIMIT:
            found.append(Availability(name, _since(each, reading)))
    return found


def is_sold(service: str, reading: Reading) -> bool:
    """Whether the gateway sells it: those of the settings, where they name any."""
    sold = reading.options.services
    return sold is None or service in sold


def _since(row: Row, reading: Reading) -> datetime | None:
    zone = reading.options.time_zone
    ends = moment(row, "disconnectionDateTime", zone)
    available, connected = (moment(row, name, zone) for name in ("availableDateTime", "connectionDateTime"))
    if available is None or (ends is not None and ends <= reading.now()):
        return None
    since = max(available, connected) if connected is not None else available
    return since if since.year < NEVER_YEAR else None


def bandwidths(service: str) -> tuple[Decimal, Decimal] | None:
    """Down and up in Mbit/s, by a name such as `BB-1000-100`. Source: the names in the examples of ON-API 2.6."""
    found = _BANDWIDTHS.fullmatch(service)
    return None if found is None else (Decimal(found["downstream"]), Decimal(found["upstream"]))
