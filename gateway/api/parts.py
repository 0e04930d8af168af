"""What the API is put together from: everything is handed in, nothing is made here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from gateway.api.auth.attempts import counting
from gateway.api.operations.bounds import DocumentBounds
from gateway.api.operations.limits import OperationLimits
from gateway.api.operations.persisted import Manifest
from gateway.api.rates.windows import MemoryWindows, Windows
from gateway.api.telemetry.watching import Telemetry
from gateway.domain.parties import Caller
from gateway.federation.posts import Receipt
from gateway.ports import Attempts
from gateway.usecases.core import Core

Network = IPv4Network | IPv6Network


class Identity(Protocol):
    """Who sends a request: what `gateway.api.auth` implements."""

    async def caller_of_request(self, connection: HTTPConnection) -> Caller:
        """By header or cookie; nobody where there is neither. Raises: AccessError for a token that is good no more."""

    async def caller_of_token(self, token: str, address: str) -> Caller:
        """By an access token. Raises: AccessError for one that is good no more."""

    async def is_live(self, caller: Caller) -> bool:
        """Whether the caller's session or client, and its token, are still good."""

    def address_of(self, connection: HTTPConnection) -> str:
        """The network address, past trusted proxies."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What bounds the API: bytes of a body, what each provider may post, connections and operations, and whose pages
    may use it.

    `allowed_origins` may open a WebSocket, the gateway's own too; `cors_origins` are the others: browsers ask for them.
    `metrics_networks` are those that `/metrics` is there for.
    `ide` is whether a browser gets a page at the endpoint; `sign_on` what the identity provider is called there.
    """

    body_limit: int = 256 * 1024
    hub_body_limit: int = 1024 * 1024
    hub_rate: str = "6000/minute"
    frame_limit: int = 256 * 1024
    subscriptions_per_connection: int = 100
    messages_per_window: int = 1000
    reservations: int = 10_000
    init_timeout_s: float = 10.0
    beat_s: float = 15.0
    operation: OperationLimits = field(default_factory=OperationLimits)
    manifest: Manifest = field(default_factory=Manifest)
    allowed_origins: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    metrics_networks: tuple[Network, ...] = ()
    ide: bool = True
    sign_on: str | None = None
    documents: DocumentBounds = field(default_factory=DocumentBounds)


@dataclass(frozen=True, slots=True)
class ApiParts:
    """The API's parts.

    `is_hub_secret` is asked with a provider's slug and the secret of its callback; `receive` is given the slug, the
    headers and the body of what was posted. `windows` count what operations cost, and the events that were posted.
    """

    core: Core
    identity: Identity
    auth_routes: Sequence[BaseRoute]
    readiness: Callable[[], Awaitable[Mapping[str, bool]]]
    is_hub_secret: Callable[[str, str], bool]
    receive: Callable[[str, Mapping[str, str], bytes], Awaitable[Receipt]]
    settings: ApiSettings = field(default_factory=ApiSettings)
    telemetry: Telemetry = field(default_factory=Telemetry)
    windows: Windows = field(default_factory=MemoryWindows)
    attempts: Attempts = field(default_factory=counting)
