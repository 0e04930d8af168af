"""What differs between the versions of each API: a record an API and version, chosen once, by the options.

The records hold what is sent, and where. What comes back is read in the shape it comes in, whatever the version:
providers mix them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.contract import Address
from providers.tmforum import shapes
from providers.tmforum.shapes import Row, Shapes


class Version(StrEnum):
    """A version of TM Forum's Open APIs."""

    V4 = "V4"
    V5 = "V5"


class QualificationForm(StrEnum):
    """How v5 is asked what can be delivered: each offering checked, or all that there is queried."""

    CHECK = "CHECK"
    QUERY = "QUERY"


class CancelBy(StrEnum):
    """How an order is cancelled: by TMF622's task, or, where a provider lacks it, by a PATCH of its state."""

    TASK = "TASK"
    PATCH = "PATCH"


@dataclass(frozen=True, slots=True)
class Profile:
    """What differs for every API: `party_filter` is the parameter by which rows of a party are asked for."""

    path: str
    shapes: Shapes
    party_filter: str


@dataclass(frozen=True, slots=True)
class OrderingProfile(Profile):
    """TMF622: the parameter that finds an order by its key, and what each new order says beside the rest."""

    key_filter: str
    initially: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QualificationProfile(Profile):
    """TMF679: the task's resource, the member with its items, and the question."""

    resource: str
    items: str
    question: Callable[[Sequence[str], Address], dict[str, Any]]
    form: QualificationForm = QualificationForm.CHECK


@dataclass(frozen=True, slots=True)
class Profiles:
    """The chosen record of each API."""

    catalog: Profile
    qualification: QualificationProfile
    ordering: OrderingProfile
    inventory: Profile
    billing: Profile

    @property
    def paths(self) -> Mapping[str, str]:
        """TM Forum's own path of each API, by capability."""
        return {name: self.of(name).path for name in CAPABILITIES}

    def of(self, capability: str) -> Profile:
        """The record of that API."""
        found: Profile = getattr(self, capability)
        return found


CAPABILITIES = ("catalog", "qualification", "ordering", "inventory", "billing")
PARTY_V4, PARTY_V5 = "relatedParty.id", "relatedParty.partyOrPartyRole.id"


def _question_v4(refs: Sequence[str], address: Address) -> dict[str, Any]:
    """One place for all items. Source: TMF679 v4.0.0, ProductOfferingQualification_Create."""
    return {
        "instantSyncQualification": True,
        "provideAlternative": True,
        "provideUnavailabilityReason": True,
        "place": [shapes.V4.place(address)],
        "productOfferingQualificationItem": [
            {"id": str(n), "action": "add", "productOffering": shapes.V4.reference("ProductOffering", ref)}
            for n, ref in enumerate(refs, 1)
        ],
    }


def _check_v5(refs: Sequence[str], address: Address) -> dict[str, Any]:
    """The place is that of each item's product. Source: TMF679 v5.0.0, CheckProductOfferingQualification_FVO."""
    product = {"@type": "Product", "place": [shapes.V5.place(address)]}
    items = [
        {
            "@type": "CheckProductOfferingQualificationItem",
            "id": str(n),
            "action": "add",
            "productOffering": shapes.V5.reference("ProductOffering", ref),
            "product": product,
        }
        for n, ref in enumerate(refs, 1)
    ]
    return {
        "@type": "CheckProductOfferingQualification",
        "instantSyncQualification": True,
        "provideAlternative": True,
        "provideResultReason": True,
        "checkProductOfferingQualificationItem": items,
    }


def _query_v5(_refs: Sequence[str], address: Address) -> dict[str, Any]:
    """All that can be had at the place. Source: TMF679 v5.0.0, QueryProductOfferingQualification_FVO."""
    criteria = {
        "@type": "QueryProductOfferingQualificationItem",
        "id": "1",
        "product": {"@type": "Product", "place": [shapes.V5.place(address)]},
    }
    return {
        "@type": "QueryProductOfferingQualification",
        "instantSyncQualification": True,
        "searchCriteria": criteria,
    }


V4 = Profiles(
    catalog=Profile("/productCatalogManagement/v4", shapes.V4, PARTY_V4),
    qualification=QualificationProfile(
        "/productOfferingQualification/v4",
        shapes.V4,
        PARTY_V4,
        "productOfferingQualification",
        "productOfferingQualificationItem",
        _question_v4,
    ),
    ordering=OrderingProfile("/productOrderingManagement/v4", shapes.V4, PARTY_V4, "externalId"),
    inventory=Profile("/productInventory/v4", shapes.V4, PARTY_V4),
    billing=Profile("/customerBillManagement/v4", shapes.V4, PARTY_V4),
)
CHECK_V5 = QualificationProfile(
    "/productOfferingQualification/v5",
    shapes.V5,
    PARTY_V5,
    "checkProductOfferingQualification",
    "checkProductOfferingQualificationItem",
    _check_v5,
)
QUERY_V5 = QualificationProfile(
    "/productOfferingQualification/v5",
    shapes.V5,
    PARTY_V5,
    "queryProductOfferingQualification",
    "qualifiedProductOfferingItem",
    _query_v5,
    QualificationForm.QUERY,
)
V5 = Profiles(
    catalog=Profile("/productCatalogManagement/v5", shapes.V5, PARTY_V5),
    qualification=CHECK_V5,
    # Without it a provider may keep the order as a draft.
    ordering=OrderingProfile(
        "/productOrderingManagement/v5",
        shapes.V5,
        PARTY_V5,
        "externalId.id",
        {"requestedInitialState": "acknowledged"},
    ),
    inventory=Profile("/productInventory/v5", shapes.V5, PARTY_V5),
    billing=Profile("/customerBillManagement/v5", shapes.V5, PARTY_V5),
)
BY_VERSION = {Version.V4: V4, Version.V5: V5}


def choose(versions: Mapping[str, Version], form: QualificationForm) -> Profiles:
    """The record of each API in its version; the form matters in v5 alone, as v4 has one."""
    chosen = {name: getattr(BY_VERSION[versions[name]], name) for name in CAPABILITIES}
    if form is QualificationForm.QUERY and versions["qualification"] is Version.V5:
        chosen["qualification"] = QUERY_V5
    return Profiles(**chosen)
