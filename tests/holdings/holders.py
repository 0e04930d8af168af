"""Small providers in this process that keep products, bills and charges, and a core over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.contract import (
    Bill,
    BillState,
    Charge,
    Money,
    Product,
    ProductOffering,
    ProductStatus,
    Provider,
    ProviderProfile,
    ProviderRole,
    own_id,
    provider_id,
)
from gateway.domain.errors import ProviderError
from gateway.usecases.core import Core
from tests.cores import NoProviders


def profile(slug: str) -> ProviderProfile:
    """A provider's public face."""
    return ProviderProfile(own_id("Provider", slug), slug, slug.title(), (ProviderRole.SERVICE_PROVIDER,))


@dataclass
class Holder:
    """Inventory and billing of one provider: it answers all it has, whomever it is asked for."""

    slug: str
    held: list[Product] = field(default_factory=list)
    billed: list[Bill] = field(default_factory=list)
    rated: list[Charge] = field(default_factory=list)
    failure: ProviderError | None = None
    asked: list[str] = field(default_factory=list)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure

    async def product(self, ref: str) -> Product | None:
        self._ask(f"product {ref}")
        return next((each for each in self.held if each.ref == ref), None)

    async def products(self, party: str) -> Sequence[Product]:
        self._ask("products")
        return self.held

    async def bills(self, party: str) -> Sequence[Bill]:
        self._ask("bills")
        return self.billed

    async def charges(self, party: str) -> Sequence[Charge]:
        self._ask("charges")
        return self.rated

    def holds(self, ref: str, party: str | None, started_at: datetime | None = None, **more: Any) -> Product:
        """Keeps a product."""
        status, made = ProductStatus.ACTIVE, provider_id("Product", self.slug, ref)
        product = Product(made, ref, profile(self.slug), f"Product {ref}", None, status, "active", party)
        self.held.append(replace(product, started_at=started_at, **more))
        return self.held[-1]

    def bills_for(self, ref: str, party: str, day: date | None) -> Bill:
        """Keeps a bill."""
        made = provider_id("Bill", self.slug, ref)
        self.billed.append(Bill(made, ref, profile(self.slug), f"No {ref}", BillState.SENT, "sent", party, day))
        return self.billed[-1]

    def charges_for(self, ref: str, party: str, amount: str, currency: str = "SEK", **more: Any) -> Charge:
        """Keeps a charge."""
        money = Money(Decimal(amount), currency)
        self.rated.append(Charge(ref, profile(self.slug), party, f"Charge {ref}", money, True, **more))
        return self.rated[-1]


class Holders(NoProviders):
    """A directory of these, and a projection of the offerings given."""

    def __init__(
        self, *holders: Holder, without: Sequence[str] = (), offerings: Sequence[ProductOffering] = ()
    ) -> None:
        able = [Provider(profile(each.slug), inventory=each, billing=each) for each in holders]
        unable = [Provider(profile(slug)) for slug in without]
        self.by_slug: Mapping[str, Provider] = {each.profile.slug: each for each in (*able, *unable)}
        self.offerings = {each.id: each for each in offerings}

    def provider(self, slug: str) -> Provider | None:
        return self.by_slug.get(slug)

    def profile(self, slug: str) -> ProviderProfile | None:
        found = self.by_slug.get(slug)
        return found.profile if found else None

    def get(self, offering_id: str) -> ProductOffering | None:
        return self.offerings.get(offering_id)


def with_holders(core: Core, directory: Holders) -> Core:
    """The core over these providers."""
    return replace(core, directory=directory, offerings=directory)


async def accounts_at(core: Core, customer_id: str, *slugs: str) -> Mapping[str, str]:
    """What the customer is called at each of these, from now on."""
    async with core.storage.writing() as unit:
        return {slug: (await unit.accounts.provider_account(customer_id, slug)).ref for slug in slugs}
