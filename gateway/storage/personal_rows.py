"""How rows are shown to whom they are about: by the names of the API, and without secrets."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gateway.storage.ids import ACTOR, AUTHORIZATION, CUSTOMER, ORDER, SECURITY_EVENT, own_id

_REFERENCES = {
    "actor": ("actorId", ACTOR),
    "customer": ("customerId", CUSTOMER),
    "order": ("orderId", ORDER),
    "authorization": ("authorizationId", AUTHORIZATION),
    "granted_by": ("grantedBy", ACTOR),
    "enabled_by": ("enabledBy", ACTOR),
    "placed_by": ("placedBy", ACTOR),
    "session": ("sessionId", "Session"),
}
_JSON = frozenset({"functions", "conditions", "cost", "params", "reason"})
# Folded again, counted, or a secret, if only its digest.
_LEFT_OUT = frozenset(
    {
        "username_folded", "email_folded", "password_hash", "refresh_digest", "previous_digest", "token_digest",
        "digest", "input_digest", "sealed_secret", "last_step", "sealed", "id_token", "last_event", "format",
        "previous", "key_id", "personal", "salt", "network", "seq", "customer_seq", "provider_text",
    }
)  # fmt: skip
_FREE = frozenset({"values", "params"})
"""Maps whose keys are data."""


def shown(row: Row[Any], type_name: str | None, hidden: frozenset[str]) -> Mapping[str, Any]:
    """The row by the names of the API; what its body says stands beside its columns."""
    found: dict[str, Any] = {}
    for name, value in row._mapping.items():
        if name == "body":
            found |= _by_api_names(json.loads(value), hidden)
        elif name not in _LEFT_OUT | hidden:
            found |= dict([_named(name, value, type_name)])
    return found


def _named(name: str, value: Any, of_type: str | None) -> tuple[str, Any]:
    if name == "key":
        return "id", own_id(of_type, value) if of_type else value
    if name in _REFERENCES:
        label, type_name = _REFERENCES[name]
        # The security events have global ids already.
        return label, value if value is None or of_type == SECURITY_EVENT else own_id(type_name, value)
    if isinstance(value, datetime):
        return _camel(name), value.isoformat()
    if name == "scope":
        kind, _, body = value.partition(" ")
        # The name of a column is no plain `str`, and so none that an object of JSON takes.
        return "scope", {"kind": kind, **_by_api_names(json.loads(body or "{}"))}
    if name in _JSON and value is not None:
        read = json.loads(value)
        return _camel(name), read if name in _FREE else _by_api_names(read)
    return _camel(name), value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)


def _by_api_names(value: Any, hidden: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, list):
        return [_by_api_names(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: each for name, each in value.items() if name not in _LEFT_OUT | hidden}
    return {_camel(name): each if name in _FREE else _by_api_names(each) for name, each in kept.items()}
