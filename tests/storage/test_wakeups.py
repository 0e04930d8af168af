"""The wake-up bus: no wake-up is lost between listening and waiting, whatever thread it comes from."""

import asyncio
from threading import Thread

from gateway.storage import MemoryWakeUps


async def test_a_wake_up_before_the_first_wait_is_not_lost(wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("a", "b") as waiter:
        wakeups.notify("b")

        assert await waiter.wait(1)
        assert not await waiter.wait(0.01)


async def test_many_wake_ups_before_a_wait_are_one(wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("a") as waiter:
        for _ in range(10_000):
            wakeups.notify("a", "another")

        assert await waiter.wait(1)
        assert not await waiter.wait(0.01)


async def test_another_thread_wakes_a_waiting_listener(wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("a") as waiter:
        waiting = asyncio.create_task(waiter.wait(5))
        await asyncio.sleep(0.01)
        thread = Thread(target=wakeups.notify, args=("a",))
        thread.start()

        assert await asyncio.wait_for(waiting, 1)
        thread.join()


async def test_who_no_longer_listens_is_forgotten(wakeups: MemoryWakeUps) -> None:
    with wakeups.listen("a") as first, wakeups.listen("a") as second:
        pass
    wakeups.notify("a")

    assert not await first.wait(0)
    assert not await second.wait(0)
    assert wakeups.listener_count == 0


async def test_waking_a_listener_whose_loop_has_ended_is_harmless(wakeups: MemoryWakeUps) -> None:
    async def listen_for_ever() -> object:
        waiting = wakeups.listen("a")
        waiting.__enter__()
        return waiting

    def run() -> None:
        kept.append(asyncio.run(listen_for_ever()))

    kept: list[object] = []
    await asyncio.to_thread(run)

    wakeups.notify("a")

    assert wakeups.listener_count == 1
