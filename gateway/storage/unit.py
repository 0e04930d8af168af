"""One transaction over all that is kept."""

from datetime import datetime
from functools import cached_property, partial

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.security_chain import ChainKeys, Head
from gateway.ports import Clock
from gateway.storage.accounts import SqlAccounts
from gateway.storage.agreements import SqlAgreements
from gateway.storage.authorizations import SqlAuthorizations
from gateway.storage.bundles import SqlBundles
from gateway.storage.clients import SqlClients
from gateway.storage.events import SqlEvents
from gateway.storage.health import SqlHealthEvents
from gateway.storage.invitations import SqlInvitations
from gateway.storage.issuer import SqlIssuerAccounts
from gateway.storage.keys import SqlIdempotency
from gateway.storage.mails import SqlMails
from gateway.storage.members import SqlMembers
from gateway.storage.notifications import SqlNotifications
from gateway.storage.one_time_passwords import SqlOneTimePasswords
from gateway.storage.operations import SqlOperations
from gateway.storage.orders import SqlOrders
from gateway.storage.password_resets import SqlPasswordResets
from gateway.storage.personal import SqlPersonalData
from gateway.storage.reconciliation import SqlReconciliation
from gateway.storage.records import SqlRecords
from gateway.storage.registrations import SqlRegistrations
from gateway.storage.retention import SqlRetention
from gateway.storage.rows import Rows, Starter
from gateway.storage.security import SqlSecurityEvents


def _keep(kept: dict[str, None], *topics: str) -> None:
    """Keeps the topics for after the commit, each once."""
    kept.update(dict.fromkeys(topics))


class SqlUnitOfWork:
    """The repositories on one connection, and the topics to wake once it has committed."""

    def __init__(
        self, connection: AsyncConnection, clock: Clock, keys: ChainKeys, starter: Starter | None = None
    ) -> None:
        self._keys = keys
        self._rows = Rows(connection)
        self._clock = clock
        self._starter = starter
        self.topics: dict[str, None] = {}
        self.erased: dict[str, datetime] = {}
        # No method: what refers back to the unit would keep its connection until the collector of cycles comes.
        self.wake = partial(_keep, self.topics)

    @cached_property
    def accounts(self) -> SqlAccounts:
        return SqlAccounts(self._rows, self._clock)

    @cached_property
    def bundles(self) -> SqlBundles:
        return SqlBundles(self._rows)

    @cached_property
    def clients(self) -> SqlClients:
        return SqlClients(self._rows)

    @cached_property
    def orders(self) -> SqlOrders:
        return SqlOrders(self._rows, self._starter)

    @cached_property
    def events(self) -> SqlEvents:
        return SqlEvents(self._rows, self.wake)

    @cached_property
    def idempotency(self) -> SqlIdempotency:
        return SqlIdempotency(self._rows)

    @cached_property
    def notifications(self) -> SqlNotifications:
        return SqlNotifications(self._rows)

    @cached_property
    def registrations(self) -> SqlRegistrations:
        return SqlRegistrations(self._rows, self.wake)

    @cached_property
    def agreements(self) -> SqlAgreements:
        return SqlAgreements(self._rows, self.wake)

    @cached_property
    def operations(self) -> SqlOperations:
        return SqlOperations(self._rows)

    @cached_property
    def health(self) -> SqlHealthEvents:
        return SqlHealthEvents(self._rows, self.wake)

    @cached_property
    def members(self) -> SqlMembers:
        return SqlMembers(self._rows)

    @cached_property
    def invitations(self) -> SqlInvitations:
        return SqlInvitations(self._rows)

    @cached_property
    def records(self) -> SqlRecords:
        return SqlRecords(self._rows)

    @cached_property
    def authorizations(self) -> SqlAuthorizations:
        return SqlAuthorizations(self._rows)

    @cached_property
    def retention(self) -> SqlRetention:
        return SqlRetention(self._rows)

    @cached_property
    def reconciliation(self) -> SqlReconciliation:
        return SqlReconciliation(self._rows)

    @cached_property
    def issuer_accounts(self) -> SqlIssuerAccounts:
        return SqlIssuerAccounts(self._rows)

    @cached_property
    def one_time_passwords(self) -> SqlOneTimePasswords:
        return SqlOneTimePasswords(self._rows)

    @cached_property
    def password_resets(self) -> SqlPasswordResets:
        return SqlPasswordResets(self._rows)

    @cached_property
    def mails(self) -> SqlMails:
        return SqlMails(self._rows, self.wake)

    @cached_property
    def security_events(self) -> SqlSecurityEvents:
        return SqlSecurityEvents(self._rows, self._keys, self.wake)

    @cached_property
    def personal_data(self) -> SqlPersonalData:
        return SqlPersonalData(self._rows, self.erased.__setitem__)

    async def complete(self) -> Head | None:
        """What must come last in the transaction: the security events' places. Returns the chain's new head, if any."""
        return await self.security_events.chain_up() if "security_events" in self.__dict__ else None
