"""Reads a bundle's offerings at their providers, side by side; of the snapshot where one does not answer."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.errors import ProviderError
from gateway.domain.identity import provider_key
from gateway.usecases.catalog import read_offering
from gateway.usecases.core import Core


@dataclass(frozen=True, slots=True)
class Reading:
    """An offering as its provider has it now; of the snapshot where `is_stale`. None: there is none (any more)."""

    offering: ProductOffering | None
    is_stale: bool = False

    @property
    def is_withdrawn(self) -> bool:
        """Whether its provider said that it is not sold (any more)."""
        return not self.is_stale and (self.offering is None or not self.offering.is_sellable)


async def read_offerings(core: Core, offering_ids: Iterable[str]) -> Mapping[str, Reading]:
    """Each offering once, all at the same time; as long as the slowest provider is allowed to take."""
    wanted = list(dict.fromkeys(offering_ids))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_read(core, each)) for each in wanted]
    return {offering_id: task.result() for offering_id, task in zip(wanted, tasks, strict=True)}


async def _read(core: Core, offering_id: str) -> Reading:
    key = provider_key("ProductOffering", offering_id)
    if key is not None and core.directory.provider(key[0]) is None:
        return Reading(core.offerings.get(offering_id), is_stale=True)
    try:
        return Reading(await read_offering(core, offering_id))
    except ProviderError:
        return Reading(core.offerings.get(offering_id), is_stale=True)
