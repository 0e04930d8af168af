"""The adapter's options, as the README of this folder explains them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yarl import URL

from gateway.contract import SETTLES_AFTER_S, EventProof, ProviderRole, ProviderSettings
from gateway.kit import Credentials, Options, read_credentials, read_event_proof, read_settling
from providers.tmforum import profiles
from providers.tmforum.profiles import CAPABILITIES, CancelBy, Profiles, QualificationForm, Version

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class TmForumOptions:
    """Checked options. `urls` holds the base of each API by capability; one that the provider lacks is not in it."""

    urls: Mapping[str, str]
    credentials: Credentials = field(default_factory=Credentials)
    profiles: Profiles = profiles.V4
    types: bool = True
    cancel_by: CancelBy = CancelBy.TASK
    prices_include_tax: bool = False
    categories: Mapping[str, str] = field(default_factory=dict)
    roles_by_category: Mapping[str, ProviderRole] = field(default_factory=dict)
    page_size: int = 100
    time_zone: tzinfo = UTC
    event_proof: EventProof | None = None
    honours_keys: bool = False
    settles_after_s: float = SETTLES_AFTER_S


def read_options(settings: ProviderSettings) -> TmForumOptions:
    """The options of these settings. Raises: InvalidOptions, naming the first that can't be used."""
    given = Options(settings.options, settings.profile.slug)
    chosen = _profiles(given)
    found = TmForumOptions(
        urls=_urls(given, chosen.paths),
        profiles=chosen,
        types=given.flag("types", True),
        cancel_by=_one_of(given, "cancel_by", CancelBy, CancelBy.TASK),
        credentials=read_credentials(given.section("credentials")),
        prices_include_tax=given.flag("prices_include_tax", False),
        categories=given.texts("categories"),
        roles_by_category=_roles(given, settings),
        page_size=given.number("page_size", 100, 1, 1000),
        time_zone=_zone(given),
        event_proof=read_event_proof(given.section("events"), settings.now),
        honours_keys=given.flag("honours_keys", False),
        settles_after_s=read_settling(given, "settles_after_s"),
    )
    given.end()
    return found


def _profiles(given: Options) -> Profiles:
    """One version for all APIs, unless `versions` names another for some."""
    general = _one_of(given, "version", Version, Version.V4)
    form = _one_of(given, "qualification_form", QualificationForm, QualificationForm.CHECK)
    single = given.section("versions")
    if single is None:
        return profiles.choose(dict.fromkeys(CAPABILITIES, general), form)
    versions = {name: _one_of(single, name, Version, general) for name in CAPABILITIES}
    single.end()
    return profiles.choose(versions, form)


def _one_of(given: Options, name: str, known: type[E], default: E) -> E:
    text = given.text(name, default.value)
    if text not in {each.value for each in known}:
        raise given.invalid(name, f"one of {', '.join(known)} is expected")
    return known(text)


def _urls(given: Options, defaults: Mapping[str, str]) -> Mapping[str, str]:
    root = _http_url(given, "url", given.required_text("url"))
    paths = given.section("paths")
    found: dict[str, str] = {}
    for capability, default in defaults.items():
        path = default if paths is None else paths.text(capability, default)
        # An explicit null says that the provider lacks the API.
        if paths is not None and paths.has(capability) and paths.text(capability) is None:
            continue
        found[capability] = _joined(given, root, path or default)
    if paths is not None:
        paths.end()
    return found


def _joined(given: Options, root: str, path: str) -> str:
    if "://" in path:
        return _http_url(given, "paths", path)
    return f"{root}/{path.strip('/')}"


def _http_url(given: Options, name: str, text: str) -> str:
    try:
        url = URL(text)
    except ValueError:
        raise given.invalid(name, "an http or https address is expected") from None
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.query_string or url.fragment:
        raise given.invalid(name, "an http or https address is expected, without user, query or fragment")
    return str(url).rstrip("/")


def _roles(given: Options, settings: ProviderSettings) -> Mapping[str, ProviderRole]:
    names = given.texts("roles_by_category")
    known = {role.value: role for role in settings.profile.roles}
    for name in names.values():
        if name not in known:
            raise given.invalid("roles_by_category", f"roles of the provider are expected ({', '.join(known)})")
    return {slug: known[name] for slug, name in names.items()}


def _zone(given: Options) -> tzinfo:
    name = given.text("time_zone")
    try:
        return UTC if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise given.invalid("time_zone", "a zone of the IANA list is expected, such as Europe/Stockholm") from None
