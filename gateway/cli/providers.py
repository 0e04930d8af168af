"""Which providers a command is about: those of a file, else those that the demo of a data folder last ran."""

import os
from pathlib import Path

from gateway.cli.refusal import Refusal
from gateway.settings import ProvidersConfig, read_providers_file, read_settings, user_data_folder

KNOWN_PROVIDERS = "providers.json"


def demo_folder() -> Path:
    """Where a demo keeps its data by default."""
    return user_data_folder() / "telecom-gateway" / "demo"


def demo_data(given: Path | None) -> Path | None:
    """The demo's folder for `read_settings`: the given one, or the environment's (None here), or the default."""
    return given or (None if "GATEWAY_DATA" in os.environ else demo_folder())


def known_providers(file: Path | None, data: Path | None) -> ProvidersConfig:
    """The providers that the command is about. Raises: Refusal, SettingsError."""
    settings = read_settings(data=demo_data(data))
    path = file or settings.data / KNOWN_PROVIDERS
    if file is None and not path.exists():
        raise Refusal(f"no demo has run with the data folder {settings.data}; name a file by --providers", status=2)
    return read_providers_file(path, settings.provider_limits)
