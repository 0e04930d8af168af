"""One request to a provider as it goes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from yarl import URL

from gateway.kit.trouble import Intent


@dataclass(frozen=True, slots=True)
class Call:
    """Method, address, what it is to do, what goes with it beside the client's own headers, and a closer bound of the
    answer than the client's.
    """

    method: str
    url: URL
    intent: Intent
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    answer_bytes: int | None = None
