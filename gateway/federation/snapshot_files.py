"""Keeps snapshots on disk, one file a provider, so that a start without the provider still has its catalogue.

Values are written with their type's name beside them, as a union of dataclasses needs; a fingerprint of all those types
is in each file, and a file of another fingerprint, or one that can't be read, counts as none.
"""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from gateway.domain.catalog import forms, offerings, prices, providers
from gateway.domain.catalog.offerings import CatalogSnapshot
from gateway.domain.catalog.providers import ProviderProfile
from gateway.domain.money import Money


def _known_types() -> Mapping[str, Any]:
    named = [pair for module in (forms, offerings, prices, providers) for pair in vars(module).items()]
    kinds = {name: kind for name, kind in named if isinstance(kind, type)}
    return {"Money": Money} | {
        name: kind for name, kind in kinds.items() if dataclasses.is_dataclass(kind) or issubclass(kind, StrEnum)
    }


_TYPES = _known_types()
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "frozenset": frozenset,
}


def _described(kind: Any) -> str:
    parts = (
        [f"{each.name}:{each.type}" for each in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else kind
    )
    return f"{kind} {','.join(parts)}"


FINGERPRINT = hashlib.sha256("\n".join(_described(kind) for _, kind in sorted(_TYPES.items())).encode()).hexdigest()[
    :16
]


def encode(value: Any) -> Any:
    """A value of the catalogue's types as plain JSON: what JSON lacks as `{type: content}`."""
    if isinstance(value, StrEnum):
        return {type(value).__name__: str(value)}
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, tuple):
        return [encode(each) for each in value]
    if isinstance(value, frozenset):
        return {"frozenset": sorted(value)}
    if isinstance(value, Decimal | datetime):
        return {type(value).__name__: str(value)}
    return {type(value).__name__: {each.name: encode(getattr(value, each.name)) for each in dataclasses.fields(value)}}


def decode(value: Any) -> Any:
    """What `encode` made of it, back. Raises: ValueError, TypeError, KeyError, ArithmeticError for anything else."""
    if isinstance(value, list):
        return tuple(decode(each) for each in value)
    if not isinstance(value, dict):
        return value
    ((name, content),) = value.items()
    if isinstance(content, dict):
        return _TYPES[name](**{key: decode(each) for key, each in content.items()})
    return (_PLAIN.get(name) or _TYPES[name])(content)


def write(folder: Path, snapshot: CatalogSnapshot) -> None:
    """Replaces the provider's file at once: a reader sees the old or the new one, never a half."""
    data = msgspec.json.encode({"fingerprint": FINGERPRINT, "snapshot": encode(snapshot)})
    target = _path(folder, snapshot.provider)
    beside = target.with_suffix(".tmp")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(target)


def read(folder: Path, profile: ProviderProfile) -> CatalogSnapshot | None:
    """The kept snapshot; None for no file, one that can't be read, or one of another profile than today's."""
    try:
        data = msgspec.json.decode(_path(folder, profile.slug).read_bytes())
        if data["fingerprint"] != FINGERPRINT:
            return None
        snapshot = decode(data["snapshot"])
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError):
        return None
    if not isinstance(snapshot, CatalogSnapshot) or any(each.provider != profile for each in snapshot.offerings):
        return None
    return snapshot


def forget(folder: Path, slug: str) -> None:
    """Deletes the provider's file, where there is one. Raises: OSError."""
    _path(folder, slug).unlink(missing_ok=True)


def _path(folder: Path, slug: str) -> Path:
    # A slug may hold what a file's name may not: only its digest can never leave the folder.
    return folder / f"{hashlib.sha256(slug.encode()).hexdigest()[:24]}.json"
