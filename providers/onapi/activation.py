"""The order for a service at one outlet. Source: ON-API 2.6, orders: ACTIVATE."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.contract import OrderRequest
from providers.onapi.context import Reading
from providers.onapi.forms import characteristics_of
from providers.onapi.premises import Offered
from providers.onapi.references import digest_of, reference_of


@dataclass(frozen=True, slots=True)
class Activation:
    """The key it is for, our reference of that, and what is sent: no name and no address of a person stands in it."""

    key: str
    reference: str
    access_id: str
    fields: Mapping[str, Any]
    is_now: bool


def activation_of(request: OrderRequest, outlet: Offered, reading: Reading) -> Activation | None:
    """None where the service can't be had at the outlet; where it can later on, the order is for then."""
    since = next((each.since for each in outlet.services if each.service == request.offering_ref), None)
    if since is None:
        return None
    reference, now = digest_of(request.key), reading.now()
    begin = max(since, request.requested_start_at or since)
    fields = {
        "accessId": outlet.access.id,
        "service": request.offering_ref,
        "spReference": reference_of(request.party),
        "spSubscriptionId": reference,
        "requestedDateTime": _moment(begin) if begin > now else None,
        "characteristics": characteristics_of(request.values),
    }
    return Activation(request.key, reference, outlet.access.id, fields, since <= now)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
