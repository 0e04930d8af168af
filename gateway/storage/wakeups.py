"""The wake-up bus of one process: a flag for each listener, so that no number of wake-ups takes more memory."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class _Listener:
    """One listener's flag, set from any thread and waited for in the loop it was made in."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._is_woken = False

    def wake(self) -> None:
        """Called with the bus's lock held. A second wake-up before the first was taken adds nothing."""
        if self._is_woken or self._loop.is_closed():
            return
        self._is_woken = True
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_s: float) -> bool:
        if not self._is_woken and timeout_s > 0:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._event.wait()
            except TimeoutError:
                pass  # the flag decides: a wake-up may have come in the same moment
        with self._lock:
            was_woken, self._is_woken = self._is_woken, False
        self._event.clear()
        return was_woken


class MemoryWakeUps:
    """Wake-ups within one process. `notify` may be called from any thread; `listen` inside a running event loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: dict[str, set[_Listener]] = {}

    def notify(self, *topics: str) -> None:
        """Wakes every listener of these topics; never blocks."""
        with self._lock:
            for topic in topics:
                for listener in self._listeners.get(topic, ()):
                    listener.wake()

    def notify_all(self) -> None:
        """Wakes everyone: nobody knows what was missed."""
        with self._lock:
            for listeners in self._listeners.values():
                for listener in listeners:
                    listener.wake()

    @contextmanager
    def listen(self, *topics: str) -> Iterator[_Listener]:
        """Listens from entry to exit; what comes between entry and the first `wait` is not lost."""
        listener = _Listener(self._lock)
        with self._lock:
            for topic in topics:
                self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                for topic in topics:
                    self._forget(topic, listener)

    @property
    def listener_count(self) -> int:
        """How many places at the bus are taken, one for each topic of each listener."""
        with self._lock:
            return sum(map(len, self._listeners.values()))

    def _forget(self, topic: str, listener: _Listener) -> None:
        listeners = self._listeners[topic]
        listeners.discard(listener)
        if not listeners:
            del self._listeners[topic]
