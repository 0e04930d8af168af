"""Answering what can be had at a place. Source: TMF679 v5.0.0, `QueryProductOfferingQualification`."""

import uuid
from typing import Any

from providers.simulator.catalog.catalogue import Catalogue
from providers.simulator.catalog.coverage import obstacle
from providers.simulator.clock import stamp
from providers.simulator.ordering.checks import place_of
from providers.simulator.ordering.input import PlaceInput
from providers.simulator.versions.input import QueryInput
from providers.simulator.web.api import QUALIFICATION
from providers.simulator.web.shapes import PRODUCT

ITEM = "QueryProductOfferingQualificationItem"


def available(catalogue: Catalogue, asked: QueryInput, now: float) -> dict[str, Any]:
    """The whole answer, done at once: every offering that nothing stands in the way of."""
    key = str(uuid.uuid4())
    product = asked.searchCriteria.product.as_v4() if asked.searchCriteria and asked.searchCriteria.product else {}
    place = place_of([PlaceInput.model_validate(each) for each in product.get("place", ())])
    refs = [ref for ref in catalogue.items if obstacle(catalogue, ref, place) is None]
    return {
        "id": key,
        "href": f"{QUALIFICATION.of('v5').base}/queryProductOfferingQualification/{key}",
        "state": "done",
        "creationDate": stamp(now),
        "effectiveQualificationDate": stamp(now),
        "searchCriteria": {"@type": ITEM, "id": "1", **({"product": PRODUCT(product)} if product else {})},
        "qualifiedProductOfferingItem": [_item(str(number), ref) for number, ref in enumerate(refs, 1)],
        "@type": "QueryProductOfferingQualification",
    }


def _item(number: str, ref: str) -> dict[str, Any]:
    return {"@type": ITEM, "id": number, "productOffering": {"@type": "ProductOfferingRef", "id": ref}}
