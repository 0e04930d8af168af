"""A provider's record: a frozen composition of what it can do."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from gateway.contract.billing import Billing
from gateway.contract.catalog import Catalog, Qualification
from gateway.contract.events import EventProof, Events, PolledEvents
from gateway.contract.inventory import Inventory
from gateway.contract.ordering import Ordering
from gateway.domain.catalog.providers import ProviderProfile

SETTLES_AFTER_S = 30.0
"""For how long after it was sent a change that was not answered may still be done, where nobody says how long."""
CAPABILITIES = ("catalog", "qualification", "ordering", "inventory", "billing", "events", "polled_events")
"""The names of what a provider may be able to do, in the record's order."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """Where calls to a provider may go: anywhere, as its entry stands in the operator's own file (None); or to public
    addresses by https, and to these networks by http too.
    """

    allowed_networks: tuple[IPv4Network | IPv6Network, ...] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the calls to one capability of a provider; `by_capability` holds those that have limits of their own.

    A read's tries share its one time limit. A whole catalogue has a limit of its own: nobody waits for it. At most
    `concurrency` calls run at once, and `rate_per_s` begin in a second (after a pause, that many at once). After
    `breaker_failures` in a row it is spared for `breaker_open_s`, then one call probes. An answer has at most so many
    bytes once they are unpacked, and levels of JSON; a list so many pages and rows, and a catalogue so many offerings.
    `outbound` stands here so that whoever opens a connection within these limits keeps to it.
    """

    connect_timeout_s: float = 2.0
    read_timeout_s: float = 5.0
    snapshot_timeout_s: float = 60.0
    change_timeout_s: float = 15.0
    concurrency: int = 16
    read_tries: int = 3
    rate_per_s: float = 100.0
    breaker_failures: int = 5
    breaker_open_s: float = 10.0
    answer_bytes: int = 16 * 1024 * 1024
    answer_depth: int = 64
    pages: int = 1000
    rows: int = 20_000
    outbound: Outbound = Outbound()
    by_capability: "Mapping[str, Limits]" = field(default_factory=dict)

    def of(self, capability: str) -> "Limits":
        """The limits of that capability."""
        return self.by_capability.get(capability, self)


def _now() -> datetime:
    return datetime.now(UTC)


class InvalidOptions(ValueError):
    """An adapter's options can't be used; the text says which, and what is expected, never the value.

    `option` is the name alone and `expected` what it may be, both for whoever registered the provider.
    """

    def __init__(self, text: str, option: str = "", expected: str = "") -> None:
        super().__init__(text)
        self.option = option
        self.expected = expected


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What an adapter is given: the public profile, its own `options` (from the configuration), the limits, the clock.

    The options may hold credentials: they are left out of the printed form.
    """

    profile: ProviderProfile
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    limits: Limits = Limits()
    now: Callable[[], datetime] = _now


@dataclass(frozen=True, slots=True)
class Provider:
    """A connected provider; a capability that it lacks is None, so each caller must decide.

    `event_proof` is no capability: None where what it posts is proven by the secret in the address alone.

    `honours_keys`: the same key again is surely the same order, also while the first call is still at work; so what was
    not answered may be sent again at once. Where it is not so, a key is looked for before it is sent the first time,
    too: the database may have been set back to a copy that does not know of a former one. `settles_after_s`: for so
    many seconds after it was sent a change that was not answered may still be done. Until then a look by its key that
    finds nothing shows nothing: nothing is sent again where keys are not honoured, and nothing is given up.
    """

    profile: ProviderProfile
    catalog: Catalog | None = None
    qualification: Qualification | None = None
    ordering: Ordering | None = None
    inventory: Inventory | None = None
    billing: Billing | None = None
    events: Events | None = None
    polled_events: PolledEvents | None = None
    event_proof: EventProof | None = None
    honours_keys: bool = False
    settles_after_s: float = SETTLES_AFTER_S

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The names of what it can do, in the record's order."""
        return tuple(name for name in CAPABILITIES if getattr(self, name) is not None)


Connect = Callable[[ProviderSettings], AbstractAsyncContextManager[Provider]]
"""An adapter's entry point, in the group `gateway.adapters`: opens connections on entry, closes them on exit.

Raises, on entry: InvalidOptions, before anything is sent.
"""
