"""A service as an offering: its name and prices from the options, its speeds from the name where they say none."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from gateway.contract import (
    AnyPrice,
    Category,
    Characteristic,
    Money,
    OneTimePrice,
    OrderField,
    ProductOffering,
    RecurringPrice,
    own_id,
)
from providers.onapi.context import Reading
from providers.onapi.options import ServiceOptions
from providers.onapi.services import bandwidths

BROADBAND = ("broadband", "Broadband")
OTHER = ("network-service", "Network service")
MONTHLY = "P1M"
SPEED_UNIT = "Mbit/s"


def offering_of(service: str, is_listed: bool, fields: Sequence[OrderField], reading: Reading) -> ProductOffering:
    """The whole offering; `is_listed`: some access has it."""
    options = (reading.options.services or {}).get(service, ServiceOptions())
    name, facts = options.name or service, tuple(_speeds(service, options))
    category = _category(options, has_speed=bool(facts))
    return ProductOffering(
        id=reading.id("ProductOffering", service),
        ref=service,
        provider=reading.profile,
        name=name,
        role=reading.role,
        description=options.description,
        is_sellable=is_listed,
        categories=(category,),
        prices=tuple(_prices(service, options, reading)),
        characteristics=facts,
        fields=tuple(fields),
        search_text=_search_text(service, name, options, category, facts),
    )


def _category(options: ServiceOptions, has_speed: bool) -> Category:
    slug, name = BROADBAND if has_speed else OTHER
    if options.category is not None and options.category != slug:
        slug, name = options.category, options.category.replace("-", " ").capitalize()
    return Category(own_id("Category", slug), slug, name)


def _speeds(service: str, options: ServiceOptions) -> Iterator[Characteristic]:
    """Under the names that requirements of other offerings ask for."""
    by_name = bandwidths(service) or (None, None)
    down = options.downstream if options.downstream is not None else by_name[0]
    up = options.upstream if options.upstream is not None else by_name[1]
    if down is not None:
        yield Characteristic("downstreamBandwidth", "Download speed", (_plain(down),), SPEED_UNIT)
    if up is not None:
        yield Characteristic("upstreamBandwidth", "Upload speed", (_plain(up),), SPEED_UNIT)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _prices(service: str, options: ServiceOptions, reading: Reading) -> Iterator[AnyPrice]:
    tax_rate, includes = reading.options.tax_rate, reading.options.prices_include_tax

    def price_id(kind: str) -> str:
        return reading.id("ProductOfferingPrice", f"{service}#{kind}")

    if options.monthly is not None:
        amount = Money(options.monthly, reading.options.currency).in_full()
        yield RecurringPrice(
            id=price_id("monthly"),
            name="Monthly fee",
            is_tax_included=includes,
            tax_rate=tax_rate,
            amount=amount,
            period=MONTHLY,
        )
    if options.once is not None:
        amount = Money(options.once, reading.options.currency).in_full()
        yield OneTimePrice(
            id=price_id("once"), name="Connection fee", is_tax_included=includes, tax_rate=tax_rate, amount=amount
        )


def _search_text(
    service: str, name: str, options: ServiceOptions, category: Category, facts: Sequence[Characteristic]
) -> str:
    words = [name, service, options.description or "", category.name, category.slug]
    words += [word for each in facts for word in (each.label, *each.values, each.unit or "")]
    return "\n".join(word for word in words if word).lower()
