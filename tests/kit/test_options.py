"""Options of adapters: each mistake is one clear line that shows no value."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from gateway.contract import ProviderProfile, ProviderRole, ProviderSettings, own_id
from gateway.kit import Credentials, InvalidOptions, Options, read_credentials
from providers.tmforum.options import read_options

URL = {"url": "https://partner.example/tmf-api"}


def settings(**options: Any) -> ProviderSettings:
    profile = ProviderProfile(own_id("Provider", "granit"), "granit", "Granit", (ProviderRole.NETWORK_OPERATOR,))
    return ProviderSettings(profile, options)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "provider 'granit', option url: is required"),
        ({"url": "ftp://x"}, "option url: an http or https address is expected, without user, query or fragment"),
        (
            {"url": "https://me:pw@x/"},
            "option url: an http or https address is expected, without user, query or fragment",
        ),
        (
            {**URL, "pagesize": 5},
            "option pagesize: is not known (known: cancel_by, categories, credentials, events, honours_keys, page_size",
        ),
        ({**URL, "page_size": 0}, "option page_size: a whole number from 1 to 1000 is expected"),
        ({**URL, "page_size": True}, "option page_size: a whole number from 1 to 1000 is expected"),
        ({**URL, "prices_include_tax": "yes"}, "option prices_include_tax: true or false is expected"),
        ({**URL, "time_zone": "Mars/Base"}, "option time_zone: a zone of the IANA list is expected"),
        ({**URL, "time_zone": "Europe"}, "option time_zone: a zone of the IANA list is expected"),
        ({**URL, "categories": ["tv"]}, "option categories: texts by name are expected"),
        ({**URL, "roles_by_category": {"tv": "BAKER"}}, "roles_by_category: roles of the provider are expected"),
        ({**URL, "paths": "x"}, "option paths: options by name are expected"),
        ({**URL, "paths": {"catalogue": "x"}}, "option paths.catalogue: is not known"),
        ({**URL, "credentials": {}}, "option credentials.bearer_token: give one: bearer_token, basic or oauth_client"),
        ({**URL, "credentials": {"basic": {"username": "s3cret"}}}, "option credentials.basic.password: is required"),
        (
            {**URL, "credentials": {"bearer_token": "s3cret\r\nX-More: 1"}},
            "option credentials.bearer_token: letters, digits and signs of ASCII are expected, on one line",
        ),
        (
            {**URL, "credentials": {"basic": {"username": "s3cret:", "password": "p"}}},
            "option credentials.basic.username: a text without a colon, on one line, is expected",
        ),
        (
            {**URL, "credentials": {"basic": {"username": "u", "password": "a\ns3cret"}}},
            "option credentials.basic.password: a text on one line is expected",
        ),
        ({**URL, "credentials": {"token": "s3cret"}}, "option credentials.token: is not known"),
    ],
)
def test_a_mistake_is_named_with_its_provider_and_option(options: Mapping[str, Any], text: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        read_options(settings(**options))

    assert text in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_base_paths_are_defaults_given_ones_whole_addresses_or_nothing() -> None:
    paths = {"inventory": "/stock/v4/", "billing": None, "ordering": "https://orders.example/api"}

    found = read_options(settings(**URL, paths=paths))

    assert found.urls == {
        "catalog": "https://partner.example/tmf-api/productCatalogManagement/v4",
        "qualification": "https://partner.example/tmf-api/productOfferingQualification/v4",
        "ordering": "https://orders.example/api",
        "inventory": "https://partner.example/tmf-api/stock/v4",
    }


def test_credentials_become_one_header_and_show_in_no_printed_form() -> None:
    given = settings(**URL, credentials={"bearer_token": "s3cret"})

    found = read_options(given)

    assert found.credentials == Credentials({"Authorization": "Bearer s3cret"})
    assert "s3cret" not in f"{given!r} {found!r}"
    assert read_credentials(None) == Credentials()


def test_an_option_that_is_null_has_its_default() -> None:
    options = Options({"size": None, "name": None}, "x")

    assert (options.number("size", 5, 1, 10), options.text("name", "d"), options.has("size")) == (5, "d", True)


@pytest.mark.parametrize(
    ("given", "found"), [(299, Decimal(299)), (299.2, Decimal("299.2")), ("299.20", Decimal("299.20")), (0, Decimal(0))]
)
def test_a_decimal_is_exact_from_a_number_and_from_a_text(given: object, found: Decimal) -> None:
    assert Options({"amount": given}, "x").decimal("amount") == found


@pytest.mark.parametrize("given", [True, -1, "much", "NaN", "Infinity", [], {}])
def test_what_is_no_decimal_is_refused(given: object) -> None:
    with pytest.raises(InvalidOptions, match="option amount: a number that is not negative is expected"):
        Options({"amount": given}, "x").decimal("amount")


def test_options_whose_names_the_provider_makes_are_listed() -> None:
    services = Options({"services": {"IPTV": {}, "VOIP": {}}}, "x").section("services")

    assert services is not None
    assert services.names == ("IPTV", "VOIP")
    assert Options({}, "x").decimal("amount", Decimal(5)) == 5
