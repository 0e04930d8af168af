"""The operators there are, and the agreements between them: read from `market.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

TMFORUM, ON_API = "tmforum", "on-api"
HERE = Path(__file__).parent
# They answer at once, and those of TM Forum know each key for ever.
_SURE = {TMFORUM: {"honours_keys": True, "settles_after_s": 5}, ON_API: {"settles_after_s": 5}}


@dataclass(frozen=True)
class OperatorEntry:
    """One operator: its key, its name, the gateway's names of the roles it plays and of the adapter that it needs.

    `settings` are the adapter's; `proposals` the agreements that it would make, by name, with the other's slug.
    """

    slug: str
    name: str
    roles: tuple[str, ...]
    speaks: str = TMFORUM
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    proposals: Mapping[str, str] = field(default_factory=dict, hash=False)


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
    """All of it. `newcomers` run beside the operators, and join a gateway by a registration."""

    operators: tuple[OperatorEntry, ...]
    agreements: tuple[AgreementEntry, ...]
    newcomers: tuple[OperatorEntry, ...] = ()

    def select(self, slugs: tuple[str, ...] | None) -> tuple[OperatorEntry, ...]:
        """The operators named, or all. Raises: ValueError for a slug that is none of theirs."""
        everybody = (*self.operators, *self.newcomers)
        known = {entry.slug for entry in everybody}
        if unknown := set(slugs or ()) - known:
            raise ValueError(f"no such operator: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        return tuple(entry for entry in everybody if slugs is None or entry.slug in slugs)


@cache
def market() -> Market:
    """Reads the file, once."""
    raw = tomllib.loads((HERE / "market.toml").read_text("utf-8"))
    return Market(
        tuple(_operator(row) for row in raw["operator"]),
        tuple(_agreement(row) for row in raw["agreement"]),
        tuple(_operator(row) for row in raw["newcomer"]),
    )


def _operator(row: dict[str, Any]) -> OperatorEntry:
    speaks = row.get("speaks", TMFORUM)
    return OperatorEntry(
        row["slug"],
        row["name"],
        tuple(row["roles"]),
        speaks,
        {**_SURE.get(speaks, {}), **row.get("settings", {})},
        row.get("proposals", {}),
    )


def _agreement(row: dict[str, Any]) -> AgreementEntry:
    categories = row.get("categories")
    return AgreementEntry(
        row["name"],
        tuple(row["parties"]),
        None if categories is None else tuple(categories),
        row.get("valid_from"),
        row.get("valid_until"),
    )
