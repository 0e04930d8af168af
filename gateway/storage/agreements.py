"""Agreements between providers: one row each, and one for each of its parties to find it by."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, tuple_, update

from gateway.domain.agreements import AgreementStatus, ProviderAgreement
from gateway.ports.registrations import PROVIDERS_TOPIC
from gateway.storage import tables
from gateway.storage.columns import from_json, to_json
from gateway.storage.ids import AGREEMENT, own_id, raw, sought
from gateway.storage.rows import Rows

_row, _party = tables.agreement.c, tables.agreement_party.c
_OVER = (AgreementStatus.REJECTED, AgreementStatus.TERMINATED)


class SqlAgreements:
    """Agreements with their parties."""

    def __init__(self, rows: Rows, wake: Callable[..., None]) -> None:
        self._rows = rows
        self._wake = wake
        self._held: set[str] = set()

    async def add(self, agreement: ProviderAgreement) -> None:
        key = raw(AGREEMENT, agreement.id)
        created = {"key": key, "created_at": agreement.created_at}
        await self._rows.run(insert(tables.agreement).values(**created, **_values(agreement)))
        parties = [{"agreement": key, "party": party} for party in sorted(agreement.agreement.parties)]
        await self._rows.run(insert(tables.agreement_party), parties)
        await self._changed()

    async def _changed(self) -> None:
        await self._rows.count_up(tables.change_count, PROVIDERS_TOPIC)
        self._wake(PROVIDERS_TOPIC)

    async def get(self, agreement_id: str, *, lock: bool = False) -> ProviderAgreement | None:
        key = sought(AGREEMENT, agreement_id)
        statement = select(_row.body).where(_row.key == key)
        row = await self._rows.first(statement.with_for_update() if lock else statement)
        if row is None:
            return None
        if lock:
            self._held.add(key)
        return from_json(row.body, ProviderAgreement)

    async def save(self, agreement: ProviderAgreement) -> None:
        key = raw(AGREEMENT, agreement.id)
        if key not in self._held:
            raise RuntimeError("save of an agreement that this transaction does not hold locked")
        await self._rows.run(update(tables.agreement).where(_row.key == key).values(**_values(agreement)))
        await self._changed()

    async def page(
        self, parties: Collection[str] | None, first: int, after: tuple[datetime, str] | None
    ) -> Sequence[ProviderAgreement]:
        statement = select(_row.body)
        if parties is not None:
            theirs = select(_party.agreement).where(_party.party.in_(parties))
            statement = statement.where(_row.key.in_(theirs))
        if after:
            place = tuple_(_row.created_at, _row.key)
            statement = statement.where(place < (after[0], sought(AGREEMENT, after[1])))
        by_age = (_row.created_at.desc(), _row.key.desc())
        rows = await self._rows.all(statement.order_by(*by_age).limit(first))
        return [from_json(row.body, ProviderAgreement) for row in rows]

    async def count(self, party: str) -> int:
        theirs = select(_party.agreement).where(_party.party == party)
        counted = select(func.count()).select_from(tables.agreement)
        row = await self._rows.first(counted.where(_row.key.in_(theirs), _row.status.not_in(_OVER)))
        return int(row[0]) if row else 0

    async def approved(self) -> Sequence[ProviderAgreement]:
        statement = select(_row.body).where(_row.status == AgreementStatus.APPROVED).order_by(_row.key)
        return [from_json(row.body, ProviderAgreement) for row in await self._rows.all(statement)]

    async def over(self, agreement_ids: Collection[str]) -> Collection[str]:
        keys = [key for each in agreement_ids if (key := sought(AGREEMENT, each))]
        if not keys:
            return ()
        statement = select(_row.key, _row.status).where(_row.key.in_(keys)).order_by(_row.key)
        rows = await self._rows.all(statement.with_for_update(read=True))
        return [own_id(AGREEMENT, row.key) for row in rows if row.status in _OVER]

    async def end_all(self, party: str, at: datetime) -> None:
        theirs = select(_party.agreement).where(_party.party == party)
        statement = select(_row.key, _row.body).where(_row.key.in_(theirs), _row.status.not_in(_OVER))
        for row in await self._rows.all(statement.with_for_update()):
            self._held.add(row.key)
            await self.save(from_json(row.body, ProviderAgreement).ended(AgreementStatus.TERMINATED, at))


def _values(agreement: ProviderAgreement) -> dict[str, Any]:
    return {"status": agreement.status, "body": to_json(agreement)}
