"""How the events of a stream, and the parts of an answer, are written: as an event stream, or as multipart."""

import orjson

from gateway.api.operations.answers import Answer
from gateway.api.operations.execution import Event
from gateway.api.problems import Code, plain
from gateway.api.texts import tell
from gateway.api.transports.media import EVENT_STREAM, MULTIPART


def ended_session(locale: str) -> Answer:
    """What is said to a subscriber whose session has ended."""
    return {"errors": [plain(Code.UNAUTHENTICATED, tell(locale, "problem", Code.UNAUTHENTICATED, {}))]}


class EventStream:
    """Server-sent events in the protocol GraphQL over SSE, distinct connections. Lines end with LF.

    Source: graphql-sse PROTOCOL.md; WHATWG HTML, 9.2 (`id`, `retry`).
    """

    media_type = f"{EVENT_STREAM}; charset=utf-8"
    # How long a client waits before it connects again, in milliseconds.
    opening = b"retry: 1000\n\n"
    beat = b":\n\n"
    closing = b""

    def event(self, event: Event) -> bytes:
        """One event; its cursor is its id, so that a browser sends it back as `Last-Event-ID`."""
        name = f"id: {event.cursor}\n".encode() if event.cursor else b""
        return b"event: next\n" + name + b"data: " + event.payload + b"\n\n"

    def complete(self) -> bytes:
        """Nothing more will come: the client need not connect again."""
        return b"event: complete\ndata:\n\n"

    def fatal(self, answer: Answer) -> bytes:
        """Why nothing more will come."""
        return self.event(Event(orjson.dumps(answer))) + self.complete()


class SharedEventStream(EventStream):
    """As before, for the many operations of a single connection: each is named by its own id."""

    def __init__(self, operation_id: str) -> None:
        self._id = orjson.dumps(operation_id)

    def event(self, event: Event) -> bytes:
        """One event of that operation."""
        return super().event(Event(b'{"id":' + self._id + b',"payload":' + event.payload + b"}", event.cursor))

    def complete(self) -> bytes:
        """Nothing more will come of that operation."""
        return b'event: complete\ndata: {"id":' + self._id + b"}\n\n"


# Clients tell a boundary by the line's end before it, also before the first.
_BOUNDARY = b"graphql"
_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"


class Multipart:
    """A multipart body. Each part is followed by the next boundary at once: only then does a client read it.

    Source: RFC 2046, 5.1.
    """

    opening = b"\r\n--" + _BOUNDARY
    beat = _PART + b"{}\r\n--" + _BOUNDARY
    closing = b"--\r\n"

    def __init__(self, parameters: str = "") -> None:
        self.media_type = f'{MULTIPART}; boundary="{_BOUNDARY.decode()}"{parameters}'

    def part(self, body: bytes) -> bytes:
        """One part."""
        return _PART + body + b"\r\n--" + _BOUNDARY

    def event(self, event: Event) -> bytes:
        """One event, for a client that names no specification: as the answer to a query looks."""
        return self.part(event.payload)

    def complete(self) -> bytes:
        """Nothing more will come: the body ends."""
        return b""

    def fatal(self, answer: Answer) -> bytes:
        """Why nothing more will come."""
        return self.part(orjson.dumps(answer))


class MultipartSubscription(Multipart):
    """Source: Apollo's multipart subscription protocol, 1.0 (`subscriptionSpec=1.0`)."""

    def __init__(self) -> None:
        super().__init__(";subscriptionSpec=1.0")

    def event(self, event: Event) -> bytes:
        """One event, in a `payload`: beside it there is room for the transport's own errors."""
        return self.part(b'{"payload":' + event.payload + b"}")

    def fatal(self, answer: Answer) -> bytes:
        """Why nothing more will come."""
        return self.part(orjson.dumps({"payload": None, **answer}))
