"""Whether an offering can be delivered at a place."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class QualificationResult(StrEnum):
    """TMF679's results, with PENDING for an answer that is not there yet and UNDETERMINED for none at all."""

    QUALIFIED = "QUALIFIED"
    ALTERNATE = "ALTERNATE"
    UNQUALIFIED = "UNQUALIFIED"
    PENDING = "PENDING"
    UNDETERMINED = "UNDETERMINED"


@dataclass(frozen=True, slots=True)
class QualificationReason:
    """Why not: a machine-readable code. `provider_text` is the provider's own, for operators only."""

    code: str
    provider_text: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What could be delivered instead, and from when."""

    offering_id: str
    expected_activation: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferingQualification:
    """The answer for one offering."""

    offering_id: str
    result: QualificationResult
    reasons: tuple[QualificationReason, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    expected_activation: datetime | None = None
