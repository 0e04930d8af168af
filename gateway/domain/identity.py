"""Opaque global ids: made here, taken apart here, and nowhere else.

An id is the type's GraphQL name with either a UUIDv7 (what we keep), a slug (a category, a provider), or a provider's
slug and
the provider's own reference of up to 200 characters of any kind.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from gateway.domain.errors import RequestError

REFERENCE_LIMIT = 200


def _encode(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(value: str) -> str | None:
    try:
        text = urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return text if _encode(text) == value else None


def own_id(type_name: str, key: str) -> str:
    """The id of something we keep (`key` a UUIDv7), or of a category or provider (`key` a slug)."""
    return _encode(f"{type_name}:{key}")


@lru_cache(maxsize=65536)
def provider_id(type_name: str, slug: str, ref: str) -> str:
    """The id of a provider's object; a reference of any characters, the same id every time."""
    return _encode(f"{type_name}:{slug}:{ref}")


def own_key(type_name: str, value: str) -> str | None:
    """The UUID or slug in an id of that type; None when it is not one."""
    kind, found, key = (_decode(value[:1000]) or "").partition(":")
    return key if found and kind == type_name and key else None


def provider_key(type_name: str, value: str) -> tuple[str, str] | None:
    """The provider's slug and reference in an id of that type; None when it is not one."""
    slug, found, ref = (own_key(type_name, value) or "").partition(":")
    return (slug, ref) if found and slug and ref else None


def type_of(value: str) -> str | None:
    """The type's name in an id, None when it is none of ours."""
    kind, found, key = (_decode(value[:1000]) or "").partition(":")
    return kind if found and key else None


def required_key(type_name: str, value: str, *path: str) -> str:
    """As `own_key`. Raises: RequestError NOT_FOUND at the path, as for an unknown one."""
    key = own_key(type_name, value)
    if key is None:
        raise RequestError.at("NOT_FOUND", *path)
    return key
