"""Where an operator can deliver what, how soon, and what else it could deliver there."""

from dataclasses import dataclass

from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.sheet import OfferingSheet, ReachSheet

COUNTRY = "SE"
SOLD = ("Active", "Launched")
ALTERNATIVES = 3


@dataclass(frozen=True)
class Place:
    """What of an address decides; None where it is not said."""

    postcode: str | None
    country: str | None


@dataclass(frozen=True)
class Obstacle:
    """Why an offering cannot be delivered at a place."""

    code: str
    label: str


NOT_SOLD = Obstacle("NOT_SOLD", "The offering is no longer sold")
PLACE_REQUIRED = Obstacle("PLACE_REQUIRED", "The offering needs a place of installation with a postcode")
OUTSIDE_COUNTRY = Obstacle("OUTSIDE_COUNTRY", "The operator delivers in Sweden only")
NO_COVERAGE = Obstacle("NO_COVERAGE", "No network of the operator reaches the place")
NO_SUCH_ACCESS = Obstacle("ACCESS_NOT_AVAILABLE", "This kind of access is not available at the place")
TOO_FAST = Obstacle("BANDWIDTH_NOT_AVAILABLE", "The network at the place does not carry this bandwidth")


def obstacle(catalogue: Catalogue, ref: str, place: Place | None) -> Obstacle | None:
    """What stands in the way of delivering the offering at the place; None when nothing does."""
    if not is_sold(catalogue, ref):
        return NOT_SOLD
    item = catalogue.items[ref]
    if place and place.country not in (None, COUNTRY):
        return OUTSIDE_COUNTRY
    if not item.access and not item.postcodes:
        return None
    if place is None or not place.postcode:
        return PLACE_REQUIRED
    if item.postcodes:
        return None if _listed(place.postcode, item.postcodes) else NO_COVERAGE
    return _unreachable(item, reach(catalogue, place))


def is_sold(catalogue: Catalogue, ref: str) -> bool:
    """Whether it can be ordered at all. A validity that has ended is written as the status, too."""
    shown = catalogue.resources["productOffering"][ref]
    return shown["lifecycleStatus"] in SOLD and bool(shown["isSellable"]) and "validFor" not in shown


def _listed(postcode: str, prefixes: tuple[str, ...]) -> bool:
    return postcode.replace(" ", "").startswith(prefixes)


def reach(catalogue: Catalogue, place: Place | None) -> ReachSheet | None:
    """What network there is at the place."""
    if place is None or not place.postcode:
        return None
    return next((each for each in catalogue.sheet.coverage if _listed(place.postcode, each.postcodes)), None)


def _unreachable(item: OfferingSheet, network: ReachSheet | None) -> Obstacle | None:
    if network is None:
        return NO_COVERAGE
    top = network.access.get(item.access or "")
    if top is None:
        return NO_SUCH_ACCESS
    return TOO_FAST if bandwidth(item) > top else None


def bandwidth(item: OfferingSheet) -> float:
    """Downstream, in Mbit/s; 0 for what is no access."""
    value = item.facts.get("downstreamBandwidth", 0)
    return value if isinstance(value, int | float) else 0.0


def days(catalogue: Catalogue, ref: str, place: Place | None) -> int:
    """How many days a delivery is expected to take."""
    network = reach(catalogue, place)
    return network.days if network and catalogue.items[ref].access else 0


def alternatives(catalogue: Catalogue, ref: str, place: Place | None) -> list[str]:
    """Other offerings of the same category that can be delivered there: the fastest first, three at most."""
    wanted = catalogue.items[ref]
    if not wanted.access or place is None:
        return []
    others = (item for item in catalogue.items.values() if item.category == wanted.category and item.ref != ref)
    fitting = [item for item in others if obstacle(catalogue, item.ref, place) is None]
    return [item.ref for item in sorted(fitting, key=bandwidth, reverse=True)[:ALTERNATIVES]]
