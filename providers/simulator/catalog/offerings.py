"""Offerings as TMF620 has them, with the conventions of `providers/tmforum/README.md`.

Source: TMF620 v4.1.0, `ProductOffering`; `bundledGroupProductOffering` is v5's.
"""

from typing import Any

from providers.simulator.catalog.characteristics import narrowed, specification_id
from providers.simulator.catalog.prices import prices
from providers.simulator.catalog.sheet import (
    CatalogueSheet,
    GroupSheet,
    OfferingSheet,
    PartSheet,
    RequirementSheet,
    TermSheet,
)

LAST_UPDATE = "2026-01-01T00:00:00Z"
CATEGORIES = {
    "iptv": "IPTV",
    "broadband": "Broadband",
    "mobile": "Mobile",
    "fixed-voice": "Fixed voice",
    "content": "Content",
    "device": "Device",
}


def offering(sheet: CatalogueSheet, item: OfferingSheet) -> dict[str, Any]:
    """One offering, whole."""
    shown: dict[str, Any] = {
        "id": item.ref,
        "name": item.name,
        "description": item.text,
        "isBundle": bool(item.bundle or item.groups),
        "isSellable": item.sellable,
        "lifecycleStatus": item.status,
        "lastUpdate": LAST_UPDATE,
        "version": "1.0",
        "category": [{"id": item.category, "name": CATEGORIES[item.category], "@referredType": "Category"}],
        "productOfferingPrice": _prices(sheet, item),
        "productOfferingTerm": [_term(sheet.terms[name]) for name in item.terms],
        "productOfferingRelationship": [_requirement(sheet.requirements[name]) for name in item.requires],
        "@type": "ProductOffering",
    }
    shown.update(_specified(sheet, item))
    shown.update(_bundled(sheet, item))
    if item.valid_until:
        shown["validFor"] = {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": item.valid_until}
    return shown


def _prices(sheet: CatalogueSheet, item: OfferingSheet) -> list[dict[str, Any]]:
    whole = prices(item)
    if sheet.embed_prices:
        return whole
    return [{"id": price["id"], "name": price["name"], "@referredType": "ProductOfferingPrice"} for price in whole]


def _specified(sheet: CatalogueSheet, item: OfferingSheet) -> dict[str, Any]:
    owner = item.specification or item.ref
    uses = [narrowed(name, sheet.fields[name], narrow) for name, narrow in item.narrow.items()]
    return {
        "productSpecification": {"id": specification_id(owner), "@referredType": "ProductSpecification"},
        **({"prodSpecCharValueUse": uses} if uses else {}),
    }


def _term(term: TermSheet) -> dict[str, Any]:
    duration = {} if term.months is None else {"duration": {"amount": term.months, "units": "month"}}
    return {"name": term.name, "description": term.text, **duration}


def _requirement(requirement: RequirementSheet) -> dict[str, Any]:
    number = {
        "characteristic": requirement.characteristic,
        "minimum": requirement.minimum,
        "unit": requirement.unit,
    }
    condition = [{"name": name, "value": value} for name, value in requirement.when.items()]
    return {
        "@type": "ProductOfferingRequirement",
        "@baseType": "ProductOfferingRelationship",
        "relationshipType": "requires",
        "id": requirement.category,
        "@referredType": "Category",
        "name": requirement.name,
        "role": requirement.role,
        **(number if requirement.characteristic else {}),
        **({"condition": condition[0]} if condition else {}),
    }


def _bundled(sheet: CatalogueSheet, item: OfferingSheet) -> dict[str, Any]:
    names = {each.ref: each.name for each in sheet.offering}
    shown: dict[str, Any] = {}
    if item.bundle:
        shown["bundledProductOffering"] = [_part(part, names) for part in item.bundle]
    if item.groups:
        shown["bundledGroupProductOffering"] = [_group(group, names) for group in item.groups]
    return shown


def _part(part: PartSheet, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": part.part,
        "name": part.name or names[part.part],
        "lifecycleStatus": "Active",
        "bundledProductOfferingOption": {
            "numberRelOfferLowerLimit": part.lower,
            "numberRelOfferUpperLimit": part.upper,
            "numberRelOfferDefault": part.default,
        },
    }


def _group(group: GroupSheet, names: dict[str, str]) -> dict[str, Any]:
    return {
        "name": group.name,
        "bundledGroupProductOfferingOption": {
            "numberRelOfferLowerLimit": group.lower,
            "numberRelOfferUpperLimit": group.upper,
        },
        "bundledProductOffering": [{"id": ref, "name": names[ref]} for ref in group.parts],
    }
