"""Machine-readable reasons: why an item failed, and why it waits for a person."""

from enum import StrEnum


class FailureCode(StrEnum):
    """Why an item failed for good."""

    PROVIDER_REJECTED = "PROVIDER_REJECTED"
    PROVIDER_FAILED = "PROVIDER_FAILED"
    PROVIDER_CANCELLED = "PROVIDER_CANCELLED"
    PROVIDER_CONTRACT_BROKEN = "PROVIDER_CONTRACT_BROKEN"
    PROVIDER_NOT_OFFERED = "PROVIDER_NOT_OFFERED"
    NOT_DELIVERABLE = "NOT_DELIVERABLE"
    DEPENDENCY_FAILED = "DEPENDENCY_FAILED"
    GIVEN_UP = "GIVEN_UP"


class HoldCode(StrEnum):
    """Why an item waits for a person."""

    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    PROVIDER_TOO_SLOW = "PROVIDER_TOO_SLOW"
    PROVIDER_OUTCOME_UNKNOWN = "PROVIDER_OUTCOME_UNKNOWN"
    PROVIDER_CONTRACT_BROKEN = "PROVIDER_CONTRACT_BROKEN"
    UNDO_REFUSED = "UNDO_REFUSED"


class CancellationRefusalCode(StrEnum):
    """Why a provider would not cancel its part."""

    PAST_POINT_OF_NO_RETURN = "PAST_POINT_OF_NO_RETURN"
