"""Answers over HTTP: their status, their headers, and their bytes, compressed where the client reads that."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from starlette.types import Send

from gateway.api.operations.answers import Answer, Answered
from gateway.api.problems import Code, plain
from gateway.api.transports.media import GRAPHQL

# Below this, the compressed form saves less than a packet.
COMPRESSED_FROM = 1400
LEVEL = 1

_STATUS = {Code.RATE_LIMITED: 429, Code.TIMEOUT: 504, Code.UNAUTHENTICATED: 401, Code.FORBIDDEN: 403}
# What these say does not depend on how the client reads its answers.
_ALWAYS = frozenset({Code.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """A request that is no operation, as it is answered."""

    status: int
    message: str
    code: Code = Code.BAD_USER_INPUT
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Answer:
        """The answer's body."""
        return {"errors": [plain(self.code, self.message)]}


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer."""

    body: bytes
    status: int
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send, *, compressed: bool) -> None:
        """Sends it; nothing is kept by a cache on the way, since answers are for one caller."""
        body, extra = self.body, b""
        if compressed and len(body) >= COMPRESSED_FROM:
            body, extra = gzip.compress(body, LEVEL, mtime=0), b"gzip"
        headers = [
            (b"content-type", self.media_type.encode() + b"; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            *KEPT_BY_NOBODY,
            *([(b"content-encoding", extra)] if extra else ()),
            *((name.encode(), value.encode("latin-1", "replace")) for name, value in self.headers.items()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


KEPT_BY_NOBODY = ((b"cache-control", b"no-store"), (b"vary", b"accept, accept-encoding, accept-language"))


def refusal_reply(refusal: Refusal, media_type: str) -> Reply:
    """The reply to what is no operation."""
    return Reply(orjson.dumps(refusal.body), refusal.status, media_type, refusal.headers)


def answer_reply(answered: Answered, media_type: str) -> Reply:
    """The reply to an operation. Source: GraphQL over HTTP, 6.4: only the newer media type has statuses of its own."""
    headers = {} if answered.retry_after_s is None else {"retry-after": str(answered.retry_after_s)}
    return Reply(orjson.dumps(answered.body), _status(answered, media_type), media_type, headers)


def _status(answered: Answered, media_type: str) -> int:
    code = answered.code
    if code is Code.INTERNAL:
        return 503
    if code is None or (media_type != GRAPHQL and code not in _ALWAYS):
        return 200
    return _STATUS.get(code, 400)
