"""How a resource of v4 is written in v5: the type of every object, and what has another name or stands elsewhere.

Source: TMF620, 622, 637, 678 and 679, v5.0.0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Write = Callable[[Any], Any]
KINDS: tuple[tuple[type, str], ...] = (
    (bool, "Boolean"),
    (int, "Integer"),
    (float, "Number"),
    (str, "String"),
    (dict, "Object"),
)


@dataclass(frozen=True)
class Shape:
    """An object's type in v5, the shapes of its members by their names in v4, and the names that are new."""

    type: str
    members: Mapping[str, Write] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, value: Any) -> Any:
        """The object, or each of a list; what is neither stays as it is."""
        if isinstance(value, list):
            return [self(each) for each in value]
        if not isinstance(value, dict):
            return value
        found = {self.renamed.get(name, name): self._member(name, each) for name, each in value.items()}
        return {**found, "@type": self.type}

    def _member(self, name: str, value: Any) -> Any:
        if name == "href":
            return str(value).replace("/v4/", "/v5/")
        return self.members.get(name, _same)(value)


def _same(value: Any) -> Any:
    return value


def _each(write: Callable[[Row], Row]) -> Write:
    return lambda rows: [write(row) for row in rows] if isinstance(rows, list) else rows


def _kind(value: Any) -> str:
    """`String`, `StringArray` …; empty where there is no value."""
    if isinstance(value, list):
        return f"{_kind(value[0]) if value else 'String'}Array"
    return next((name for known, name in KINDS if isinstance(value, known)), "")


def _characteristic(row: Row) -> Row:
    return {**row, "@type": f"{_kind(row.get('value'))}Characteristic"}


def _value(row: Row) -> Row:
    return {**row, "@type": f"{_kind(row.get('value'))}CharacteristicValueSpecification"}


def _related_party(kind: str) -> Write:
    """The reference stands one level deeper than in v4."""

    def write(row: Row) -> Row:
        party = {name: value for name, value in row.items() if name != "role"}
        role = {"role": row["role"]} if "role" in row else {}
        return {"@type": kind, **role, "partyOrPartyRole": {**party, "@type": "PartyRoleRef"}}

    return _each(write)


def _place(row: Row) -> Row:
    """Also one level deeper; what has no type is an address, unless it is only a reference."""
    place = {name: value for name, value in row.items() if name != "role"}
    kind = row.get("@type") or ("PlaceRef" if "id" in row else "GeographicAddress")
    return {"@type": "RelatedPlaceRefOrValue", "role": row["role"], "place": {**place, "@type": kind}}


def _relationship(row: Row) -> Row:
    """What is related is a reference: to the bundle's offering, for a part of a bundle."""
    product = row["product"]
    offering = product.get("productOffering")
    known = {"id": offering["id"], "@referredType": "ProductOffering"} if offering else {"id": product.get("id", "")}
    kind = {"bundled": "bundledBy"}.get(row["relationshipType"], row["relationshipType"])
    return {"@type": "ProductRelationship", "relationshipType": kind, **known}


def _identifiers(key: str) -> list[Row]:
    return [{"@type": "ExternalIdentifier", "id": key}]


def _channels(rows: list[Row]) -> list[Row]:
    return [{"@type": "RelatedChannel", "channel": {**row, "@type": "ChannelRef"}} for row in rows]


OFFERING_REF = Shape("ProductOfferingRef")
ACCOUNT = Shape("BillingAccountRef")
PLACES, CHARACTERISTICS = _each(_place), _each(_characteristic)
PRODUCT_PRICE = Shape(
    "ProductPrice", {"price": Shape("Price"), "productOfferingPrice": Shape("ProductOfferingPriceRef")}
)
PRODUCT = Shape(
    "Product",
    {
        "productOffering": OFFERING_REF,
        "productSpecification": Shape("ProductSpecificationRef"),
        "productCharacteristic": CHARACTERISTICS,
        "productPrice": PRODUCT_PRICE,
        "productTerm": Shape("ProductTerm"),
        "productOrderItem": Shape("RelatedOrderItem", {}, {"productOrderId": "orderId"}),
        "productRelationship": _each(_relationship),
        "place": PLACES,
        "relatedParty": _related_party("RelatedPartyOrPartyRole"),
        "billingAccount": ACCOUNT,
    },
)
ORDER_ITEM = Shape("ProductOrderItem", {"productOffering": OFFERING_REF, "product": PRODUCT, "billingAccount": ACCOUNT})
ORDER = Shape(
    "ProductOrder",
    {
        "externalId": _identifiers,
        "productOrderItem": ORDER_ITEM,
        "relatedParty": _related_party("RelatedPartyRefOrPartyRoleRef"),
        "note": Shape("Note"),
        "billingAccount": ACCOUNT,
        "agreement": Shape("AgreementRef"),
        "channel": _channels,
    },
    {"orderDate": "creationDate"},
)
CANCELLATION = Shape("CancelProductOrder", {"productOrder": Shape("ProductOrderRef")})
BILL = Shape(
    "CustomerBill",
    {
        "taxItem": Shape("TaxItem"),
        "billingAccount": ACCOUNT,
        "relatedParty": _related_party("RelatedPartyRefOrPartyRoleRef"),
    },
)
RATE = Shape(
    "AppliedCustomerBillingRate",
    {
        "billingAccount": ACCOUNT,
        "product": Shape("ProductRef"),
        "bill": Shape("CustomerBillRef"),
        "appliedTax": Shape("AppliedBillingTaxRate"),
        "characteristic": CHARACTERISTICS,
    },
    {"type": "appliedBillingRateType"},
)
VALUE_USE = Shape("ProductSpecificationCharacteristicValueUse", {"productSpecCharacteristicValue": _each(_value)})
SPECIFICATION = Shape(
    "ProductSpecification",
    {
        "productSpecCharacteristic": Shape(
            "CharacteristicSpecification",
            {"productSpecCharacteristicValue": _each(_value)},
            {"productSpecCharacteristicValue": "characteristicValueSpecification"},
        )
    },
)
PRICE = Shape(
    "ProductOfferingPrice",
    {
        "tax": Shape("TaxItem"),
        "prodSpecCharValueUse": VALUE_USE,
        "popRelationship": Shape("ProductOfferingPriceRelationship"),
    },
)
PART = Shape("BundledProductOffering", {"bundledProductOfferingOption": Shape("BundledProductOfferingOption")})
GROUP = Shape(
    "BundledGroupProductOffering",
    {
        "bundledProductOffering": PART,
        "bundledGroupProductOfferingOption": Shape("BundledGroupProductOfferingOption"),
    },
)


def _price_ref_or_value(row: Row) -> Row:
    is_whole = "priceType" in row
    written: Row = (PRICE if is_whole else Shape("ProductOfferingPriceRef"))(row)
    return written


OFFERING = Shape(
    "ProductOffering",
    {
        "category": Shape("CategoryRef"),
        "productOfferingPrice": _each(_price_ref_or_value),
        "productOfferingTerm": Shape("ProductOfferingTerm"),
        "productSpecification": Shape("ProductSpecificationRef"),
        "prodSpecCharValueUse": VALUE_USE,
        "bundledProductOffering": PART,
        "bundledGroupProductOffering": GROUP,
    },
)
QUALIFICATION_ITEM = Shape(
    "CheckProductOfferingQualificationItem",
    {
        "productOffering": OFFERING_REF,
        "product": PRODUCT,
        "eligibilityUnavailabilityReason": Shape("EligibilityResultReason"),
        "terminationError": Shape("TerminationError"),
        "alternateProductOfferingProposal": Shape(
            "AlternateProductOfferingProposal", {"alternateProductOffering": OFFERING_REF}
        ),
    },
    {"eligibilityUnavailabilityReason": "eligibilityResultReason"},
)
QUALIFICATION = Shape(
    "CheckProductOfferingQualification",
    {
        "productOfferingQualificationItem": QUALIFICATION_ITEM,
        "relatedParty": _related_party("RelatedPartyOrPartyRole"),
    },
    {
        "productOfferingQualificationItem": "checkProductOfferingQualificationItem",
        "productOfferingQualificationDate": "creationDate",
        "provideUnavailabilityReason": "provideResultReason",
        "requestedPOQCompletionDate": "requestedQualificationCompletionDate",
    },
)
RESOURCES: Mapping[str, Write] = {
    "hub": Shape("Hub"),
    "catalog": Shape("ProductCatalog"),
    "category": Shape("Category"),
    "productOffering": OFFERING,
    "productOfferingPrice": PRICE,
    "productSpecification": SPECIFICATION,
    "productOrder": ORDER,
    "cancelProductOrder": CANCELLATION,
    "product": PRODUCT,
    "customerBill": BILL,
    "appliedCustomerBillingRate": RATE,
    "productOfferingQualification": QUALIFICATION,
}
"""The resources that are kept, by their names in v4."""
