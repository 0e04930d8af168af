"""Qualify: the provider is asked once more whether it delivers there. Nothing to undo."""

from gateway.domain.catalog.qualification import OfferingQualification, QualificationResult
from gateway.domain.errors import ProviderError
from gateway.domain.ordering.orders import Failure, Order, OrderItem
from gateway.domain.ordering.reasons import FailureCode
from gateway.domain.ordering.states import ItemPhase
from gateway.saga import changes
from gateway.saga.work import Work

_REFUSALS = frozenset({QualificationResult.UNQUALIFIED, QualificationResult.ALTERNATE})


async def qualify(work: Work, order: Order, item: OrderItem) -> float:
    """Asks.

    An item that can't be delivered as ordered fails, one that nobody can judge goes on (its order will tell).
    """
    try:
        answer = await _answer(work, order, item)
    except ProviderError as error:
        return await work.stalled(order, item, error)
    now = work.clock.now()
    if answer is not None and answer.result in _REFUSALS:
        reason = answer.reasons[0] if answer.reasons else None
        params = {"offering": item.offering_name, "reason": reason.code if reason else ""}
        failure = Failure(FailureCode.NOT_DELIVERABLE, params, reason.provider_text if reason else "")
        await work.write_together(order, item, lambda o, i: changes.failed(o, i, failure, now))
    else:
        await work.write_together(order, item, lambda o, i: changes.moved(o, i, ItemPhase.WAITING, now))
    return 0.0


async def _answer(work: Work, order: Order, item: OrderItem) -> OfferingQualification | None:
    qualification = work.provider(item).qualification
    if qualification is None or order.place is None:
        return None
    answers = await qualification.qualify([item.offering_ref], order.place)
    return answers[0] if answers else None
