"""What an operator serves is what the TM Forum files say: no finding of schemathesis, whatever is sent.

The files are beside the project, never in it. The listeners, which a file describes for its readers, are left out.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.errors import InvalidSchema
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from providers.simulator.serving import run_operators
from tests.simulator.calls import BILLING, CATALOG, INVENTORY, ORDERING, QUALIFICATION, Json, order_of
from tests.simulator.tmforum_files import FILES, TmForumFile

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
METHODS = ("get", "post", "put", "patch", "delete")
SERVED = [(file, operation) for file in FILES for operation in sorted(file.served)]
SENT = [
    (file, operation, mode)
    for file, operation in SERVED
    for mode in GenerationMode
    # Any text is a valid id, so nothing invalid can be sent where there is nothing else.
    if mode is GenerationMode.POSITIVE or not operation.endswith("/{id}")
]
READ = [(file, operation) for file, operation in SERVED if operation.startswith("GET ")]
EXAMPLES = {"v4": 10, "v5": 4}
"""What is sent in v5 is four times as large."""
PRODUCT_V5_HEAVY = (
    *("product", "productPrice", "productTerm", "productSpecification", "agreementItem", "intent", "relatedParty"),
    *("productOrderItem", "realizingResource", "realizingService", "productOffering", "billingAccount"),
)
HEAVY = {
    "ProductOrder_Create": ("orderTotalPrice", "payment", "productOfferingQualification", "quote"),
    "ProductOfferingQualificationItem": (
        *("alternateProductOfferingProposal", "eligibilityUnavailabilityReason", "qualificationItemRelationship"),
        "terminationError",
    ),
    "ProductOrderItem": (
        *("productOrderItem", "appointment", "itemPrice", "itemTerm", "itemTotalPrice", "payment", "qualification"),
        *("productOfferingQualificationItem", "quoteItem"),
    ),
    "ProductRefOrValue": (
        *("product", "productRelationship", "productPrice", "productTerm", "productSpecification", "agreement"),
        *("productOrderItem", "realizingResource", "realizingService"),
    ),
    "ProductOrder_FVO": (
        *("orderTotalPrice", "payment", "productOfferingQualification", "quote", "channel", "orderRelationship"),
        *("productOrderErrorMessage", "productOrderJeopardyAlert", "productOrderMilestone"),
    ),
    "ProductOrderItem_FVO": (
        *("productOrderItem", "appointment", "itemPrice", "itemTerm", "itemTotalPrice", "payment", "qualification"),
        *("productOfferingQualificationItem", "productOrderItemRelationship", "quoteItem", "note"),
    ),
    **dict.fromkeys(("Product_FVO", "Product"), PRODUCT_V5_HEAVY),
    "GeographicAddress_FVO": ("geographicLocation", "geographicSite", "geographicAddressRelationship", "countryCode"),
    "CheckProductOfferingQualification_FVO": ("relatedParty", "channel", "note"),
    "CheckProductOfferingQualificationItem_FVO": (
        *("CheckProductOfferingQualificationItem", "qualificationItemRelationship", "note", "category", "promotion"),
        "terminationError",
    ),
    "QueryProductOfferingQualification_FVO": ("relatedParty", "channel", "note"),
    "QueryProductOfferingQualificationItem_FVO": ("qualificationItemRelationship", "category", "promotion"),
}
"""What an operator accepts and drops: left out of what is sent, as making it up takes seconds for each request."""
PRODUCT_V5 = {
    "@type": "Product",
    "place": [
        {
            "@type": "RelatedPlaceRefOrValue",
            "role": "installation",
            "place": {"@type": "GeographicAddress", "postcode": "21120"},
        }
    ],
}
QUALIFICATION_V5 = "/productOfferingQualification/v5"
QUESTIONS_V5: dict[str, Json] = {
    "checkProductOfferingQualification": {
        "@type": "CheckProductOfferingQualification",
        "provideAlternative": True,
        "checkProductOfferingQualificationItem": [
            {
                "@type": "CheckProductOfferingQualificationItem",
                "id": "1",
                "product": PRODUCT_V5,
                "productOffering": {"@type": "ProductOfferingRef", "id": "fibre-1000"},
            }
        ],
    },
    "queryProductOfferingQualification": {
        "@type": "QueryProductOfferingQualification",
        "searchCriteria": {"@type": "QueryProductOfferingQualificationItem", "id": "1", "product": PRODUCT_V5},
    },
}
ORDERABLE = {"action": "add", "quantity": 1, "productOffering": {"id": "dsl-8"}}


def _name(value: object) -> str:
    if isinstance(value, GenerationMode):
        return value.value
    return f"{value.name}-{value.version}" if isinstance(value, TmForumFile) else str(value)


@pytest.fixture(scope="module")
def operator_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """An operator for each version, in an event loop of their own, as schemathesis calls them from this one.

    Not one for both: v4 lets a place be of any type, which v5 has no shape for.
    """
    started, url, stop = threading.Event(), dict[str, str](), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            for version in EXAMPLES:
                folder = tmp_path_factory.mktemp(version)
                operator = run_operators(folder, ("fjordnet",), delivery_max_s=0.05)
                url[version] = (await stack.enter_async_context(operator))["fjordnet"]
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(20)
    yield url
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def _schemas(
    urls: Mapping[str, str], shared: Path, left_out: Mapping[str, tuple[str, ...]]
) -> dict[TmForumFile, BaseSchema]:
    loaded: dict[TmForumFile, BaseSchema] = {}
    for file in FILES:
        raw = file.read(shared)
        for name, schema in (raw.get("definitions") or raw["components"]["schemas"]).items():
            _leave_out(schema, left_out.get(name, ()))
        loaded[file] = schemathesis.openapi.from_dict(raw)
        loaded[file].config.update(base_url=urls[file.version] + file.base)
    return loaded


def _leave_out(schema: Any, attributes: tuple[str, ...]) -> None:
    """Takes these out of the schema, and out of the parts it is put together from."""
    for part in (schema, *schema.get("allOf", ())):
        for attribute in attributes:
            part.get("properties", {}).pop(attribute, None)


@pytest.fixture(scope="module")
def schemas(operator_urls: Mapping[str, str], shared_dir: Path) -> dict[TmForumFile, BaseSchema]:
    """What each file says, of this operator."""
    return _schemas(operator_urls, shared_dir, {})


@pytest.fixture(scope="module")
def sendable(operator_urls: Mapping[str, str], shared_dir: Path) -> dict[TmForumFile, BaseSchema]:
    """The same without what is heavy."""
    return _schemas(operator_urls, shared_dir, HEAVY)


@pytest.mark.parametrize(("file", "operation", "mode"), SENT, ids=_name)
def test_whatever_is_sent_is_answered_as_the_file_says(
    sendable: dict[TmForumFile, BaseSchema], file: TmForumFile, operation: str, mode: GenerationMode
) -> None:
    method, path = operation.split(" ")
    sent = sendable[file][path][method]

    @given(case=_made(sent.as_strategy(generation_mode=mode)))
    @settings(
        max_examples=EXAMPLES[file.version],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def answered(case: Case[Any]) -> None:
        if operation == "POST /productOrder":
            case.body = _orderable(case.body)
        case.call_and_validate(checks=CHECKS)

    answered()


@st.composite
def _made(draw: st.DrawFn, cases: st.SearchStrategy[Case[Any]]) -> Case[Any]:
    """A case. What its generator begins and then finds that it can't make counts for nothing, and another is made.

    Which it begins also depends on the code that other tests have loaded: Hypothesis draws from its constants.
    """
    try:
        return draw(cases)
    except InvalidSchema:
        reject()


def _orderable(body: Any) -> Any:
    """Every other order asks for what there is, so that orders are also made."""
    items = body.get("productOrderItem") if isinstance(body, dict) else None
    if isinstance(items, list) and len(str(body)) % 2:
        body["productOrderItem"] = [{**item, **ORDERABLE} if isinstance(item, dict) else item for item in items]
    return body


@pytest.fixture(scope="module")
def known(operator_urls: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By version, the id of something of each resource that is kept."""
    return {version: _brought_about(url) for version, url in operator_urls.items()}


def _brought_about(operator_url: str) -> dict[str, str]:
    """All that a customer brings about."""

    def post(path: str, body: Json) -> Json:
        response = requests.post(operator_url + path, json=body, timeout=10)
        assert response.status_code == 201, response.text
        return response.json()

    order = post(f"{ORDERING}/productOrder", order_of("fibre-100", installationKind="Technician"))
    question = {
        "provideAlternative": True,
        "place": [{"role": "installation", "postcode": "21120"}],
        "productOfferingQualificationItem": [{"id": "1", "productOffering": {"id": "fibre-1000"}}],
    }
    made = {
        "productOrder": order["id"],
        "cancelProductOrder": _cancellation(operator_url),
        "productOfferingQualification": post(f"{QUALIFICATION}/productOfferingQualification", question)["id"],
        **{resource: post(f"{QUALIFICATION_V5}/{resource}", body)["id"] for resource, body in QUESTIONS_V5.items()},
        "productCatalog": "fjordnet",
    }
    for base, resource in (
        *((CATALOG, each) for each in ("catalog", "category", "productOfferingPrice", "productSpecification")),
        (CATALOG, "productOffering"),
        (INVENTORY, "product"),
        (BILLING, "customerBill"),
        (BILLING, "appliedCustomerBillingRate"),
    ):
        made[resource] = _first(f"{operator_url}{base}/{resource}")
    return made


def _cancellation(url: str) -> str:
    """The id of one that was taken: an order is delivered so soon that it can be too late for it."""
    end = time.monotonic() + 20
    while True:
        order = requests.post(f"{url}{ORDERING}/productOrder", json=order_of("fibre-100"), timeout=10).json()
        asked = {"productOrder": {"id": order["id"]}}
        response = requests.post(f"{url}{ORDERING}/cancelProductOrder", json=asked, timeout=10)
        if response.status_code == 201:
            return str(response.json()["id"])
        assert time.monotonic() < end, response.text


def _first(address: str) -> str:
    end = time.monotonic() + 20
    while not (rows := requests.get(address, timeout=10).json()):
        assert time.monotonic() < end, f"nothing at {address}"
        time.sleep(0.05)
    return str(rows[0]["id"])


@pytest.mark.parametrize(("file", "operation"), READ, ids=_name)
def test_what_is_there_looks_as_the_file_says(
    schemas: dict[TmForumFile, BaseSchema], known: dict[str, dict[str, str]], file: TmForumFile, operation: str
) -> None:
    path = operation.removeprefix("GET ")
    resource = path.split("/")[1]
    case = schemas[file][path]["GET"].Case(path_parameters={"id": known[file.version][resource]})

    response = case.call_and_validate(checks=CHECKS)

    assert response.status_code == 200
    assert response.json()


def _operations(shared: Path, file: TmForumFile) -> list[str]:
    paths = file.read(shared)["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in METHODS if method in methods]


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_what_is_not_served_answers_404_or_405(
    operator_urls: Mapping[str, str], shared_dir: Path, file: TmForumFile
) -> None:
    operations = _operations(shared_dir, file)
    others = [each for each in operations if each not in file.served]
    statuses = {}
    for each in others:
        method, path = each.split(" ")
        address = operator_urls[file.version] + file.base + path.replace("{id}", "1")
        statuses[each] = requests.request(method, address, json={}, timeout=10).status_code

    assert file.served <= set(operations)
    assert {each: status for each, status in statuses.items() if status not in (404, 405)} == {}
