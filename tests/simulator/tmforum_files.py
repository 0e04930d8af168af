"""The TM Forum files that the operators are checked against, and what of each is served."""

from dataclasses import dataclass
from pathlib import Path

READ = ("GET {}", "GET {}/{{id}}")
HUB = ("POST /hub", "DELETE /hub/{id}")


@dataclass(frozen=True)
class TmForumFile:
    """One file (by the beginning of its name), its base path, and the operations of it that are served."""

    name: str
    base: str
    served: frozenset[str]

    def path_in(self, shared: Path) -> Path:
        """The file itself."""
        (found,) = (shared / "tmf" / "v4").glob(f"{self.name}*.json")
        return found


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
)
