"""How what the adapter sends is written in each version: references, parties, places, characteristics, keys.

Source: TMF620, 622, 637, 678 and 679, in v4 and in v5.0; in v5 every object says its `@type`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.contract import Address

Row = Mapping[str, Any]
CUSTOMER, INSTALLATION = "Customer", "installation"
KEY_TYPE = "orderKey"
"""What v5's `externalId` calls the key, as an order may have several identifiers of others."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """One version's writers. `typed` names an object's type where the version asks for it."""

    typed: Callable[[str, Row], dict[str, Any]]
    reference: Callable[[str, str], Row]
    party: Callable[[str], Row]
    place: Callable[[Address], Row]
    characteristic: Callable[[str, Sequence[str]], Row]
    key: Callable[[str], object]
    bundle: Callable[[str], Row]


def untyped(value: Any) -> Any:
    """The same without the members whose name begins with `@`, for a provider that refuses them."""
    if isinstance(value, Mapping):
        return {name: untyped(each) for name, each in value.items() if not name.startswith("@")}
    return [untyped(each) for each in value] if isinstance(value, list) else value


def _plain(_name: str, row: Row) -> dict[str, Any]:
    return dict(row)


def _named(name: str, row: Row) -> dict[str, Any]:
    return {"@type": name, **row}


def _reference_v4(name: str, ref: str) -> Row:
    return {"id": ref, "@referredType": name}


def _reference_v5(name: str, ref: str) -> Row:
    return {"@type": f"{name}Ref", **_reference_v4(name, ref)}


def _party_v4(party: str) -> Row:
    return {"id": party, "role": CUSTOMER, "@referredType": CUSTOMER}


def _party_v5(party: str) -> Row:
    """The reference stands one level deeper than in v4."""
    named = {"@type": "PartyRoleRef", "id": party, "@referredType": CUSTOMER}
    return {"@type": "RelatedPartyRefOrPartyRoleRef", "role": CUSTOMER, "partyOrPartyRole": named}


def _address(address: Address, unit: Callable[[str], Row]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "GeographicAddress",
        "streetName": address.street,
        "streetNr": address.house_number,
        "postcode": address.postcode,
        "city": address.city,
        "country": address.country,
    }
    if address.unit is not None:
        found["geographicSubAddress"] = [{"@type": "GeographicSubAddress", **unit(address.unit)}]
    return {name: value for name, value in found.items() if value is not None}


def _place_v4(address: Address) -> Row:
    """The address itself has the role of the place of delivery."""
    return {**_address(address, lambda unit: {"subUnitNumber": unit}), "role": INSTALLATION}


def _place_v5(address: Address) -> Row:
    return {"@type": "RelatedPlaceRefOrValue", "role": INSTALLATION, "place": _address(address, _unit_v5)}


def _unit_v5(unit: str) -> Row:
    numbered = {"@type": "GeographicSubAddressUnit", "subUnitType": "apartment", "subUnitNumber": unit}
    return {"subUnit": [numbered]}


def _characteristic_v4(name: str, values: Sequence[str]) -> Row:
    return {"name": name, "value": values[0] if len(values) == 1 else list(values)}


def _characteristic_v5(name: str, values: Sequence[str]) -> Row:
    kind = "StringCharacteristic" if len(values) == 1 else "StringArrayCharacteristic"
    return {"@type": kind, **_characteristic_v4(name, values)}


def _key_v4(key: str) -> object:
    return key


def _key_v5(key: str) -> object:
    return [{"@type": "ExternalIdentifier", "externalIdentifierType": KEY_TYPE, "id": key}]


def _bundle_v4(ref: str) -> Row:
    return {"relationshipType": "bundled", "product": {"productOffering": _reference_v4("ProductOffering", ref)}}


def _bundle_v5(ref: str) -> Row:
    """A relationship is a reference there; that it is one to an offering is said by `@referredType`."""
    return {
        "@type": "ProductRelationship",
        "relationshipType": "bundledBy",
        "id": ref,
        "@referredType": "ProductOffering",
    }


V4 = Shapes(_plain, _reference_v4, _party_v4, _place_v4, _characteristic_v4, _key_v4, _bundle_v4)
V5 = Shapes(_named, _reference_v5, _party_v5, _place_v5, _characteristic_v5, _key_v5, _bundle_v5)
