"""Reads the parts of a predefined bundle. Source: TMF620 v4.1 and v5.0, BundledProductOffering; v5's groups of them."""

from urllib.parse import unquote

from gateway.contract import BundledGroup, BundledOffering, provider_id
from gateway.kit import Misshapen
from providers.tmforum.context import Reading
from providers.tmforum.reading import Row, part, parts, reference, text, whole

URN = "urn:offering:"
LOWER, UPPER, DEFAULT = "numberRelOfferLowerLimit", "numberRelOfferUpperLimit", "numberRelOfferDefault"


def read_bundle(row: Row, reading: Reading) -> tuple[BundledOffering | BundledGroup, ...]:
    """The parts, then the groups, each in the provider's order. Raises: Misshapen."""
    single = [_part(each, reading) for each in parts(row, "bundledProductOffering")]
    groups = [_group(each, reading) for each in parts(row, "bundledGroupProductOffering")]
    return (*single, *groups)


def offering_id_of(ref: str, reading: Reading) -> str:
    """The global id of an offering of this provider, or of the one that a URN names. Raises: Misshapen."""
    if not ref.lower().startswith(URN):
        return reading.id("ProductOffering", ref)
    slug, _, other = ref[len(URN) :].partition(":")
    if not slug or not other:
        raise Misshapen(f"{ref!r} names no offering")
    return provider_id("ProductOffering", slug, unquote(other))


def _part(row: Row, reading: Reading) -> BundledOffering:
    """Without limits the part belongs to it, once."""
    ref = reference(row)
    option = part(row, "bundledProductOfferingOption")
    minimum, maximum, default = _limits(option) if option else (1, 1, 1)
    return BundledOffering(offering_id_of(ref, reading), text(row, "name") or ref, minimum, maximum, default)


def _limits(option: Row) -> tuple[int, int, int]:
    minimum = max(whole(option, LOWER) or 0, 0)
    default = whole(option, DEFAULT)
    upper = whole(option, UPPER)
    maximum = max(minimum, default or 0, 1) if upper is None else upper
    if maximum < minimum:
        raise Misshapen(f"a part at least {minimum} and at most {maximum} times")
    return minimum, maximum, min(max(minimum if default is None else default, minimum), maximum)


def _group(row: Row, reading: Reading) -> BundledGroup:
    options = tuple(_choice(each, reading) for each in parts(row, "bundledProductOffering"))
    limits = part(row, "bundledGroupProductOfferingOption")
    minimum = min(max(whole(limits, LOWER) or 0, 0), len(options))
    upper = whole(limits, UPPER)
    maximum = len(options) if upper is None else min(max(upper, minimum), len(options))
    return BundledGroup(text(row, "name") or "", minimum, maximum, options)


def _choice(row: Row, reading: Reading) -> BundledOffering:
    """A part of a group is in it only when it is chosen."""
    if part(row, "bundledProductOfferingOption"):
        return _part(row, reading)
    ref = reference(row)
    return BundledOffering(offering_id_of(ref, reading), text(row, "name") or ref, 0, 1, 0)
