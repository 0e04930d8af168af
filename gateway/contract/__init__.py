"""What a provider is: typed Protocols, one file an area. All that an adapter imports, beside kit."""

from gateway.contract.billing import Billing
from gateway.contract.catalog import Catalog, Qualification
from gateway.contract.events import EventProof, Events, PolledEvents, PolledSignals, Post, Proven, Signal, SignalKind
from gateway.contract.inventory import Inventory
from gateway.contract.ordering import Ordering, OrderRequest, ProviderCancellation, ProviderOrder
from gateway.contract.provider import (
    CAPABILITIES,
    SETTLES_AFTER_S,
    Connect,
    InvalidOptions,
    Limits,
    Outbound,
    Provider,
    ProviderSettings,
)
from gateway.domain.billing import Bill, BillState, Charge
from gateway.domain.catalog.forms import Choice, ChoiceConstraint, OrderField, RangeConstraint, TextConstraint
from gateway.domain.catalog.offerings import (
    BundledGroup,
    BundledOffering,
    CatalogSnapshot,
    Category,
    Characteristic,
    ProductOffering,
    Requirement,
    Term,
)
from gateway.domain.catalog.prices import (
    AnyPrice,
    OneTimePrice,
    PriceAlteration,
    PriceCondition,
    Quantity,
    RecurringPrice,
    UsagePrice,
)
from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.catalog.qualification import (
    Alternative,
    OfferingQualification,
    QualificationReason,
    QualificationResult,
)
from gateway.domain.errors import ContractBroken, NotOffered, OutcomeUnknown, ProviderError, Rejected, Unavailable
from gateway.domain.identity import own_id, provider_id
from gateway.domain.inventory import Product, ProductStatus
from gateway.domain.money import Money
from gateway.domain.ordering.states import CancellationState, OrderItemState
from gateway.domain.parties import Address, Place

__all__ = [
    "CAPABILITIES",
    "SETTLES_AFTER_S",
    "Address",
    "Alternative",
    "AnyPrice",
    "Bill",
    "BillState",
    "Billing",
    "BundledGroup",
    "BundledOffering",
    "CancellationState",
    "Catalog",
    "CatalogSnapshot",
    "Category",
    "Characteristic",
    "Charge",
    "Choice",
    "ChoiceConstraint",
    "Connect",
    "ContractBroken",
    "EventProof",
    "Events",
    "InvalidOptions",
    "Inventory",
    "Limits",
    "Money",
    "NotOffered",
    "OfferingQualification",
    "OneTimePrice",
    "OrderField",
    "OrderItemState",
    "OrderRequest",
    "Ordering",
    "Outbound",
    "OutcomeUnknown",
    "Place",
    "PolledEvents",
    "PolledSignals",
    "Post",
    "PriceAlteration",
    "PriceCondition",
    "Product",
    "ProductOffering",
    "ProductStatus",
    "Proven",
    "Provider",
    "ProviderCancellation",
    "ProviderError",
    "ProviderOrder",
    "ProviderProfile",
    "ProviderRole",
    "ProviderSettings",
    "Qualification",
    "QualificationReason",
    "QualificationResult",
    "Quantity",
    "RangeConstraint",
    "RecurringPrice",
    "Rejected",
    "Requirement",
    "Signal",
    "SignalKind",
    "Term",
    "TextConstraint",
    "Unavailable",
    "UsagePrice",
    "own_id",
    "provider_id",
]
