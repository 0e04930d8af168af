"""`gateway settings`: what takes effect, and where it comes from."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from gateway.cli.failures import as_refusals
from gateway.cli.words import say
from gateway.settings import PREFIX, Settings, read_settings, settings_sources

HIDDEN = "***"


def print_settings(**given: Any) -> int:
    """Prints each as a line of a file of settings, with its source behind it. Raises: Refusal."""
    with as_refusals():
        settings, sources = read_settings(**given), settings_sources(**given)
    say(*lines(settings, sources))
    return 0


def lines(settings: Settings, sources: Mapping[str, str]) -> list[str]:
    """One line each, by name; secrets are hidden."""
    found = {PREFIX + key.upper(): (_shown(settings, key), sources[key]) for key in sorted(Settings.model_fields)}
    widest = max(len(f"{name}={value}") for name, (value, _) in found.items() if len(value) < 40)
    return [f"{name}={value}".ljust(widest) + f"  # {source}" for name, (value, source) in found.items()]


def _shown(settings: Settings, key: str) -> str:
    value = getattr(settings, key)
    if value is None or value in ("", ()):
        return ""
    if key.endswith("_url") and not Settings.model_fields[key].repr:
        return _without_password(str(value))
    if not Settings.model_fields[key].repr:
        return HIDDEN
    if isinstance(value, tuple):
        # A span of two times is written with a dash, a list with commas.
        is_span = bool(value) and isinstance(value[0], float)
        return ("-" if is_span else ",").join(_plain(each) for each in value)
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _without_password(address: str) -> str:
    try:
        return make_url(address).render_as_string(hide_password=True)
    except ArgumentError:
        return HIDDEN
