"""The operators there are, and the agreements between them: read from `market.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class OperatorEntry:
    """One operator: its key, its name, the gateway's names of its roles, and the version it is spoken to in."""

    slug: str
    name: str
    roles: tuple[str, ...]
    version: str = "V4"


@dataclass(frozen=True)
class AgreementEntry:
    """One agreement between operators; the party `operator` is the gateway's own."""

    name: str
    parties: tuple[str, ...]
    categories: tuple[str, ...] | None
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True)
class Market:
    """All of it."""

    operators: tuple[OperatorEntry, ...]
    agreements: tuple[AgreementEntry, ...]

    def select(self, slugs: tuple[str, ...] | None) -> tuple[OperatorEntry, ...]:
        """The operators named, or all. Raises: ValueError for a slug that is none of theirs."""
        known = {entry.slug for entry in self.operators}
        if unknown := set(slugs or ()) - known:
            raise ValueError(f"no such operator: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        return tuple(entry for entry in self.operators if slugs is None or entry.slug in slugs)


@cache
def market() -> Market:
    """Reads the file, once."""
    raw = tomllib.loads((HERE / "market.toml").read_text("utf-8"))
    return Market(tuple(_operator(row) for row in raw["operator"]), tuple(_agreement(row) for row in raw["agreement"]))


def _operator(row: dict[str, Any]) -> OperatorEntry:
    return OperatorEntry(**{**row, "roles": tuple(row["roles"])})


def _agreement(row: dict[str, Any]) -> AgreementEntry:
    categories = row.get("categories")
    return AgreementEntry(
        row["name"],
        tuple(row["parties"]),
        None if categories is None else tuple(categories),
        row.get("valid_from"),
        row.get("valid_until"),
    )
