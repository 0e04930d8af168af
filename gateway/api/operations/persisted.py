"""The manifest of trusted documents: the ones that a frontend was built with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from gateway.domain.errors import GatewayError


class Trust(StrEnum):
    """Which documents run: any (OFF, ALSO with those of the manifest known by their ids), or those of it alone."""

    OFF = "off"
    ALSO = "also"
    ONLY = "only"


class ManifestUnreadable(GatewayError):
    """The file of trusted documents is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The trusted documents by their id, and whether others run too."""

    trust: Trust = Trust.OFF
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_exclusive(self) -> bool:
        """Whether nothing else runs."""
        return self.trust is Trust.ONLY


def read_manifest(path: Path, trust: Trust) -> Manifest:
    """Reads a manifest: one JSON object from ids to documents, as relay-compiler and GraphQL Code Generator write it.

    Apollo's format (`operations` with `id` and `body`) is read too. Raises: ManifestUnreadable.
    """
    try:
        given = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ManifestUnreadable(f"{path}: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise ManifestUnreadable(f"{path}: it is not JSON") from None
    texts = _texts(given)
    if texts is None or not all(isinstance(text, str) for text in texts.values()):
        raise ManifestUnreadable(f"{path}: it should be an object from ids to documents")
    if not texts:
        raise ManifestUnreadable(f"{path}: it has no documents")
    return Manifest(trust, texts)


def _texts(given: Any) -> Mapping[str, Any] | None:
    if not isinstance(given, dict):
        return None
    operations = given.get("operations")
    if not isinstance(operations, list):
        return given
    return {str(each.get("id")): each.get("body") for each in operations if isinstance(each, dict)}
