"""Says what can be delivered at a place: from the accesses there, and the services of each. Source: ON-API 2.6."""

from collections.abc import Sequence
from datetime import datetime

from gateway.contract import OfferingQualification, Place, QualificationReason, QualificationResult
from providers.onapi.catalog import OnApiCatalog
from providers.onapi.context import Reading
from providers.onapi.premises import Obstacle, PremisesServices
from providers.onapi.services import is_sold


class OnApiQualification:
    """See contract.Qualification."""

    def __init__(self, premises: PremisesServices, catalog: OnApiCatalog, reading: Reading) -> None:
        self._premises = premises
        self._catalog = catalog
        self._reading = reading

    async def qualify(self, refs: Sequence[str], place: Place) -> Sequence[OfferingQualification]:
        """One answer for each ref: from when it can be had at any outlet of the dwelling; none for what is not sold."""
        if not refs:
            return ()
        outlets = await self._premises.outlets(place)
        if isinstance(outlets, Obstacle):
            return [self._hindered(ref, outlets) for ref in refs]
        wanted = {ref for ref in refs if is_sold(ref, self._reading)}
        since: dict[str, datetime | None] = {}
        async for each in self._premises.offered(outlets):
            for service in each.services:
                since[service.service] = _earlier(since.get(service.service), service.since)
            if all(self._is_free(since.get(ref)) for ref in wanted):
                break
        # Only what is not at this access may be at none.
        known = {ref for ref in wanted if ref in since or await self._catalog.offering(ref) is not None}
        return [self._answer(ref, since) if ref in known else self._unknown(ref) for ref in refs]

    def _is_free(self, since: datetime | None) -> bool:
        return since is not None and since <= self._reading.now()

    def _answer(self, ref: str, since: dict[str, datetime | None]) -> OfferingQualification:
        """One that is taken and one that is not sold at that access are told apart."""
        moment = since.get(ref)
        if moment is None:
            return self._not(ref, "SERVICE_TAKEN" if ref in since else "SERVICE_NOT_AVAILABLE")
        expected = None if self._is_free(moment) else moment
        return OfferingQualification(self._id(ref), QualificationResult.QUALIFIED, expected_activation=expected)

    def _hindered(self, ref: str, obstacle: Obstacle) -> OfferingQualification:
        result = QualificationResult.UNQUALIFIED if obstacle.is_sure else QualificationResult.UNDETERMINED
        reasons = (QualificationReason(obstacle.code),)
        return OfferingQualification(self._id(ref), result, reasons, expected_activation=obstacle.expected_at)

    def _not(self, ref: str, code: str) -> OfferingQualification:
        return OfferingQualification(self._id(ref), QualificationResult.UNQUALIFIED, (QualificationReason(code),))

    def _unknown(self, ref: str) -> OfferingQualification:
        reasons = (QualificationReason("SERVICE_NOT_SOLD"),)
        return OfferingQualification(self._id(ref), QualificationResult.UNDETERMINED, reasons)

    def _id(self, ref: str) -> str:
        return self._reading.id("ProductOffering", ref)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [each for each in (one, other) if each is not None]
    return min(known, default=None)
