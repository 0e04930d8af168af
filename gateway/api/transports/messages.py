"""The messages of graphql-transport-ws: what a client may send, and what it is sent."""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.api.auth.identity import bearer_token
from gateway.api.bodies import BodyUnreadable, read_json
from gateway.api.operations.asked import Asked, Malformed, asked_of

_TYPES = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})
PING = '{"type":"ping"}'


class BadMessage(Exception):
    """What came is no message of the protocol; it says why."""


def read_message(text: str) -> Mapping[str, Any]:
    """A client's message. Raises: BadMessage."""
    try:
        message = read_json(text)
    except BodyUnreadable:
        raise BadMessage("A message must be JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadMessage("A message must be an object with a type")
    if message["type"] not in _TYPES:
        raise BadMessage("There is no such type of message")
    if message["type"] in {"subscribe", "complete"} and not (isinstance(message.get("id"), str) and message["id"]):
        raise BadMessage("The id must be a string")
    if message["type"] != "subscribe" and not isinstance(message.get("payload"), dict | None):
        raise BadMessage("The payload must be an object")
    return message


def asked_in(message: Mapping[str, Any]) -> Asked:
    """The operation that a subscribe message asks for. Raises: BadMessage."""
    if not isinstance(message.get("payload"), dict):
        raise BadMessage("The payload must be an object with a query")
    try:
        return asked_of(message["payload"])
    except Malformed as malformed:
        raise BadMessage(str(malformed)) from None


def bearer_of(payload: Mapping[str, Any] | None) -> str | None:
    """The token in a payload's `authorization`; None where there is none, empty where it is no bearer token."""
    given = payload or {}
    value = given.get("authorization", given.get("Authorization"))
    return bearer_token(value) if isinstance(value, str) else None


def said(kind: str, key: str | None = None, payload: Any = None) -> str:
    """A message to the client."""
    parts = {"id": key, "type": kind, "payload": payload}
    return orjson.dumps({name: value for name, value in parts.items() if value is not None}).decode()


def said_next(key_json: str, payload: bytes) -> str:
    """A `next` message around a payload that is JSON already, as its id is."""
    return f'{{"id":{key_json},"type":"next","payload":{payload.decode()}}}'
