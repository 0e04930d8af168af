"""Answering what can be delivered where. Source: TMF679 v4.0.0, `ProductOfferingQualification`."""

import uuid
from typing import Any

from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.coverage import Obstacle, Place, alternatives, days, obstacle
from providers.simulator.clock import stamp
from providers.simulator.ordering.checks import place_of
from providers.simulator.qualification.input import QualificationInput, QualificationItemInput
from providers.simulator.web.api import QUALIFICATION
from providers.simulator.web.errors import TmfError

DAY_S = 86_400.0
VALID_DAYS = 30
WORST_FIRST = ("unqualified", "alternate", "qualified")

Answer = dict[str, Any]


def qualify(catalogue: Catalogue, asked: QualificationInput, now: float) -> Answer:
    """The whole answer, done at once. Raises: TmfError 400 when nothing is asked about."""
    items = asked.productOfferingQualificationItem
    if not items:
        raise TmfError(400, "INVALID_BODY", "productOfferingQualificationItem: at least one is needed")
    answers = [_item(catalogue, asked, item, now) for item in items]
    if asked.provideOnlyAvailable:
        answers = [each for each in answers if each.get("qualificationItemResult") == "qualified"]
    key = str(uuid.uuid4())
    return {
        **asked.as_json(),
        "id": key,
        "href": QUALIFICATION.href("productOfferingQualification", key),
        "state": "done",
        "qualificationResult": _overall(answers),
        "productOfferingQualificationDate": stamp(now),
        "effectiveQualificationDate": stamp(now),
        "expirationDate": stamp(now + VALID_DAYS * DAY_S),
        "productOfferingQualificationItem": answers,
        "@type": "ProductOfferingQualification",
    }


def _overall(answers: list[Answer]) -> str:
    results = {each.get("qualificationItemResult", "unqualified") for each in answers}
    return next((each for each in WORST_FIRST if each in results), "unqualified")


def _item(catalogue: Catalogue, asked: QualificationInput, item: QualificationItemInput, now: float) -> Answer:
    ref = item.productOffering.id if item.productOffering else None
    answer = item.as_json()
    if ref is None or catalogue.offering(ref) is None:
        error = {"id": "UNKNOWN_OFFERING", "value": "There is no such productOffering"}
        return {**answer, "state": "terminatedWithError", "terminationError": [error]}
    place = place_of((item.product.place if item.product else None) or asked.place)
    hindrance = obstacle(catalogue, ref, place)
    verdict = _qualified(catalogue, ref, place, now) if hindrance is None else _unqualified(hindrance)
    if hindrance is not None and asked.provideUnavailabilityReason is False:
        del verdict["eligibilityUnavailabilityReason"]
    if hindrance is not None and asked.provideAlternative:
        verdict.update(_alternate(catalogue, ref, place, now))
    return {**answer, "state": "done", **verdict}


def _qualified(catalogue: Catalogue, ref: str, place: Place | None, now: float) -> Answer:
    return {"qualificationItemResult": "qualified", "expectedActivationDate": _activation(catalogue, ref, place, now)}


def _activation(catalogue: Catalogue, ref: str, place: Place | None, now: float) -> str:
    return stamp(now + days(catalogue, ref, place) * DAY_S)


def _unqualified(hindrance: Obstacle) -> Answer:
    reason = {"code": hindrance.code, "label": hindrance.label}
    return {"qualificationItemResult": "unqualified", "eligibilityUnavailabilityReason": [reason]}


def _alternate(catalogue: Catalogue, ref: str, place: Place | None, now: float) -> Answer:
    proposals = [
        {
            "id": str(number),
            "alternateProductOffering": {"id": other, "name": catalogue.items[other].name},
            "alternateActivationDate": _activation(catalogue, other, place, now),
        }
        for number, other in enumerate(alternatives(catalogue, ref, place), 1)
    ]
    if not proposals:
        return {}
    return {"qualificationItemResult": "alternate", "alternateProductOfferingProposal": proposals}
