"""What a client sends to have an operation run, whatever carries it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PERSISTED_VERSION = 1


class Malformed(Exception):
    """No operation can be read from what was sent; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as a client sends it: by its text, by the id of a trusted document, or by its text's hash.

    `operation_id` is the client's own name for it, where several share one event stream. `resume_after` is the cursor
    of the last event that the client saw, where the transport itself tells it (`Last-Event-ID`); it counts before the
    operation's own `after`.
    """

    query: str | None = None
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    document_id: str | None = None
    sha256: str | None = None
    operation_id: str | None = None
    trace_parent: str | None = None
    resume_after: str | None = None


def asked_of(given: Any) -> Asked:
    """The operation in a request's JSON. Raises: Malformed.

    Source: GraphQL over HTTP, 5.1 (`query`, `operationName`, `variables`, `extensions`) and its appendix on persisted
    documents (`documentId`); `doc_id` is Relay's name for it, `extensions.persistedQuery` Apollo's.
    """
    if not isinstance(given, dict):
        raise Malformed("The body must be one JSON object: batches are not supported.")
    extensions = _object(given, "extensions") or {}
    asked = Asked(
        query=_text(given, "query"),
        variables=_object(given, "variables"),
        operation_name=_text(given, "operationName"),
        document_id=_text(given, "documentId") or _text(given, "doc_id"),
        sha256=_hash(extensions),
        operation_id=_text(extensions, "operationId"),
        trace_parent=_text(extensions, "traceparent"),
    )
    if asked.query is None and asked.document_id is None and asked.sha256 is None:
        raise Malformed("`query` must be a document.")
    return asked


def _text(given: Mapping[str, Any], key: str) -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"`{key}` must be a string.")
    return value or None


def _object(given: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = given.get(key)
    if value is not None and not isinstance(value, dict):
        raise Malformed(f"`{key}` must be an object.")
    return value


def _hash(extensions: Mapping[str, Any]) -> str | None:
    persisted = _object(extensions, "persistedQuery")
    if persisted is None:
        return None
    found = _text(persisted, "sha256Hash")
    if persisted.get("version", _PERSISTED_VERSION) != _PERSISTED_VERSION or not found:
        raise Malformed("`extensions.persistedQuery` must have the version 1 and a `sha256Hash`.")
    return found.lower()
