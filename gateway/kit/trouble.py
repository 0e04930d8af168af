"""Sorts what can go wrong with a call into the error tree, by what to do next.

| what happened | a read (GET, or a POST that changes nothing) | a change |
| --- | --- | --- |
| refused, unknown host, no connection in time | Unavailable | Unavailable: it was not sent |
| time ran out, or the line dropped, after the connection stood | Unavailable | OutcomeUnknown |
| 400, 409, 422 | ContractBroken (GET), Rejected (POST) | Rejected, with the code and text of the error body |
| 401, 403 | Unavailable: an operator must mend the credentials | the same |
| 429; 503 with Retry-After | Unavailable, with the time it named | the same: it said that it did nothing |
| any other 5xx, 408 | Unavailable | OutcomeUnknown |
| any other 4xx | ContractBroken | ContractBroken: not done |
| a redirect to elsewhere | ContractBroken | OutcomeUnknown |
| an answer too long, no JSON, or of another shape | ContractBroken | OutcomeUnknown: it may be done |
"""

import email.utils
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus

import orjson

from gateway.contract import ContractBroken, OutcomeUnknown, ProviderError, Rejected, Unavailable
from gateway.kit.answers import Answer

REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
CREDENTIAL_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED"
LONGEST_WAIT_S = 3600.0
Now = Callable[[], datetime]


class Intent(Enum):
    """What a call is to do: only a CHANGE may have been done when no good answer came."""

    READ = "read"
    QUESTION = "question"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Makes the errors of one call."""

    provider: str
    capability: str
    intent: Intent
    now: Now

    def lost(self, detail: str, is_sent: bool) -> ProviderError:
        """No answer came."""
        if is_sent and self.intent is Intent.CHANGE:
            return OutcomeUnknown(self.provider, self.capability, detail)
        return Unavailable(self.provider, self.capability, detail)

    def nonsense(self, detail: str) -> ProviderError:
        """An answer came that says nothing: a change may have been done."""
        kind = OutcomeUnknown if self.intent is Intent.CHANGE else ContractBroken
        return kind(self.provider, self.capability, detail)

    def refused(self, answer: Answer) -> Rejected:
        """The provider's no, in its own words."""
        code, text = error_body(answer)
        return Rejected(self.provider, self.capability, text or f"status {answer.status}", code)

    def of_status(self, answer: Answer) -> ProviderError:
        """What a status that is no success means."""
        status, detail = answer.status, self._detail(answer)
        wait_s = retry_after_s(answer, self.now())
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None):
            return Unavailable(self.provider, self.capability, detail, wait_s)
        if status in CREDENTIAL_REFUSALS:
            refused = f"the credentials are not accepted: {detail}"
            return Unavailable(self.provider, self.capability, refused, finding=CREDENTIALS_REFUSED)
        if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
            return self.lost(detail, is_sent=True)
        if status < 400:
            return self.nonsense(f"an answer of status {status}")
        if status in REFUSALS and self.intent is not Intent.READ:
            return self.refused(answer)
        return ContractBroken(self.provider, self.capability, detail)

    def _detail(self, answer: Answer) -> str:
        code, text = error_body(answer)
        return ": ".join(part for part in (f"status {answer.status}", code, text) if part)


def error_body(answer: Answer) -> tuple[str | None, str]:
    """Code (a number, too) and text of an error body; nothing for what is none.

    Source: TMF630, Error (`code`, `reason`, `message`); ON-API 2.6, responses (`cause`).
    """
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None, ""
    if not isinstance(body, dict):
        return None, ""
    code = body.get("code")
    texts = (body.get(name) for name in ("reason", "message", "cause"))
    text = next((each.strip() for each in texts if isinstance(each, str) and each.strip()), "")
    return _code(code), text


def _code(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    shown = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return shown[:100] or None


def retry_after_s(answer: Answer, now: datetime) -> float | None:
    """Seconds the provider asks to wait, at most an hour. Source: RFC 9110, 10.2.3 (seconds or a date)."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT_S)
