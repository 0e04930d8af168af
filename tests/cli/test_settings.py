"""The settings: defaults, the environment, and one clear line for each thing wrong."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.cli.settings import lines
from gateway.contract import Outbound
from gateway.settings import FILE, Settings, SettingsError, read_settings, settings_sources


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)


def test_the_database_is_a_file_in_the_data_folder_by_default(tmp_path: Path) -> None:
    assert read_settings(data=tmp_path).database == f"sqlite:///{tmp_path}/gateway.db"


def test_a_given_value_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "8001")
    monkeypatch.setenv("GATEWAY_HOST", "::1")

    settings = read_settings(port=8002, host=None)

    assert (settings.port, settings.host) == (8002, "::1")


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")
    monkeypatch.setenv("GATEWAY_ALLOWED_ORIGINS", "https://shop.example")

    settings = read_settings()

    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "127.0.0.1/32"]
    assert settings.allowed_origins == ("https://shop.example",)


def test_a_registered_provider_reaches_public_addresses_and_what_a_setting_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read_settings().registered_limits.outbound == Outbound(())
    assert read_settings().provider_limits.outbound == Outbound(None)

    monkeypatch.setenv("GATEWAY_PROVIDER_NETWORKS", "10.20.0.0/16")

    assert read_settings().registered_limits.outbound == Outbound((ip_network("10.20.0.0/16"),))


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("GATEWAY_PROT", "8000", "GATEWAY_PROT: there is no such setting"),
        ("GATEWAY_PORT", "70000", "GATEWAY_PORT: input should be less than or equal to 65535"),
        ("GATEWAY_ACCESS_TOKEN_S", "60", "GATEWAY_ACCESS_TOKEN_S: input should be greater than or equal to 900"),
        (
            "GATEWAY_ACCOUNTS_PER_ADDRESS",
            "many",
            "GATEWAY_ACCOUNTS_PER_ADDRESS: should be a rate such as 10/hour or 5/15 minutes",
        ),
        ("GATEWAY_DEMO_DELIVERY", "6-2", "GATEWAY_DEMO_DELIVERY: should be two times in seconds such as 2-6"),
        (
            "GATEWAY_DATABASE_URL",
            "mysql://gateway@db/gateway",
            "GATEWAY_DATABASE_URL: should be an address that begins with sqlite:/// or postgresql://",
        ),
        (
            "GATEWAY_PUBLIC_URL",
            "https://a.example/path",
            "GATEWAY_PUBLIC_URL: should be an address without a path, such as https://example.com",
        ),
        (
            "GATEWAY_TRACES_ENDPOINT",
            "127.0.0.1:4318",
            "GATEWAY_TRACES_ENDPOINT: should be an address such as http://127.0.0.1:4318/v1/traces",
        ),
        ("GATEWAY_TRACES_RATIO", "1.5", "GATEWAY_TRACES_RATIO: input should be less than or equal to 1"),
    ],
)
def test_a_wrong_variable_is_one_clear_line(name: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert caught.value.lines == (line,)


def test_every_wrong_variable_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PROT", "8000")
    monkeypatch.setenv("GATEWAY_PORT", "eighty")
    monkeypatch.setenv("GATEWAY_LOG_LEVEL", "LOUD")

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert [line.partition(":")[0] for line in caught.value.lines] == [
        "GATEWAY_PROT",
        "GATEWAY_PORT",
        "GATEWAY_LOG_LEVEL",
    ]


def test_the_databases_address_is_in_no_error_and_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://gateway:hidden@db.example/gateway")

    assert "hidden" not in repr(read_settings())


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_limits_of_orders_and_providers_come_from_the_settings() -> None:
    settings = read_settings(order_delivery_s=7, provider_read_timeout_s=2.5)

    assert settings.saga_limits.delivery_s == 7
    assert settings.provider_limits.read_timeout_s == 2.5


def test_a_file_of_settings_is_read_by_the_names_of_the_environment_which_comes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "gateway.env"
    file.write_text("# ours\nGATEWAY_PORT=8001\nGATEWAY_HOST=::1\nGATEWAY_TRUSTED_PROXIES=10.0.0.0/8,127.0.0.1\n")
    monkeypatch.setenv(FILE, str(file))
    monkeypatch.setenv("GATEWAY_HOST", "127.0.0.2")

    settings, sources = read_settings(data=tmp_path), settings_sources(data=tmp_path)

    assert (settings.port, settings.host, len(settings.trusted_proxies)) == (8001, "127.0.0.2", 2)
    told = {key: sources[key] for key in ("port", "host", "data", "ide")}
    assert told == {"port": str(file), "host": "environment", "data": "command line", "ide": "default"}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("GATEWAY_PROT=1", "GATEWAY_PROT: there is no such setting"),
        ("PORT=1", "{file}: PORT: there is no such setting"),
        ("GATEWAY_PORT=x", "GATEWAY_PORT: input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_what_is_wrong_in_a_file_of_settings_is_told_by_name(
    content: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "gateway.env"
    file.write_text(content)
    monkeypatch.setenv(FILE, str(file))

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert caught.value.lines == (line.format(file=file),)


def test_a_file_of_settings_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FILE, str(tmp_path / "none"))

    with pytest.raises(SettingsError, match="can't be read: No such file or directory"):
        read_settings()


def test_what_is_printed_of_the_settings_is_a_file_that_gives_the_same_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"TRUSTED_PROXIES": "10.0.0.0/8", "DEMO_DELIVERY": "0.2-0.5", "IDE": "false"}.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)
    before = read_settings(data=tmp_path)
    file = tmp_path / "gateway.env"
    file.write_text("\n".join(lines(before, settings_sources(data=tmp_path))))
    for name in ("TRUSTED_PROXIES", "DEMO_DELIVERY", "IDE"):
        monkeypatch.delenv(f"GATEWAY_{name}")
    monkeypatch.setenv(FILE, str(file))

    assert read_settings() == before


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = "A" * 43 + "="
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://me:word@host/db")
    monkeypatch.setenv("GATEWAY_REDIS_URL", "redis://:word@host/0")
    monkeypatch.setenv("GATEWAY_SECRETS_KEY", key)

    printed = lines(read_settings(), settings_sources())

    told = {line.partition("=")[0]: line.partition("=")[2].partition("  #")[0].strip() for line in printed}
    assert told["GATEWAY_DATABASE_URL"] == "postgresql://me:***@host/db"
    assert told["GATEWAY_REDIS_URL"] == "redis://:***@host/0"
    assert told["GATEWAY_SECRETS_KEY"] == "***"
    assert not any("word" in line or key in line for line in printed)
