"""Notices to a customer: an inbox that reaches one who was not connected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """One notice: a code of the gateway's texts with parameters; the sentence is made in the reader's language."""

    id: str
    customer_id: str
    occurred_at: datetime
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    order_id: str | None = None
    read_at: datetime | None = None
