"""Every provider's catalogue as a snapshot in memory: queries read this, never a provider."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import uniform

from gateway.domain.catalog.offerings import CatalogSnapshot, ProductOffering
from gateway.domain.catalog.providers import ProviderProfile, UnavailableProvider
from gateway.domain.errors import ContractBroken, ProviderError, Unavailable
from gateway.federation import snapshot_files
from gateway.federation.directory import Directory
from gateway.federation.gather import unavailable_from
from gateway.federation.guard import sorting
from gateway.federation.index import CatalogIndex, Entry, entries_of
from gateway.ports import Clock, WakeUps

FIRST_RETRY_S = 1.0
# A burst of catalogue events is answered by one refresh.
SETTLE_S = 0.1


@dataclass(slots=True)
class _Shelf:
    """What is known of one provider's catalogue."""

    profile: ProviderProfile
    snapshot: CatalogSnapshot | None = None
    entries: tuple[Entry, ...] = ()
    confirmed_at: datetime | None = None
    confirmed_s: float = 0.0
    failure: ProviderError | None = None
    has_answered: bool = False
    is_sold: bool = True


class Projection:
    """Implements Offerings."""

    def __init__(
        self, directory: Directory, wakeups: WakeUps, clock: Clock, folder: Path | None, age: timedelta
    ) -> None:
        self._directory = directory
        self._wakeups = wakeups
        self._clock = clock
        self._folder = folder
        self._age = age
        self._index = CatalogIndex()
        self._merging = asyncio.Lock()
        self._shelves = {each.profile.slug: _Shelf(each.profile) for each in directory.providers()}
        self._awaited = frozenset(self._shelves)
        self._following: dict[str, asyncio.Task[None]] = {}

    def all(self) -> Sequence[ProductOffering]:
        """Every sold offering of every snapshot, by provider and ref."""
        return self._index.offerings

    def get(self, offering_id: str) -> ProductOffering | None:
        """The offering of that global id, None for one unknown or withdrawn."""
        return self._index.get(offering_id)

    def index(self) -> CatalogIndex:
        """The combined catalogue, prepared for search; immutable."""
        return self._index

    def unavailable(self) -> Sequence[UnavailableProvider]:
        """The providers whose snapshot is stale or was never read, with `last_known_at`, by slug."""
        return tuple(
            self._missing(shelf) for shelf in self._shelves.values() if shelf.is_sold and self._is_stale(shelf)
        )

    @property
    def is_ready(self) -> bool:
        """Whether every provider that was there at the start has answered once since."""
        return all(shelf.has_answered for slug, shelf in self._shelves.items() if slug in self._awaited)

    async def load(self) -> None:
        """Takes what the disk has kept, until the providers answer."""
        for shelf in self._shelves.values():
            await self._load(shelf)

    async def _load(self, shelf: _Shelf) -> None:
        if self._folder is None:
            return
        kept = await asyncio.to_thread(snapshot_files.read, self._folder, shelf.profile)
        if kept is not None and not shelf.has_answered:
            shelf.confirmed_at = kept.read_at
            await self._put(shelf, kept)

    def add(self, profile: ProviderProfile, *, is_sold: bool = True) -> None:
        """Reads that provider's catalogue from now on; one of another name or role anew, from the start."""
        shelf = self._shelves.get(profile.slug)
        if shelf is None or shelf.profile != profile:
            self._shelves = dict(sorted({**self._shelves, profile.slug: _Shelf(profile, is_sold=is_sold)}.items()))
            self._follow_anew(profile.slug)

    async def set_sold(self, slug: str, *, is_sold: bool) -> None:
        """Shows the provider's offerings in lists, or only to who has their ids."""
        shelf = self._shelves.get(slug)
        if shelf is not None and shelf.is_sold is not is_sold:
            shelf.is_sold = is_sold
            await self._merge()

    async def drop(self, slug: str) -> None:
        """Forgets the provider's catalogue, on the disk too."""
        self._end(slug)
        if self._shelves.pop(slug, None) is None:
            return
        await self._merge()
        if self._folder is not None:
            with suppress(OSError):
                await asyncio.to_thread(snapshot_files.forget, self._folder, slug)

    def start(self) -> None:
        """Follows every provider that is there."""
        for slug in self._shelves:
            self._following[slug] = asyncio.create_task(self.follow(slug))

    def _follow_anew(self, slug: str) -> None:
        self._end(slug)
        self._following[slug] = asyncio.create_task(self._load_and_follow(slug))

    async def _load_and_follow(self, slug: str) -> None:
        await self._load(self._shelves[slug])
        await self.follow(slug)

    def _end(self, slug: str) -> None:
        task = self._following.pop(slug, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """Follows nobody any more."""
        tasks = list(self._following.values())
        for slug in [*self._following]:
            self._end(slug)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def refresh(self, slug: str) -> bool:
        """Asks the provider for its catalogue if it has a newer one; False without an answer: the old one stays."""
        shelf = self._shelves[slug]
        provider = self._directory.provider(slug)
        try:
            if provider is not None and provider.catalog is not None:
                known = shelf.snapshot.version if shelf.snapshot else None
                newer = await provider.catalog.snapshot(known)
                if newer is not None:
                    # Preparing is our own code, but on a stranger's rows.
                    with sorting(slug, "catalog", ContractBroken):
                        await self._put(shelf, newer)
                    await self._keep(newer)
            shelf.failure, shelf.has_answered = None, True
            shelf.confirmed_at, shelf.confirmed_s = self._clock.now(), self._clock.steady_s()
        except ProviderError as error:
            shelf.failure = error.bare()
        return shelf.failure is None

    async def follow(self, slug: str) -> None:
        """Refreshes now, at each catalogue event, and by age, until cancelled; sooner again after a failure."""
        retry_s = FIRST_RETRY_S
        with self._wakeups.listen(f"catalog:{slug}") as waiter:
            while True:
                begun_s = time.monotonic()
                answered = await self.refresh(slug)
                took_s = time.monotonic() - begun_s if answered else 0.0
                wait_s = self._age.total_seconds() if answered else min(retry_s, self._age.total_seconds())
                retry_s = FIRST_RETRY_S if answered else min(retry_s * 2, self._age.total_seconds())
                await waiter.wait(uniform(0.8, 1.2) * wait_s)  # noqa: S311 jitter
                # Who takes long is asked the less often, however many events it posts.
                await asyncio.sleep(max(SETTLE_S, took_s))

    async def _put(self, shelf: _Shelf, snapshot: CatalogSnapshot) -> None:
        entries = await asyncio.to_thread(entries_of, snapshot)
        if self._shelves.get(shelf.profile.slug) is shelf:
            shelf.snapshot, shelf.entries = snapshot, entries
            await self._merge()

    async def _merge(self) -> None:
        """Makes the index anew of every shelf as it is now."""
        async with self._merging:
            shelves = list(self._shelves.values())
            sold = [entry for shelf in shelves if shelf.is_sold for entry in shelf.entries]
            hidden = [entry for shelf in shelves if not shelf.is_sold for entry in shelf.entries]
            self._index = await asyncio.to_thread(CatalogIndex, sold, hidden)

    async def _keep(self, snapshot: CatalogSnapshot) -> None:
        if self._folder is None:
            return
        try:
            await asyncio.to_thread(snapshot_files.write, self._folder, snapshot)
        except OSError:
            return  # A full disk costs the next start its head start, nothing else.

    def _is_stale(self, shelf: _Shelf) -> bool:
        if not shelf.has_answered or shelf.failure is not None or shelf.confirmed_at is None:
            return True
        return self._clock.steady_s() - shelf.confirmed_s > 3 * self._age.total_seconds()

    def _missing(self, shelf: _Shelf) -> UnavailableProvider:
        error = shelf.failure or Unavailable(shelf.profile.slug, "catalog", "not read yet")
        return unavailable_from(shelf.profile, error, self._clock, shelf.confirmed_at)

    def versions(self) -> Mapping[str, str]:
        """The version of each snapshot, by slug."""
        return {slug: shelf.snapshot.version for slug, shelf in self._shelves.items() if shelf.snapshot}


@asynccontextmanager
async def open_projection(
    directory: Directory,
    wakeups: WakeUps,
    clock: Clock,
    *,
    folder: Path | None = None,
    age: timedelta = timedelta(seconds=30),
) -> AsyncIterator[Projection]:
    """A projection that keeps itself fresh until the exit. Opens at once, with what the disk has kept in `folder`."""
    projection = Projection(directory, wakeups, clock, folder, age)
    if folder is not None:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await projection.load()
    projection.start()
    try:
        yield projection
    finally:
        await projection.close()
