"""The inbox: what a customer was told, also while nobody was connected."""

from gateway.domain.engagement import Notification
from gateway.domain.errors import RequestError
from gateway.domain.paging import Edge, Page, checked_first, moment_cursor, page_of, read_moment_cursor
from gateway.domain.parties import Caller, SelfServiceFunction
from gateway.usecases import policy
from gateway.usecases.core import Core

_LIST = "notifications"
_SEE = SelfServiceFunction.SEE_NOTIFICATIONS


async def list_notifications(
    core: Core, caller: Caller, customer_id: str, first: int | None, after: str | None
) -> Page[Notification]:
    """The customer's notices, newest first. Raises: RequestError NOT_FOUND, PAGE_SIZE, BAD_CURSOR; AccessError."""
    policy.require(caller, customer_id, _SEE)
    count, kind = checked_first(first), f"{_LIST}:{customer_id}"
    place = read_moment_cursor(kind, after)
    async with core.storage.reading() as unit:
        found = await unit.notifications.page(customer_id, count + 1, place)
    edges = [Edge(moment_cursor(kind, each.occurred_at, each.id), each) for each in found[:count]]
    return page_of(edges, len(found) > count)


async def find_notification(core: Core, caller: Caller, notification_id: str) -> Notification | None:
    """The notice of that global id; None for an unknown one, and for one that the caller may not see."""
    if caller.actor is None:
        return None
    async with core.storage.reading() as unit:
        found = await unit.notifications.get(notification_id)
    return found if found and policy.can(caller, found.customer_id, _SEE) else None


async def mark_notification_read(core: Core, caller: Caller, notification_id: str) -> Notification:
    """The notice as it is then; the first time counts. Raises: RequestError NOT_FOUND at `notificationId`;
    AccessError for a service user, who changes nothing.
    """
    policy.check(caller, policy.Access.SIGNED_IN)
    found = await find_notification(core, caller, notification_id)
    if found is None:
        raise RequestError.at("NOT_FOUND", "notificationId")
    policy.require_no_service_user(caller, found.customer_id)
    async with core.storage.writing() as unit:
        await unit.notifications.mark_read(notification_id, core.clock.now())
        read = await unit.notifications.get(notification_id)
    if read is None:
        raise RequestError.at("NOT_FOUND", "notificationId")
    return read
