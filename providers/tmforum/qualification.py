"""Asks what can be delivered at a place. Source: TMF679 v4.0.0, ProductOfferingQualification."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.contract import Alternative, OfferingQualification, Place, QualificationReason, QualificationResult
from gateway.kit import Answer, Area
from providers.tmforum.context import Reading
from providers.tmforum.reading import Row, address_row, moment, parts, reference_in, text

RESULTS = {
    "qualified": QualificationResult.QUALIFIED,
    "alternate": QualificationResult.ALTERNATE,
    "unqualified": QualificationResult.UNQUALIFIED,
}
OPEN_STATES = frozenset({"acknowledged", "accepted", "inprogress"})


class TmForumQualification:
    """See contract.Qualification."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading

    async def qualify(self, refs: Sequence[str], place: Place) -> Sequence[OfferingQualification]:
        """One question for all; the answers are matched by the item's id, then by the offering's."""
        if not refs:
            return ()
        row = await self._area.ask("productOfferingQualification", _question(refs, place), Answer.row)
        items = parts(row, "productOfferingQualificationItem")
        state = text(row, "state") or ""
        by_id = {text(item, "id"): item for item in items}
        by_offering = {reference_in(item, "productOffering"): item for item in items}
        return [self._answer(ref, _matching(str(n), ref, by_id, by_offering), state) for n, ref in enumerate(refs, 1)]

    def _answer(self, ref: str, item: Row, order_state: str) -> OfferingQualification:
        state = (text(item, "state") or order_state).lower()
        result = RESULTS.get((text(item, "qualificationItemResult") or "").lower())
        if result is None:
            is_open = bool(item) and state in OPEN_STATES
            result = QualificationResult.PENDING if is_open else QualificationResult.UNDETERMINED
        return OfferingQualification(
            offering_id=self._reading.id("ProductOffering", ref),
            result=result,
            reasons=tuple(_reasons(item)),
            alternatives=self._alternatives(item),
            expected_activation=moment(item, "expectedActivationDate", self._reading.zone),
        )

    def _alternatives(self, item: Row) -> tuple[Alternative, ...]:
        found = []
        for each in parts(item, "alternateProductOfferingProposal"):
            ref = reference_in(each, "alternateProductOffering")
            if ref is not None:
                activation = moment(each, "alternateActivationDate", self._reading.zone)
                found.append(Alternative(self._reading.id("ProductOffering", ref), activation))
        return tuple(found)


def _question(refs: Sequence[str], place: Place) -> dict[str, Any]:
    return {
        "instantSyncQualification": True,
        "provideAlternative": True,
        "provideUnavailabilityReason": True,
        "place": [address_row(place.address)],
        "productOfferingQualificationItem": [
            {"id": str(n), "action": "add", "productOffering": {"id": ref, "@referredType": "ProductOffering"}}
            for n, ref in enumerate(refs, 1)
        ],
    }


def _matching(number: str, ref: str, by_id: Mapping[str | None, Row], by_offering: Mapping[str | None, Row]) -> Row:
    """The item that answers this one: its number counts only where it names no other offering."""
    item = by_id.get(number, {})
    named = reference_in(item, "productOffering")
    return item if named in (None, ref) and item else by_offering.get(ref, {})


def _reasons(item: Row) -> Sequence[QualificationReason]:
    """Why not; the code of a failed check stands in `terminationError[].id`."""
    why = [(text(each, "code"), text(each, "label")) for each in parts(item, "eligibilityUnavailabilityReason")]
    failed = [(text(each, "id"), text(each, "value")) for each in parts(item, "terminationError")]
    return [QualificationReason(code or "UNSPECIFIED", words or "") for code, words in (*why, *failed) if code or words]
