"""When a security event raises an alarm: rules as data, those here or an operator's own."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gateway.domain.security import SecurityEventKind as Kind


class Condition(StrEnum):
    """EACH: every event of the kinds. THRESHOLD: so many in so long. NEW_NETWORK: a sign-in from a network that the
    actor never signed in from, though it did from another. NEW_DEVICE: the same of a device by its name, as far as
    sessions are kept.
    """

    EACH = "EACH"
    THRESHOLD = "THRESHOLD"
    NEW_NETWORK = "NEW_NETWORK"
    NEW_DEVICE = "NEW_DEVICE"


class CountedBy(StrEnum):
    """Whose events a threshold counts together."""

    ACTOR = "ACTOR"
    ADDRESS = "ADDRESS"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """`code` names it in the alarm. A threshold is reached by `times` events `within`; then it rests as long."""

    code: str
    condition: Condition
    kinds: frozenset[Kind]
    by: CountedBy = CountedBy.ACTOR
    times: int = 1
    within: timedelta = timedelta(minutes=1)


_REFUSALS = frozenset(
    {
        Kind.ACCESS_REFUSED,
        Kind.CLIENT_REFUSED,
        Kind.ONE_TIME_CODE_REFUSED,
        Kind.PASSWORD_CHECK_REFUSED,
        Kind.PASSWORD_RESET_REFUSED,
        Kind.REFRESH_REFUSED,
        Kind.SIGN_IN_REFUSED,
        Kind.TOKEN_REFUSED,
    }
)

DEFAULT_RULES = (
    AlarmRule("REFUSALS_OF_ACTOR", Condition.THRESHOLD, _REFUSALS, CountedBy.ACTOR, 5),
    AlarmRule("REFUSALS_FROM_ADDRESS", Condition.THRESHOLD, _REFUSALS, CountedBy.ADDRESS, 5),
    AlarmRule("NEW_NETWORK", Condition.NEW_NETWORK, frozenset({Kind.SIGNED_IN})),
    AlarmRule("NEW_DEVICE", Condition.NEW_DEVICE, frozenset({Kind.SIGNED_IN})),
    AlarmRule("SESSION_STOLEN", Condition.EACH, frozenset({Kind.REFRESH_TOKEN_REUSED})),
    AlarmRule("REFUSALS_FLOOD", Condition.EACH, frozenset({Kind.REFUSALS_COUNTED})),
    AlarmRule("CHAIN_BROKEN", Condition.EACH, frozenset({Kind.CHAIN_BROKEN})),
)
"""The rules where the operator has set no others."""
