"""The record of a step at a provider: what was sent, as far as it is nobody's data, and what came of it."""

from collections.abc import Mapping
from datetime import datetime

from gateway.domain.ordering.orders import OrderItem
from gateway.domain.ordering.states import ItemPhase
from gateway.ports.steps import StepRecord
from gateway.saga.plan import Step

STEP_OF_PHASE: Mapping[ItemPhase, Step] = {
    ItemPhase.QUALIFYING: Step.QUALIFY,
    ItemPhase.PLACING: Step.PLACE,
    ItemPhase.TRACKING: Step.TRACK,
    ItemPhase.ACTIVATING: Step.ACTIVATE,
    ItemPhase.CANCELLING: Step.CANCEL,
    ItemPhase.REMOVING: Step.REMOVE,
    ItemPhase.REMOVAL_TRACKING: Step.TRACK_REMOVAL,
}
"""The step that is taken at the provider in each phase that has one."""


def inputs_of(item: OrderItem, step: Step) -> Mapping[str, str]:
    """What the step sends: references, a quantity, and which fields were filled in; never what they hold."""
    if step in {Step.QUALIFY, Step.PLACE}:
        found = {
            "offering": item.offering_ref,
            "quantity": str(item.quantity),
            "bundle": item.bundle_ref,
            "fields": " ".join(sorted(item.values)),
        }
    else:
        product = item.product.ref if item.product else None
        found = {"order": item.order_ref, "product": product, "removal": item.removal_ref}
    return {name: value for name, value in found.items() if value}


def begun(item: OrderItem, step: Step, key: str, now: datetime) -> StepRecord:
    """Of a call that is about to be sent."""
    return StepRecord(item.id, step, item.attempt, key, now, inputs=inputs_of(item, step))


def done(item: OrderItem, step: Step, key: str, now: datetime, outcome: str, detail: str = "") -> StepRecord:
    """Of a call whose outcome is known."""
    inputs = inputs_of(item, step)
    return StepRecord(item.id, step, item.attempt, key, item.sent_at or now, now, outcome, detail, inputs)


def stalled(item: OrderItem, now: datetime, outcome: str, detail: str = "") -> StepRecord | None:
    """Of what an item is HELD for: the step of its phase, without an answer that counts."""
    step = STEP_OF_PHASE.get(item.phase)
    if step is None:
        return None
    started_at = max(item.phase_since, item.sent_at or item.phase_since)
    return StepRecord(
        item.id, step, item.attempt, item.key(step), started_at, now, outcome, detail, inputs_of(item, step)
    )
