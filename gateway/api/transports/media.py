"""Content negotiation of answers: GraphQL over HTTP, GraphQL over SSE, and multipart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
_KNOWN = {name: name for name in (JSON, GRAPHQL, EVENT_STREAM, MULTIPART)} | {"application/*": JSON, "*/*": JSON}
_ONCE = frozenset({JSON, GRAPHQL})
HEADER_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client reads, the dearest to it first; `parameters` are those of its multipart type."""

    kinds: tuple[str, ...]
    parameters: Mapping[str, str]

    @property
    def once(self) -> str | None:
        """The type of an answer that comes at once and whole; None where the client reads none."""
        return next((kind for kind in self.kinds if kind in _ONCE), None)

    @property
    def is_stream_first(self) -> bool:
        """Whether even a whole answer is wanted as an event stream: no JSON type stands before it."""
        return bool(self.kinds) and self.kinds[0] == EVENT_STREAM

    @property
    def live(self) -> str | None:
        """The type for the events of a subscription.

        Multipart where the client names a subscriptionSpec, and where it reads no event stream.
        """
        if "subscriptionspec" in self.parameters:
            return MULTIPART
        return next((kind for kind in (EVENT_STREAM, MULTIPART) if kind in self.kinds), None)

    @property
    def in_parts(self) -> bool:
        """Whether an answer may come in parts."""
        return MULTIPART in self.kinds and "subscriptionspec" not in self.parameters


_ANYTHING = Accepted((JSON,), {})


@lru_cache(maxsize=256)
def accepted(accept: str) -> Accepted:
    """What an Accept header says; whoever sends none reads JSON."""
    if not accept.strip():
        return _ANYTHING
    ranked: list[tuple[float, int, str]] = []
    parameters: dict[str, str] = {}
    for place, part in enumerate(accept[:HEADER_LIMIT].split(",")):
        name, *given = part.split(";")
        kind, found = _KNOWN.get(name.strip().lower()), _parameters(given)
        quality = _quality(found.get("q", "1"))
        if kind is None or quality <= 0:
            continue
        ranked.append((-quality, place, kind))
        if kind == MULTIPART:
            parameters.update(found)
    return Accepted(tuple(kind for _, _, kind in sorted(ranked)), parameters)


def _parameters(given: Sequence[str]) -> dict[str, str]:
    pairs = (each.partition("=") for each in given)
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Whether a body of that type is JSON in UTF-8."""
    name, _, parameters = content_type.partition(";")
    charset = parameters.lower().partition("charset=")[2].strip(' "')
    return name.strip().lower() == JSON and charset in {"", "utf-8", "utf8"}


@lru_cache(maxsize=256)
def reads_gzip(accept_encoding: str) -> bool:
    """Whether the client reads gzip."""
    for part in accept_encoding.lower().split(","):
        name, *given = part.split(";")
        if name.strip() in {"gzip", "*"}:
            return _quality(_parameters(given).get("q", "1")) > 0
    return False
