"""Keeps providers' answers about a place for a minute, so that paging through candidates asks each provider once."""

from collections import OrderedDict
from datetime import datetime, timedelta

from gateway.domain.catalog.qualification import OfferingQualification
from gateway.domain.parties import Address

LIFETIME = timedelta(seconds=60)
SIZE = 10_000


class QualificationCache:
    """The newest answers by address and offering; the oldest are dropped beyond the size."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Address, str], tuple[datetime, OfferingQualification]] = OrderedDict()

    def get(self, address: Address, offering_id: str, now: datetime) -> OfferingQualification | None:
        """The answer, None where there is none as young as that."""
        read_at, answer = self._kept.get((address, offering_id), (None, None))
        # One from the future is as old as the clock was set back, at the least.
        return answer if read_at is not None and timedelta(0) <= now - read_at < LIFETIME else None

    def put(self, address: Address, answer: OfferingQualification, now: datetime) -> None:
        """Keeps an answer."""
        self._kept[address, answer.offering_id] = (now, answer)
        self._kept.move_to_end((address, answer.offering_id))
        while len(self._kept) > SIZE:
            self._kept.popitem(last=False)
