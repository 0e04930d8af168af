"""What an operator serves is what the TM Forum files say: no finding of schemathesis, whatever is sent.

The files are beside the project, never in it. The listeners, which a file describes for its readers, are left out.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
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
}
"""What an operator accepts and drops: left out of what is sent, as making it up takes seconds for each request."""
ORDERABLE = {"action": "add", "quantity": 1, "productOffering": {"id": "dsl-8"}}


def _name(value: object) -> str:
    if isinstance(value, GenerationMode):
        return value.value
    return value.name if isinstance(value, TmForumFile) else str(value)


@pytest.fixture(scope="module")
def operator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An operator in an event loop of its own, as schemathesis calls it from this one."""
    started, url, stop = threading.Event(), list[str](), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with run_operators(tmp_path_factory.mktemp("operators"), ("fjordnet",), delivery_max_s=0.05) as urls:
            url.append(urls["fjordnet"])
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(20)
    yield url[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def _schemas(url: str, shared: Path, left_out: Mapping[str, tuple[str, ...]]) -> dict[TmForumFile, BaseSchema]:
    loaded: dict[TmForumFile, BaseSchema] = {}
    for file in FILES:
        raw = json.loads(file.path_in(shared).read_text("utf-8"))
        for name in left_out.keys() & raw["definitions"].keys():
            for attribute in left_out[name]:
                del raw["definitions"][name]["properties"][attribute]
        loaded[file] = schemathesis.openapi.from_dict(raw)
        loaded[file].config.update(base_url=url + file.base)
    return loaded


@pytest.fixture(scope="module")
def schemas(operator_url: str, shared_dir: Path) -> dict[TmForumFile, BaseSchema]:
    """What each file says, of this operator."""
    return _schemas(operator_url, shared_dir, {})


@pytest.fixture(scope="module")
def sendable(operator_url: str, shared_dir: Path) -> dict[TmForumFile, BaseSchema]:
    """The same without what is heavy."""
    return _schemas(operator_url, shared_dir, HEAVY)


@pytest.mark.parametrize(("file", "operation", "mode"), SENT, ids=_name)
def test_whatever_is_sent_is_answered_as_the_file_says(
    sendable: dict[TmForumFile, BaseSchema], file: TmForumFile, operation: str, mode: GenerationMode
) -> None:
    method, path = operation.split(" ")
    sent = sendable[file][path][method]

    @given(case=sent.as_strategy(generation_mode=mode))
    @settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def answered(case: Case[Any]) -> None:
        if operation == "POST /productOrder":
            case.body = _orderable(case.body)
        case.call_and_validate(checks=CHECKS)

    answered()


def _orderable(body: Any) -> Any:
    """Every other order asks for what there is, so that orders are also made."""
    items = body.get("productOrderItem") if isinstance(body, dict) else None
    if isinstance(items, list) and len(str(body)) % 2:
        body["productOrderItem"] = [{**item, **ORDERABLE} if isinstance(item, dict) else item for item in items]
    return body


@pytest.fixture(scope="module")
def known(operator_url: str) -> dict[str, str]:
    """The id of something of each resource that is kept, with all that a customer brings about."""

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
    schemas: dict[TmForumFile, BaseSchema], known: dict[str, str], file: TmForumFile, operation: str
) -> None:
    path = operation.removeprefix("GET ")
    resource = path.split("/")[1]
    case = schemas[file][path]["GET"].Case(path_parameters={"id": known[resource]})

    response = case.call_and_validate(checks=CHECKS)

    assert response.status_code == 200
    assert response.json()


def _operations(shared: Path, file: TmForumFile) -> list[str]:
    paths = json.loads(file.path_in(shared).read_text("utf-8"))["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in METHODS if method in methods]


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_what_is_not_served_answers_404_or_405(operator_url: str, shared_dir: Path, file: TmForumFile) -> None:
    operations = _operations(shared_dir, file)
    others = [each for each in operations if each not in file.served]
    statuses = {}
    for each in others:
        method, path = each.split(" ")
        address = operator_url + file.base + path.replace("{id}", "1")
        statuses[each] = requests.request(method, address, json={}, timeout=10).status_code

    assert file.served <= set(operations)
    assert {each: status for each, status in statuses.items() if status not in (404, 405)} == {}
