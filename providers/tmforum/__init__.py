"""Any provider that speaks TM Forum Open APIs, v4 or v5: catalogue, qualification, orders, inventory, bills, events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.contract import Provider, ProviderSettings
from gateway.kit import Area, HttpClient, open_client
from providers.tmforum.billing import TmForumBilling
from providers.tmforum.catalog import TmForumCatalog
from providers.tmforum.context import Reading
from providers.tmforum.events import TmForumEvents
from providers.tmforum.inventory import TmForumInventory
from providers.tmforum.options import read_options
from providers.tmforum.ordering import TmForumOrdering
from providers.tmforum.qualification import TmForumQualification

WITH_EVENTS = ("catalog", "ordering", "inventory", "billing")


@asynccontextmanager
async def connect(settings: ProviderSettings) -> AsyncIterator[Provider]:
    """The provider of these settings; nothing is sent before the first call. Raises: InvalidOptions.

    On exit the registrations for events are taken back and the connections closed.
    """
    options = read_options(settings)
    async with open_client(settings.profile.slug, settings.limits, options.credentials) as client:
        provider = _provider(client, Reading(settings.profile, options, settings.now))
        try:
            yield provider
        finally:
            if provider.events is not None:
                await provider.events.unsubscribe()


def _provider(client: HttpClient, reading: Reading) -> Provider:
    areas = {name: Area(client, name, url, reading.now) for name, url in reading.options.urls.items()}
    heard = [areas[name] for name in WITH_EVENTS if name in areas]
    return Provider(
        profile=reading.profile,
        catalog=TmForumCatalog(areas["catalog"], reading) if "catalog" in areas else None,
        qualification=TmForumQualification(areas["qualification"], reading) if "qualification" in areas else None,
        ordering=TmForumOrdering(areas["ordering"], reading) if "ordering" in areas else None,
        inventory=TmForumInventory(areas["inventory"], reading) if "inventory" in areas else None,
        billing=TmForumBilling(areas["billing"], reading) if "billing" in areas else None,
        events=TmForumEvents(heard, reading) if heard else None,
        event_proof=reading.options.event_proof,
        honours_keys=reading.options.honours_keys,
        settles_after_s=reading.options.settles_after_s,
    )
