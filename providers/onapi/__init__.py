"""Any network that speaks ON-API 2.6: qualification, catalogue, orders, subscriptions, events by polling."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.contract import Provider, ProviderSettings
from gateway.kit import Area, HttpClient, open_client
from providers.onapi.accesses import AccessBook
from providers.onapi.catalog import OnApiCatalog
from providers.onapi.context import Reading
from providers.onapi.events import OnApiPolledEvents
from providers.onapi.inventory import OnApiInventory
from providers.onapi.options import read_options
from providers.onapi.ordering import OnApiOrdering
from providers.onapi.orders import OrderDesk
from providers.onapi.premises import PremisesServices
from providers.onapi.qualification import OnApiQualification
from providers.onapi.subscriptions import SubscriptionBook


@asynccontextmanager
async def connect(settings: ProviderSettings) -> AsyncIterator[Provider]:
    """The provider of these settings; nothing is sent before the first call. Raises: InvalidOptions."""
    options = read_options(settings)
    async with open_client(settings.profile.slug, settings.limits, options.credentials) as client:
        yield _provider(client, Reading(settings.profile, options, settings.now))


def _provider(client: HttpClient, reading: Reading) -> Provider:
    """Each capability asks in its own name, and shares with the others what is known of the network."""

    def area(capability: str) -> Area:
        return Area(client, capability, reading.options.url, reading.now)

    accesses, held = AccessBook(reading), SubscriptionBook(reading)
    catalog = OnApiCatalog(area("catalog"), reading)
    return Provider(
        profile=reading.profile,
        catalog=catalog,
        qualification=OnApiQualification(PremisesServices(area("qualification"), accesses, reading), catalog, reading),
        ordering=OnApiOrdering(
            OrderDesk(area("ordering"), held, reading), PremisesServices(area("ordering"), accesses, reading), reading
        ),
        inventory=OnApiInventory(area("inventory"), held, reading),
        polled_events=OnApiPolledEvents(area("polled_events")),
        settles_after_s=reading.options.settles_after_s,
    )
