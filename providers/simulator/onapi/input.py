"""What may be sent in; what a model leaves out is accepted and dropped. Source: ON-API 2.6, orders, data formats."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, StringConstraints

from providers.simulator.web.bodies import Input

Id = Annotated[str, StringConstraints(pattern=r"^[-0-9a-zA-Z.]{1,36}$")]
Text = Annotated[str, StringConstraints(max_length=255)]
Mac = Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")]
Operation = Literal["ACTIVATE", "DEACTIVATE", "SUSPEND", "RESUME", "MODIFY", "CHANGE"]


class EquipmentInput(Input):
    """A device that the service is tied to."""

    vendorId: Text
    macAddress: Mac


class ChangeInput(Input):
    """What of an order may be changed while it is RECEIVED."""

    service: Text | None = None
    spReference: Id | None = None
    spSubscriptionId: Id | None = None
    requestedDateTime: AwareDatetime | None = None
    characteristics: dict[str, Any] | None = None
    equipment: list[EquipmentInput] | None = None


class OrderInput(ChangeInput):
    """A whole order."""

    operation: Operation
    accessId: Id | None = None
    subscriptionId: Id | None = None
    forcedTakeover: bool = False
    externalNote: Text | None = None
