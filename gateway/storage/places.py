"""What else a customer has: accounts at providers, and named places."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import Row, delete, insert, select, update

from gateway.domain.parties import ProviderAccount, ProviderAccountState, Site
from gateway.ports import Clock
from gateway.storage import tables
from gateway.storage.columns import closest, from_json, to_json
from gateway.storage.ids import CUSTOMER, SITE, own_id, raw, sought
from gateway.storage.rows import Rows

_account = tables.provider_account.c


def read_account(row: Row[tuple[object, ...]]) -> ProviderAccount:
    """The account of a row; one in a state that is unknown here is taken for linked."""
    state = closest(ProviderAccountState, row.state, ProviderAccountState.LINKED)
    return ProviderAccount(own_id(CUSTOMER, row.customer), row.provider, row.ref, state, row.verified_at)


class CustomerRows:
    """The part of `Accounts` about what belongs to a customer."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def provider_account(self, customer_id: str, provider: str) -> ProviderAccount:
        """As the port says; the first use writes, so ask in a writing transaction."""
        customer = raw(CUSTOMER, customer_id)
        found = await self._account(customer, provider)
        if found is None:
            await self._rows.add_new(
                tables.provider_account,
                customer=customer,
                provider=provider,
                ref=f"gw-{uuid4()}",  # random: tells nothing of the customer, nor what it is called elsewhere
                state=ProviderAccountState.PSEUDONYMOUS,
                created_at=self._clock.now(),
            )
            found = await self._account(customer, provider)
        if found is None:
            raise RuntimeError("a provider account vanished while it was made")
        return found

    async def _account(self, customer: str, provider: str) -> ProviderAccount | None:
        # LINKED sorts before PSEUDONYMOUS.
        statement = (
            select(tables.provider_account)
            .where(_account.customer == customer, _account.provider == provider)
            .order_by(_account.state, _account.created_at, _account.ref)
        )
        row = await self._rows.first(statement)
        return read_account(row) if row else None

    async def provider_accounts(self, customer_id: str) -> Sequence[ProviderAccount]:
        statement = select(tables.provider_account).where(_account.customer == sought(CUSTOMER, customer_id))
        # LINKED sorts before PSEUDONYMOUS.
        by = (_account.provider, _account.state, _account.created_at, _account.ref)
        rows = await self._rows.all(statement.order_by(*by))
        return [read_account(row) for row in rows]

    async def add_site(self, site: Site) -> None:
        key, customer = raw(SITE, site.id), raw(CUSTOMER, site.customer_id)
        values = {"key": key, "customer": customer, "name": site.name, "body": to_json(site)}
        await self._rows.run(insert(tables.site).values(**values))

    async def site(self, site_id: str) -> Site | None:
        statement = select(tables.site.c.body).where(tables.site.c.key == sought(SITE, site_id))
        row = await self._rows.first(statement)
        return from_json(row.body, Site) if row else None

    async def save_site(self, site: Site) -> bool:
        is_meant = tables.site.c.key == raw(SITE, site.id)
        return await self._rows.run(update(tables.site).where(is_meant).values(name=site.name, body=to_json(site))) > 0

    async def remove_site(self, site_id: str) -> None:
        await self._rows.run(delete(tables.site).where(tables.site.c.key == sought(SITE, site_id)))

    async def sites(self, customer_id: str) -> Sequence[Site]:
        column = tables.site.c
        statement = select(column.body).where(column.customer == sought(CUSTOMER, customer_id))
        rows = await self._rows.all(statement.order_by(column.name, column.key))
        return [from_json(row.body, Site) for row in rows]
