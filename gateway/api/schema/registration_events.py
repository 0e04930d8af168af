"""What happens to a registration: events that never change."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, field, field_of, interface_type, object_type
from gateway.api.schema.weights import Weight
from gateway.api.texts import tell
from gateway.domain import registration_events as events
from gateway.domain import registrations
from gateway.usecases.registrations import find_registration


def _message(self: events.RegistrationEvent, info: Info) -> str:
    """What happened, as a sentence in the caller's language."""
    params = {"check": self.check.name} if self.check else {}
    return tell(info.context.locale, "registration", type(self).__name__, params)


async def _registration(self: events.RegistrationEvent, info: Info) -> registrations.ProviderRegistration | None:
    """The registration as it is now; null once it is removed."""
    return await find_registration(info.context.core, info.context.caller, self.registration_id)


@interface_type(events.RegistrationEvent)
class RegistrationEvent:
    """Something that happened to a registration. All but the registration itself is of the event's moment."""

    id: strawberry.ID = doc("The event's id.")
    cursor: str = doc("Where to go on after it.")
    sequence: int = doc("Counts the registration's events from 1, without a gap.")
    occurred_at: datetime = doc("When it happened.")
    status: registrations.RegistrationStatus = doc("How the registration stood at that moment.")
    message: str = field(_message)
    registration: registrations.ProviderRegistration | None = field_of(weight=Weight.STORE)(_registration)


def _declare(kind: type[events.RegistrationEvent]) -> type[events.RegistrationEvent]:
    namespace: dict[str, Any] = {"__doc__": kind.__doc__, "__annotations__": {}, "__module__": __name__}
    if kind is events.CheckFinished:
        namespace["__annotations__"]["check"] = registrations.CheckOutcome
        namespace["check"] = doc("The check that is over.")
    object_type(kind)(type(kind.__name__, (RegistrationEvent,), namespace))
    return kind


REGISTRATION_EVENT_TYPES = [_declare(kind) for kind in events.REGISTRATION_EVENTS.values()]
