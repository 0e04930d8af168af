"""The TM Forum files that the operators are checked against, and what of each is served."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

READ = ("GET {}", "GET {}/{{id}}")
HUB = ("POST /hub", "DELETE /hub/{id}")


@dataclass(frozen=True)
class TmForumFile:
    """One file (by the beginning of its name), its base path, and the operations of it that are served."""

    name: str
    base: str
    served: frozenset[str]

    @property
    def version(self) -> str:
        """The version it is of: `v4` or `v5`."""
        return self.base.rpartition("/")[2]

    def read(self, shared: Path) -> Any:
        """Its content, to be changed at will."""
        (found,) = (shared / "tmf" / self.version).glob(f"{self.name}[_-]*")
        text = _json(found)
        return json.loads(text)


@cache
def _json(path: Path) -> str:
    """A file of v5 is YAML, half a megabyte of it: parsed once, by libyaml."""
    raw = path.read_text("utf-8")
    return raw if path.suffix == ".json" else json.dumps(_mended(yaml.load(raw, yaml.CSafeLoader)), default=str)


def _mended(raw: Any) -> Any:
    """What a validator needs to be told.

    It does not know the discriminator, by which alone one of several shapes is right: the type is made part of each.
    And TMF679 lists no 400 for its two questions, though for all else.
    """
    for schema in raw["components"]["schemas"].values():
        mapping = schema.get("discriminator", {}).get("mapping", {})
        if "oneOf" in schema:
            schema["oneOf"] = [_told_apart(each, mapping) for each in schema["oneOf"]]
    for methods in raw["paths"].values():
        if "post" in methods:
            methods["post"]["responses"].setdefault("400", {"$ref": "#/components/responses/400"})
    return raw


def _told_apart(reference: Any, mapping: Any) -> Any:
    types = [name for name, target in mapping.items() if target == reference["$ref"]]
    return {"allOf": [reference, {"type": "object", "properties": {"@type": {"enum": types}}}]}


def _reads(*resources: str) -> tuple[str, ...]:
    return tuple(each.format(f"/{resource}") for resource in resources for each in READ)


FILES = (
    TmForumFile(
        "TMF620",
        "/productCatalogManagement/v4",
        frozenset(
            {
                *_reads("catalog", "category", "productOffering", "productOfferingPrice", "productSpecification"),
                *HUB,
            }
        ),
    ),
    TmForumFile(
        "TMF622",
        "/productOrderingManagement/v4",
        frozenset(
            {*_reads("productOrder", "cancelProductOrder"), "POST /productOrder", "POST /cancelProductOrder", *HUB}
        ),
    ),
    TmForumFile("TMF637", "/productInventory/v4", frozenset({*_reads("product"), *HUB})),
    TmForumFile(
        "TMF678",
        "/customerBillManagement/v4",
        frozenset({*_reads("customerBill", "appliedCustomerBillingRate"), *HUB}),
    ),
    TmForumFile(
        "TMF679",
        "/productOfferingQualification/v4",
        frozenset({*_reads("productOfferingQualification"), "POST /productOfferingQualification", *HUB}),
    ),
    TmForumFile(
        "TMF620",
        "/productCatalogManagement/v5",
        frozenset(
            {
                *_reads("productCatalog", "category", "productOffering", "productOfferingPrice"),
                *_reads("productSpecification"),
                *HUB,
            }
        ),
    ),
    TmForumFile(
        "TMF622",
        "/productOrderingManagement/v5",
        frozenset(
            {*_reads("productOrder", "cancelProductOrder"), "POST /productOrder", "POST /cancelProductOrder", *HUB}
        ),
    ),
    TmForumFile("TMF637", "/productInventory/v5", frozenset({*_reads("product"), *HUB})),
    TmForumFile(
        "TMF678",
        "/customerBillManagement/v5",
        frozenset({*_reads("customerBill", "appliedCustomerBillingRate"), *HUB}),
    ),
    TmForumFile(
        "TMF679",
        "/productOfferingQualification/v5",
        frozenset(
            {
                *_reads("checkProductOfferingQualification", "queryProductOfferingQualification"),
                *("POST /checkProductOfferingQualification", "POST /queryProductOfferingQualification"),
                *HUB,
            }
        ),
    ),
)
