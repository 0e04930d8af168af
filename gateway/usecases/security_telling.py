"""How use cases tell of what they do: an event of a caller's, for the transaction that it stands in."""

from datetime import datetime

from gateway.domain.parties import Caller
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import UnitOfWork

BY_COMMAND = Caller()
"""Who acts by the command line, on the data folder itself."""


def told_by(
    caller: Caller,
    kind: SecurityEventKind,
    at: datetime,
    *,
    customer_id: str | None = None,
    subject: str | None = None,
    **params: str,
) -> NewSecurityEvent:
    """What the caller has done; without a caller's id it was done by command."""
    by = {} if caller.subject else {"by": "COMMAND"}
    return NewSecurityEvent(
        kind, at, caller.subject, customer_id, subject, {**params, **by}, address=caller.address or None
    )


async def only_customer_of(unit: UnitOfWork, actor_id: str) -> str | None:
    """The customer whose manager sees what is told of that account: its only one.

    Of who belongs to several, none has to know when they sign in for another; nor of an operator or a service client.
    """
    actor = await unit.accounts.actor(actor_id)
    memberships = actor.memberships if actor else ()
    return memberships[0].customer.id if len(memberships) == 1 else None
