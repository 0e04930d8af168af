"""The inbox, page by page, for those alone whom it is meant for."""

from datetime import timedelta

import pytest

from gateway.domain.engagement import Notification
from gateway.domain.errors import RequestError
from gateway.domain.paging import key_cursor
from gateway.domain.parties import Caller
from gateway.usecases import engagement, ordering
from gateway.usecases.core import Core
from tests.clock import NOON, SettableClock
from tests.parties.test_places import customer
from tests.samples import new_id


async def notify(core: Core, caller: Caller, count: int) -> list[Notification]:
    notices = [
        Notification(new_id("Notification"), customer(caller), NOON + timedelta(minutes=n), "ORDER_HELD", {}, f"o{n}")
        for n in range(count)
    ]
    async with core.storage.writing() as unit:
        for notice in notices:
            assert await unit.notifications.add(notice)
    return notices[::-1]


@pytest.mark.requirement("V9")
async def test_pages_of_the_inbox_have_every_notice_once_newest_first(core: Core, maria: Caller) -> None:
    notices = await notify(core, maria, 5)

    first = await engagement.list_notifications(core, maria, customer(maria), 2, None)
    second = await engagement.list_notifications(core, maria, customer(maria), 2, first.page_info.end_cursor)
    third = await engagement.list_notifications(core, maria, customer(maria), 2, second.page_info.end_cursor)

    pages = (first, second, third)
    assert [edge.node for page in pages for edge in page.edges] == notices
    assert [page.page_info.has_next_page for page in pages] == [True, True, False]


@pytest.mark.parametrize(
    ("first", "after", "code"),
    [
        (0, None, "PAGE_SIZE"),
        (1000, None, "PAGE_SIZE"),
        (None, "nonsense", "BAD_CURSOR"),
        (None, key_cursor("orders", NOON.isoformat(), "x"), "BAD_CURSOR"),
    ],
)
async def test_a_wrong_page_is_refused(
    core: Core, maria: Caller, first: int | None, after: str | None, code: str
) -> None:
    with pytest.raises(RequestError, match=code):
        await engagement.list_notifications(core, maria, customer(maria), first, after)


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-03-01T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
async def test_a_forged_cursor_is_refused(core: Core, maria: Caller, moment: str) -> None:
    for kind, pages in (("notifications", engagement.list_notifications), ("orders", ordering.list_orders)):
        forged = key_cursor(f"{kind}:{customer(maria)}", moment, "x")
        with pytest.raises(RequestError, match="BAD_CURSOR"):
            await pages(core, maria, customer(maria), 1, forged)


@pytest.mark.requirement("S3")
async def test_another_customers_cursor_is_refused(core: Core, maria: Caller, lars: Caller) -> None:
    await notify(core, maria, 2)
    cursor = (await engagement.list_notifications(core, maria, customer(maria), 1, None)).page_info.end_cursor

    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await engagement.list_notifications(core, lars, customer(lars), 1, cursor)


async def test_a_notice_is_read_the_first_time_it_is_marked(core: Core, maria: Caller) -> None:
    (notice,) = await notify(core, maria, 1)
    assert isinstance(core.clock, SettableClock)

    read = await engagement.mark_notification_read(core, maria, notice.id)
    core.clock.advance(days=1)
    again = await engagement.mark_notification_read(core, maria, notice.id)

    assert (read.read_at, again) == (NOON, read)


@pytest.mark.requirement("S3")
async def test_anothers_notice_is_as_unknown_as_one_that_never_was(core: Core, maria: Caller, lars: Caller) -> None:
    (notice,) = await notify(core, maria, 1)

    for notice_id in (notice.id, new_id("Notification"), "nonsense"):
        assert await engagement.find_notification(core, lars, notice_id) is None
        with pytest.raises(RequestError) as caught:
            await engagement.mark_notification_read(core, lars, notice_id)
        assert [(each.code, each.field) for each in caught.value.problems] == [("NOT_FOUND", ("notificationId",))]
    with pytest.raises(RequestError, match="NOT_FOUND"):
        await engagement.list_notifications(core, lars, customer(maria), None, None)
    with pytest.raises(RequestError, match="UNAUTHENTICATED"):
        await engagement.mark_notification_read(core, Caller(), notice.id)
    assert (await engagement.find_notification(core, maria, notice.id)) == notice
