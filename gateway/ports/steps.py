"""The steps of an order that were taken at a provider, as they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One provider call of an order's: written before it is sent (`outcome` None), and again with its outcome.

    `inputs` are what was sent, as far as it is no personal data: references and codes. `detail` is the provider's own
    word, for operators.
    """

    item_id: str
    step: str
    attempt: int
    key: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    detail: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
