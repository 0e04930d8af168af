"""The adapter's options, as the README of this folder explains them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yarl import URL

from gateway.contract import SETTLES_AFTER_S, ProviderSettings
from gateway.kit import Credentials, Options, read_credentials, read_settling

DEFAULT_BASE = "/onapi/2.6"
DEFAULT_ZONE = "Europe/Stockholm"
_VERSION = re.compile(r"v?\d+(\.\d+)*")
_CURRENCY = re.compile("[A-Z]{3}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What the API does not tell of a service: how it is sold. Bandwidths in Mbit/s, None: as its name says."""

    name: str | None = None
    description: str | None = None
    category: str | None = None
    monthly: Decimal | None = None
    once: Decimal | None = None
    downstream: Decimal | None = None
    upstream: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OnApiOptions:
    """Checked options. `url` is the base path of the API; `services` None: all are sold."""

    url: str
    credentials: Credentials = field(default_factory=Credentials)
    services: Mapping[str, ServiceOptions] | None = None
    currency: str = "SEK"
    prices_include_tax: bool = False
    tax_rate: Decimal = Decimal(0)
    time_zone: tzinfo = field(default_factory=lambda: ZoneInfo(DEFAULT_ZONE))
    sends_keys: bool = True
    settles_after_s: float = SETTLES_AFTER_S


def read_options(settings: ProviderSettings) -> OnApiOptions:
    """The options of these settings. Raises: InvalidOptions, naming the first that can't be used."""
    given = Options(settings.options, settings.profile.slug)
    found = OnApiOptions(
        url=_base(given, given.required_text("url")),
        credentials=read_credentials(given.section("credentials")),
        services=_services(given),
        currency=_matching(given, "currency", "SEK", _CURRENCY, "a currency of three letters is expected, such as SEK"),
        prices_include_tax=given.flag("prices_include_tax", False),
        tax_rate=given.decimal("tax_rate", Decimal(0)) or Decimal(0),
        time_zone=_zone(given),
        sends_keys=given.flag("sends_keys", True),
        settles_after_s=read_settling(given, "settles_after_s"),
    )
    given.end()
    return found


def _base(given: Options, text: str) -> str:
    """The base path: as it is where it ends with a version, else the documented one after what is given."""
    try:
        url = URL(text)
    except ValueError:
        raise given.invalid("url", "an http or https address is expected") from None
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.query_string or url.fragment:
        raise given.invalid("url", "an http or https address is expected, without user, query or fragment")
    whole = str(url).rstrip("/")
    return whole if _VERSION.fullmatch(whole.rpartition("/")[2]) else whole + DEFAULT_BASE


def _services(given: Options) -> Mapping[str, ServiceOptions] | None:
    section = given.section("services")
    if section is None:
        return None
    return {name: _service(section.section(name)) for name in section.names}


def _service(given: Options | None) -> ServiceOptions:
    if given is None:
        return ServiceOptions()
    category = _matching(given, "category", "", _SLUG, "a slug of small letters, digits and hyphens is expected")
    found = ServiceOptions(
        name=given.text("name"),
        description=given.text("description"),
        category=category or None,
        monthly=given.decimal("monthly"),
        once=given.decimal("once"),
        downstream=given.decimal("downstream"),
        upstream=given.decimal("upstream"),
    )
    given.end()
    return found


def _matching(given: Options, name: str, default: str, pattern: re.Pattern[str], expected: str) -> str:
    found = given.text(name, default) or default
    if found and not pattern.fullmatch(found):
        raise given.invalid(name, expected)
    return found


def _zone(given: Options) -> tzinfo:
    name = given.text("time_zone") or DEFAULT_ZONE
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise given.invalid("time_zone", "a zone of the IANA list is expected, such as Europe/Stockholm") from None
