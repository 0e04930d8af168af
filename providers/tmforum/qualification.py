"""Asks what can be delivered at a place.

Source: TMF679 v4.0, ProductOfferingQualification; v5.0, CheckProductOfferingQualification and
QueryProductOfferingQualification.
"""

from collections.abc import Mapping, Sequence

from gateway.contract import Alternative, OfferingQualification, Place, QualificationReason, QualificationResult
from gateway.kit import Answer, Area
from providers.tmforum.context import Reading
from providers.tmforum.profiles import QualificationForm
from providers.tmforum.reading import Row, moment, parts, reference_in, text

RESULTS = {
    "qualified": QualificationResult.QUALIFIED,
    "alternate": QualificationResult.ALTERNATE,
    "unqualified": QualificationResult.UNQUALIFIED,
}
REASONS = ("eligibilityUnavailabilityReason", "eligibilityResultReason")
OPEN_STATES = frozenset({"acknowledged", "accepted", "inprogress"})
# What the state of a query says of an offering that it does not name.
QUERIED = {"done": QualificationResult.UNQUALIFIED, **dict.fromkeys(OPEN_STATES, QualificationResult.PENDING)}


class TmForumQualification:
    """See contract.Qualification."""

    def __init__(self, area: Area, reading: Reading) -> None:
        self._area = area
        self._reading = reading

    async def qualify(self, refs: Sequence[str], place: Place) -> Sequence[OfferingQualification]:
        """One question for all; the answers are matched by the item's id, then by the offering's."""
        if not refs:
            return ()
        profile = self._reading.profiles.qualification
        question = self._reading.body(profile.question(refs, place.address))
        row = await self._area.ask(profile.resource, question, Answer.row)
        items = parts(row, profile.items)
        if profile.form is QualificationForm.QUERY:
            return self._listed(refs, items, text(row, "state") or "")
        state = text(row, "state") or ""
        by_id = {text(item, "id"): item for item in items}
        by_offering = {reference_in(item, "productOffering"): item for item in items}
        return [self._answer(ref, _matching(str(n), ref, by_id, by_offering), state) for n, ref in enumerate(refs, 1)]

    def _listed(self, refs: Sequence[str], items: Sequence[Row], state: str) -> Sequence[OfferingQualification]:
        """A query names what can be had; what a finished one does not name can't."""
        named = {reference_in(item, "productOffering") for item in items}
        others = QUERIED.get(state.lower(), QualificationResult.UNDETERMINED)
        results = [QualificationResult.QUALIFIED if ref in named else others for ref in refs]
        ids = [self._reading.id("ProductOffering", ref) for ref in refs]
        return [OfferingQualification(offering_id=id_, result=each) for id_, each in zip(ids, results, strict=True)]

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


def _matching(number: str, ref: str, by_id: Mapping[str | None, Row], by_offering: Mapping[str | None, Row]) -> Row:
    """The item that answers this one: its number counts only where it names no other offering."""
    item = by_id.get(number, {})
    named = reference_in(item, "productOffering")
    return item if named in (None, ref) and item else by_offering.get(ref, {})


def _reasons(item: Row) -> Sequence[QualificationReason]:
    """Why not; the code of a failed check stands in `terminationError[].id`."""
    said = [each for name in REASONS for each in parts(item, name)]
    why = [(text(each, "code"), text(each, "label")) for each in said]
    failed = [(text(each, "id"), text(each, "value")) for each in parts(item, "terminationError")]
    return [QualificationReason(code or "UNSPECIFIED", words or "") for code, words in (*why, *failed) if code or words]
