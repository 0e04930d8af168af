"""The five TM Forum APIs that are served: their base paths, and the events each of them tells of."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Api:
    """One API: the name of its events' domain, and its base path."""

    name: str
    base: str

    def of(self, version: str) -> "Api":
        """The same API at the path of another version."""
        return replace(self, base=f"{self.base.rpartition('/')[0]}/{version}")

    def href(self, resource: str, key: str) -> str:
        """Where the resource is read; our ids need no quoting but in the catalogue."""
        return f"{self.base}/{resource}/{key}"


CATALOG = Api("productCatalogManagement", "/tmf-api/productCatalogManagement/v4")
ORDERING = Api("productOrderingManagement", "/tmf-api/productOrderingManagement/v4")
INVENTORY = Api("productInventory", "/tmf-api/productInventory/v4")
QUALIFICATION = Api("productOfferingQualification", "/tmf-api/productOfferingQualification/v4")
BILLING = Api("customerBillManagement", "/tmf-api/customerBillManagement/v4")
