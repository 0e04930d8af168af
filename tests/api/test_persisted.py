"""Documents by an id or a hash: trusted ones, registered ones, and nothing else where the operator says so."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.api.operations import documents
from gateway.api.operations.limits import OperationLimits
from gateway.api.operations.persisted import Manifest, ManifestUnreadable, Trust, read_manifest
from tests.api.running import Running, begun, running, said, send

VIEWER = "query Viewer { viewer { id } }"
NAMES = "query Names($n: Int) { productOfferings(first: $n) { edges { cursor } } }"
GRAPHQL = {"accept": "application/graphql-response+json"}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _persisted(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": _hash(text)}}, **more}


async def _sent(gateway: Running, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    async with gateway.http.post(f"{gateway.address}/graphql", json=body, headers=headers) as response:
        return response.status, orjson.loads(await response.read())


def _code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


@pytest.fixture
async def trusting(tmp_path: Path) -> AsyncIterator[Running]:
    manifest = Manifest(Trust.ONLY, {"v": VIEWER, "n": NAMES})
    async with running(tmp_path, manifest=manifest) as started:
        yield started


async def test_a_hash_is_registered_with_its_text_and_asked_for_alone_from_then_on(gateway: Running) -> None:
    status, unknown = await _sent(gateway, _persisted(VIEWER))
    assert (status, unknown["errors"][0]["message"], _code(unknown)) == (
        200,
        "PersistedQueryNotFound",
        "PERSISTED_QUERY_NOT_FOUND",
    )
    assert (await _sent(gateway, _persisted(VIEWER), **GRAPHQL))[0] == 400

    assert (await _sent(gateway, _persisted(VIEWER, query=VIEWER)))[1]["data"] == {"viewer": None}
    assert (await _sent(gateway, _persisted(VIEWER)))[1]["data"] == {"viewer": None}


async def test_a_text_that_is_sent_beside_the_id_of_a_trusted_document_costs_nothing(tmp_path: Path) -> None:
    manifest, limits = Manifest(Trust.ALSO, {_hash(VIEWER): VIEWER}), OperationLimits(cost_per_address="2000/hour")
    long = "{ nothing " + "x " * 250 + "}"
    async with running(tmp_path, manifest=manifest, operation=limits) as gateway:
        ids = [{"documentId": _hash(VIEWER)}, _persisted(VIEWER)]
        answers = [await _sent(gateway, {**key, "query": f"{long} # {n}"}) for key in ids for n in range(3)]

        assert [answer.get("data") for _, answer in answers] == [{"viewer": None}] * 6


async def test_a_registered_query_can_be_asked_by_get(gateway: Running) -> None:
    await _sent(gateway, _persisted(VIEWER, query=VIEWER))
    parameters = {"extensions": orjson.dumps(_persisted(VIEWER)["extensions"]).decode()}

    async with gateway.http.get(f"{gateway.address}/graphql", params=parameters) as response:
        assert (await response.json())["data"] == {"viewer": None}


async def test_a_hash_of_another_text_is_refused_and_not_kept(gateway: Running) -> None:
    _, answer = await _sent(gateway, _persisted(VIEWER, query=NAMES))

    assert _code(answer) == "BAD_USER_INPUT"
    assert _code((await _sent(gateway, _persisted(VIEWER)))[1]) == "PERSISTED_QUERY_NOT_FOUND"


async def test_no_more_hashes_are_kept_than_allowed(tmp_path: Path) -> None:
    async with running(tmp_path, documents=documents.DocumentBounds(kept=2)) as gateway:
        texts = [f"{{ a{n}: __typename }}" for n in range(3)]
        for text in texts:
            await _sent(gateway, _persisted(text, query=text))

        assert _code((await _sent(gateway, _persisted(texts[0])))[1]) == "PERSISTED_QUERY_NOT_FOUND"
        assert (await _sent(gateway, _persisted(texts[2])))[1]["data"] == {"a2": "Query"}


async def test_a_query_that_can_not_be_run_is_not_registered(gateway: Running) -> None:
    bad = "{ nothing }"
    assert _code((await _sent(gateway, _persisted(bad, query=bad)))[1]) == "GRAPHQL_VALIDATION_FAILED"
    assert _code((await _sent(gateway, _persisted(bad)))[1]) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("persisted", [1, {"version": 2, "sha256Hash": "x"}, {"version": 1}, {"sha256Hash": 3}])
async def test_a_malformed_hash_is_refused(gateway: Running, persisted: Any) -> None:
    status, answer = await _sent(gateway, {"query": VIEWER, "extensions": {"persistedQuery": persisted}})

    assert (status, _code(answer)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("key", ["documentId", "doc_id"])
async def test_a_trusted_document_is_run_by_its_id(trusting: Running, key: str) -> None:
    assert (await _sent(trusting, {key: "v"}))[1]["data"] == {"viewer": None}
    asked = {key: "n", "variables": {"n": 1}, "operationName": "Names"}
    assert (await _sent(trusting, asked))[1]["data"] == {"productOfferings": {"edges": []}}


@pytest.mark.parametrize("written", ["sha256:ab12", "ab12"])
async def test_an_id_may_have_its_algorithm_before_it(tmp_path: Path, written: str) -> None:
    async with running(tmp_path, manifest=Manifest(Trust.ONLY, {written: VIEWER})) as gateway:
        for body in ({"documentId": "sha256:ab12"}, {"documentId": "ab12"}):
            assert (await _sent(gateway, body))[1]["data"] == {"viewer": None}


async def test_an_id_is_told_to_mean_nothing_where_no_document_is_trusted(gateway: Running) -> None:
    _, answer = await _sent(gateway, {"documentId": "v"})

    assert answer["errors"][0]["message"] == "No document is known by an id here: send its text."


async def test_nothing_but_trusted_documents_is_run_where_only_they_are_allowed(trusting: Running) -> None:
    other = "{ __typename }"
    for body in (
        {"query": other},
        _persisted(other, query=other),
        {"documentId": "x"},
        {"documentId": "x", "query": other},
    ):
        status, answer = await _sent(trusting, body, **GRAPHQL)
        assert (status, _code(answer), answer.get("data")) == (400, "PERSISTED_QUERY_NOT_FOUND", None)
        assert answer["errors"][0]["message"] == "Only trusted documents are run here: send the id of one."

    # The text of a trusted document is that document.
    assert (await _sent(trusting, {"query": VIEWER}))[1]["data"] == {"viewer": None}


async def test_only_trusted_documents_are_run_over_a_websocket_too(trusting: Running) -> None:
    async with trusting.socket() as socket:
        await begun(socket)
        await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}})
        refused = await said(socket)
        await send(socket, {"id": "2", "type": "subscribe", "payload": {"documentId": "v"}})
        taken = await said(socket)

    assert refused["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert taken["payload"]["data"] == {"viewer": None}


async def test_what_is_known_by_an_id_or_a_hash_is_neither_parsed_nor_validated_again(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _sent(gateway, _persisted(VIEWER, query=VIEWER))

    def never(*_: object, **__: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(documents, "parse", never)
    monkeypatch.setattr(documents, "validate", never)

    assert (await _sent(gateway, _persisted(VIEWER)))[1]["data"] == {"viewer": None}


@pytest.mark.parametrize(
    "written",
    [
        {"v": VIEWER},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "v", "body": VIEWER}]},
    ],
)
def test_the_formats_that_tools_write_are_read(tmp_path: Path, written: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(orjson.dumps(written))

    assert read_manifest(path, Trust.ALSO) == Manifest(Trust.ALSO, {"v": VIEWER})


@pytest.mark.parametrize("written", [b"{", b"[]", b"{}", b'{"v": 1}', b'{"operations": [{"id": "v"}]}'])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(written)

    with pytest.raises(ManifestUnreadable, match=r"manifest\.json: it "):
        read_manifest(path, Trust.ONLY)


async def test_a_manifest_with_a_document_that_can_not_be_run_stops_the_start(tmp_path: Path) -> None:
    manifest = Manifest(Trust.ALSO, {"good": VIEWER, "bad": "{ nothing }"})

    with pytest.raises(ManifestUnreadable, match="trusted document 'bad': Cannot query field 'nothing'"):
        async with running(tmp_path, manifest=manifest):
            pass
