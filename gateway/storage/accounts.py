"""The port `Accounts`, put together from its three parts."""

from gateway.ports import Clock
from gateway.storage.actors import ActorRows
from gateway.storage.places import CustomerRows
from gateway.storage.rows import Rows
from gateway.storage.sessions import SessionRows


class SqlAccounts(ActorRows, SessionRows, CustomerRows):
    """Actors, their customers, memberships, authorizations and sessions."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        CustomerRows.__init__(self, rows, clock)
