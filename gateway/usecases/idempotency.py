"""Idempotency keys: belong to a customer and a mutation, are looked at first, and are kept as long as the object."""

import hashlib
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.domain.errors import RequestError
from gateway.ports import IdempotencyRecord, UnitOfWork

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KEY_LIMIT = 200


def checked_key(key: str) -> str:
    """The key.

    Raises: RequestError IDEMPOTENCY_KEY_INVALID at `idempotencyKey` when it is empty, too long or not printable.
    """
    if not key.strip() or len(key) > KEY_LIMIT or not key.isprintable():
        raise RequestError.at("IDEMPOTENCY_KEY_INVALID", "idempotencyKey", maximum=str(KEY_LIMIT))
    return key


def digest(given: "DataclassInstance") -> str:
    """What makes two inputs the same: every field but the key."""
    values = [(each.name, getattr(given, each.name)) for each in fields(given) if each.name != "idempotency_key"]
    return hashlib.sha256(repr(values).encode()).hexdigest()


async def find_object(uow: UnitOfWork, customer_id: str, mutation: str, key: str, input_digest: str) -> str | None:
    """The id of what the key made, None for a new key.

    Raises: RequestError IDEMPOTENCY_KEY_REUSED for another input.
    """
    record = await uow.idempotency.find(customer_id, mutation, key)
    if record is None:
        return None
    if record.input_digest != input_digest:
        raise RequestError.at("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    return record.object_id


async def keep_object(
    uow: UnitOfWork, customer_id: str, mutation: str, key: str, input_digest: str, object_id: str, now: datetime
) -> None:
    """Keeps the key with the object that this transaction makes.

    Raises: RequestError IDEMPOTENCY_KEY_REUSED when another call took the key meanwhile; the transaction is rolled
    back, and a retry finds the object.
    """
    if not await uow.idempotency.add(IdempotencyRecord(customer_id, mutation, key, input_digest, object_id), now):
        raise RequestError.at("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
