"""What can be set from outside: the environment and the file of providers, each checked at the start, then frozen."""

import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.contract.provider import CAPABILITIES, Limits, Outbound
from gateway.domain.alarm_rules import DEFAULT_RULES, AlarmRule, Condition, CountedBy
from gateway.domain.catalog.providers import PROVIDER_NAME_LIMIT, SLUG_PATTERN, ProviderRole
from gateway.domain.identity import own_id
from gateway.domain.one_time_passwords import OneTimePasswordRequirement
from gateway.domain.parties import OPERATOR, Agreement
from gateway.domain.security import SecurityEventKind
from gateway.federation.registry import ProviderSpec
from gateway.saga.work import SagaLimits
from gateway.usecases.retention import RetentionRules
from gateway.usecases.single_sign_on import FirstSignIn

PREFIX = "GATEWAY_"
# What the tests read of themselves; no setting of the gateway.
_OF_TESTS = ("GATEWAY_SHARED", "GATEWAY_TEST_")

_RATE = re.compile(r"[1-9][0-9]*/([1-9][0-9]* )?(second|minute|hour|day|month)s?")


class SettingsError(Exception):
    """Something set from outside is wrong; `lines` has one clear line each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def user_data_folder() -> Path:
    """Where this user's programs keep their data."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _rate(value: str) -> str:
    if not _RATE.fullmatch(value):
        raise ValueError("should be a rate such as 10/hour or 5/15 minutes")
    return value


def _origin(value: str) -> str:
    if not value.startswith(("http://", "https://")) or value.count("/") != 2:
        raise ValueError("should be an address without a path, such as https://example.com")
    return value


def _span(value: object) -> object:
    if not isinstance(value, str):
        return value
    least, found, most = value.partition("-")
    try:
        span = (float(least), float(most))
    except ValueError:
        span = (0.0, -1.0)
    if not found or not 0 <= span[0] <= span[1] < math.inf:
        raise ValueError("should be two times in seconds such as 2-6")
    return span


def _endpoint(value: str) -> str:
    if not re.fullmatch(r"https?://[^/@\s]+(/\S*)?", value):
        raise ValueError("should be an address such as http://127.0.0.1:4318/v1/traces")
    return value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    is_here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not (parts.scheme == "https" or is_here) or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(
            "should be an address such as https://id.example.com/realms/telecom; http on this machine alone"
        )
    return value


def _secret_file(value: Path) -> Path:
    try:
        is_empty = not value.read_text("utf-8").strip()
    except (OSError, ValueError):
        raise ValueError("can't be read") from None
    if is_empty:
        raise ValueError("is empty")
    return value


def _operator_claim(value: str) -> str:
    path, found, wanted = value.partition("=")
    if not (path and found and wanted):
        raise ValueError("should be a claim and its value, such as realm_access.roles=gateway-operator")
    return value


def _return_addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    if any(not re.fullmatch(r"[a-z][a-z0-9+.-]*:/[!-\[\]-~]+", each) or "#" in each for each in values):
        raise ValueError("should be addresses such as com.example.app:/back or https://app.example.com/back")
    return values


def _secrets_keys(values: tuple[str, ...]) -> tuple[str, ...]:
    if any(not re.fullmatch(r"[A-Za-z0-9_-]{43}=", each) for each in values):
        raise ValueError("should be keys of 32 random bytes each, in URL-safe base64")
    return values


def _redis(value: str) -> str:
    if value and not re.match(r"(redis|rediss|unix)://", value):
        raise ValueError("should be an address such as redis://127.0.0.1:6379/0")
    return value


def _executor_id(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise ValueError("should be up to 64 letters, digits, dots, dashes and underscores")
    return value


LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

Endpoint = Annotated[str, AfterValidator(_endpoint)]


def _capability(name: str) -> str:
    if name not in CAPABILITIES:
        raise ValueError(f"should be one of {', '.join(CAPABILITIES)}")
    return name


def _sender(value: str) -> str:
    if not re.fullmatch(r"([^<>@\r\n]+ <)?[^\s<>@]+@[^\s<>@]+>?", value) or value.endswith(">") is not ("<" in value):
        raise ValueError("should be an address such as Example <noreply@example.com>")
    return value


Sender = Annotated[str, AfterValidator(_sender)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Origin = Annotated[str, AfterValidator(_origin)]
Rate = Annotated[str, AfterValidator(_rate)]
Span = Annotated[tuple[float, float], NoDecode, BeforeValidator(_span)]
Capability = Annotated[str, AfterValidator(_capability)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)]
SecretsKeys = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_secrets_keys)]
Issuer = Annotated[str, AfterValidator(_issuer)]
SecretFile = Annotated[Path, AfterValidator(_secret_file)]
OperatorClaim = Annotated[str, AfterValidator(_operator_claim)]
Addresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_return_addresses)]
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """The gateway's settings, from `GATEWAY_*`; lists are separated by commas. Use `read_settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data: Path = Field(
        default_factory=lambda: user_data_folder() / "telecom-gateway" / "serve",
        description="The folder of all that is kept on disk: the database, the catalogues, the signing key.",
    )
    database_url: str = Field(
        "",
        description="The database, sqlite:///… or postgresql://…; by default a SQLite file in the data folder.",
        repr=False,
    )
    redis_url: Annotated[str, AfterValidator(_redis)] = Field(
        "",
        description="A Redis or Valkey, redis://…, over which several gateways wake each other and count what is "
        "limited; without one they wake by the database (PostgreSQL), and each counts alone.",
        repr=False,
    )
    executor_id: Annotated[str, AfterValidator(_executor_id)] = Field(
        "",
        description="What this process is called among those that drive orders on one PostgreSQL: its own, the same at "
        "each start; by default one in the data folder, made on first use.",
    )
    keys: Path | None = Field(
        None,
        description="The folder of the keys that several gateways share: they must be the same for all; by default the "
        "data folder.",
    )
    secrets_key: SecretsKeys = Field(
        (),
        description="What partners' credentials are encrypted by: keys of Fernet, the first of which encrypts; by "
        "default one in the data folder, made on first use.",
        repr=False,
    )
    providers: Path | None = Field(
        None, description="The file of providers: YAML, JSON or TOML; without one, all are registered at run time."
    )
    audit_key: SecretsKeys = Field(
        (),
        description="What the security events are chained by: keys of 32 random bytes in URL-safe base64, the first of "
        "which chains, and each of which checks; by default those of a file in the data folder, made on first use.",
        repr=False,
    )
    audit_check_s: Seconds = Field(
        86400, description="How often the chain of the security events is checked while the gateway runs, in seconds."
    )
    alarm_rules_file: Path | None = Field(
        None, description="The rules by which security events raise alarms: YAML or JSON; by default the gateway's own."
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    public_url: Origin | None = Field(
        None, description="How clients and providers reach the gateway; by default the address it listens on."
    )
    callback_url: Origin | None = Field(
        None, description="How providers reach the gateway with their events; by default as clients do."
    )
    trusted_proxies: Networks = Field(
        (), description="Networks of the proxies whose X-Forwarded-For is believed; none by default."
    )
    allowed_origins: Origins = Field((), description="Origins of the pages that may use the API and cookies.")
    ide: bool = Field(True, description="Whether a browser gets GraphiQL at the endpoint.")

    introspection: bool = Field(True, description="Whether clients may ask for the schema; `__typename` stays allowed.")
    cost_limit: Count = Field(100_000, description="How much an operation may cost, by the weights of the schema.")
    document_tokens: Count = Field(4000, description="How many tokens a document may have.")
    document_depth: Count = Field(16, description="How many fields may be nested in each other.")
    document_aliases: Count = Field(100, description="How many aliases a document may have.")
    document_directives: Count = Field(50, description="How many directives a document may use.")
    document_root_fields: Count = Field(20, description="How many fields an operation may have at its root.")
    list_size: Count = Field(500, description="How many values a list in arguments or variables may have.")
    body_bytes: Count = Field(256 * 1024, description="How long the body of a request may be, in bytes.")

    access_token_s: int = Field(900, ge=900, description="How long an access token lives, in seconds: 900 at least.")
    session_s: Seconds = Field(30 * 86400.0, description="How long a session lives without a refresh, in seconds.")
    refresh_grace_s: float = Field(
        10, ge=0, le=60, description="How long a used refresh token may come again, in seconds."
    )
    sign_in_failures_per_account: Rate = Field(
        "10/15 minutes", description="How many sign-ins may fail for one account before it waits."
    )
    sign_in_failures_per_address: Rate = Field(
        "50/15 minutes", description="How many sign-ins may fail from one network address before it waits."
    )
    accounts_per_address: Rate = Field(
        "60/hour", description="How many accounts may be created from one network address."
    )

    oidc_issuer: Issuer | None = Field(
        None,
        description="The operator's own identity provider (OpenID Connect), exactly as it calls itself; none by "
        "default.",
    )
    oidc_client_id: str = Field(
        "", validate_default=True, description="What the gateway is called there; required with an issuer."
    )
    oidc_client_secret: str = Field(
        "", description="The gateway's secret there; empty for a public client.", repr=False
    )
    oidc_client_secret_file: SecretFile | None = Field(None, description="A file with that secret, instead.")
    oidc_scopes: str = Field(
        "openid profile email", pattern=r"^(\S+ )*openid( \S+)*$", description="The scopes that a sign-in asks for."
    )
    oidc_audience: str | None = Field(
        None,
        description="What the issuer's access tokens for service clients must name as their audience; by default none "
        "is taken.",
    )
    oidc_operator_claim: OperatorClaim | None = Field(
        None,
        description="What makes an operator of who signs in, such as realm_access.roles=gateway-operator: a claim of "
        "the ID token, or a path of names, and its value; by default nothing.",
    )
    oidc_first_sign_in: FirstSignIn = Field(
        FirstSignIn.CUSTOMER,
        description="What who has no account yet gets at the first sign-in: an account with a new customer "
        "(`customer`), an account alone (`account`), or nothing (`refused`).",
    )
    oidc_return_addresses: Addresses = Field(
        (), description="Addresses of apps to which a sign-in may return with a code, such as com.example.app:/back."
    )
    oidc_name: str = Field(
        "single sign-on", min_length=1, max_length=50, description="What GraphiQL's link calls the identity provider."
    )
    password_resets_per_address: Rate = Field(
        "20/hour", description="How often a network address may ask to set a forgotten password anew."
    )
    password_reset_page: Endpoint | None = Field(
        None,
        description="The frontend's page where a forgotten password is set anew; the mail's link to it ends with "
        "#token=…. By default the mail holds the token alone.",
    )
    one_time_password_required: OneTimePasswordRequirement = Field(
        OneTimePasswordRequirement.NONE,
        description="Who must have a one-time password: none, managers (self-service managers and the operator's own "
        "people) or all. Until they have one they can do nothing else.",
    )
    service_name: str = Field(
        "Telecom gateway", min_length=1, max_length=60, description="The service's name in an authenticator."
    )
    mail_sender: Sender = Field(
        "noreply@telecom-gateway.invalid", description="Whom mails come from: an address, or Name <address>."
    )
    smtp_host: str = Field(
        "", description="The mail server; by default each mail is a file in the data folder's folder `mail`."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="The mail server's port.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls",
        description="Whether the mail server is reached by starttls, by tls from the start, or in the clear (none).",
    )
    smtp_username: str = Field("", description="Who the gateway is to the mail server; by default nobody.")
    smtp_password: str = Field("", description="The password to it.", repr=False)

    operation_timeout_s: Seconds = Field(
        20, description="How long an operation may run before it is ended with TIMEOUT, in seconds."
    )
    cost_per_actor: Rate = Field(
        "1000000/minute", description="What a signed-in caller's operations may cost together, in points."
    )
    cost_per_address: Rate = Field(
        "5000000/minute", description="What the operations from one network address may cost together, in points."
    )
    stream_beat_s: Seconds = Field(
        15, description="How often a silent WebSocket or event stream is sent a sign of life, in seconds."
    )
    trusted_documents: Literal["off", "also", "only"] = Field(
        "off", description="Whether the documents of the manifest run by their ids: not, beside any other, or alone."
    )
    trusted_documents_file: Path | None = Field(
        None,
        validate_default=True,
        description="The manifest of trusted documents: a JSON object from ids to documents.",
    )

    order_answer_s: Seconds = Field(
        600, description="How long a provider may leave an order's call unanswered before the item is held, in seconds."
    )
    order_delivery_s: Seconds = Field(
        14 * 86400.0, description="How long a delivery may take before the item is held, in seconds."
    )
    order_activation_s: Seconds = Field(
        86400, description="How long a delivered product may take to be active before the item is held, in seconds."
    )
    order_poll_first_s: Seconds = Field(
        1, description="How soon a provider is first asked how an order stands, in seconds."
    )
    order_poll_most_s: Seconds = Field(15, description="The longest pause between two such questions, in seconds.")
    order_poll_heard_s: Seconds = Field(
        60, description="The longest pause where the provider posts events about the order, in seconds."
    )
    order_held_poll_s: Seconds = Field(60, description="The pause between two looks at a held item, in seconds.")

    keep_orders_days: int = Field(
        0, ge=0, description="For how many days an ended order is kept, with its events and keys; 0 is for ever."
    )
    keep_notifications_days: int = Field(0, ge=0, description="For how many days a notice is kept; 0 is for ever.")
    keep_sessions_days: int = Field(30, ge=0, description="For how many days an ended session is kept; 0 is for ever.")
    keep_security_events_days: int = Field(
        0, ge=0, description="For how many days a security event is kept; 0 is for ever."
    )

    catalog_refresh_s: Seconds = Field(
        300, description="How old a provider's catalogue may be before it is read again, in seconds."
    )
    provider_connect_timeout_s: Seconds = Field(2, description="How long connecting to a provider may take.")
    provider_read_timeout_s: Seconds = Field(5, description="How long a provider may take to answer a read.")
    provider_snapshot_timeout_s: Seconds = Field(
        60, description="How long a provider may take to hand out its whole catalogue."
    )
    provider_change_timeout_s: Seconds = Field(15, description="How long a provider may take to answer a change.")
    provider_concurrency: int = Field(16, ge=1, description="How many calls a provider gets at once, by capability.")
    provider_read_tries: int = Field(3, ge=1, description="How often a read is tried before it counts as failed.")
    provider_rate_per_s: Seconds = Field(
        100, description="How many calls a provider gets in a second at most, by capability."
    )
    provider_breaker_failures: Count = Field(
        5, description="After how many failures in a row a provider is spared calls, by capability."
    )
    provider_breaker_open_s: Seconds = Field(
        10, description="How long it is spared them, before one call probes, in seconds."
    )
    provider_answer_bytes: Count = Field(
        16 * 1024 * 1024, description="How long a provider's answer may be, in bytes once it is unpacked."
    )
    provider_answer_depth: Count = Field(64, description="How many levels the JSON of a provider's answer may have.")
    provider_pages: Count = Field(1000, description="How many pages a provider's list may have.")
    provider_rows: Count = Field(
        20_000, description="How many rows a provider's list may have, and offerings its catalogue."
    )
    events_per_provider: Rate = Field("6000/minute", description="How many events each provider may post.")
    events_poll_first_s: Seconds = Field(
        2, description="How soon a provider that posts no events is asked what changed, in seconds."
    )
    events_poll_most_s: Seconds = Field(
        60, description="The longest pause between two such questions, in seconds, while nothing changes."
    )
    provider_networks: Networks = Field(
        (), description="Networks beside the public ones in which a registered provider's systems may be, by http too."
    )

    demo_delivery: Span = Field(
        (2, 6), description="How long the demo's operators take to deliver an item, from-to in seconds, such as 2-6."
    )
    demo_faults: bool = Field(False, description="Whether the demo's operators take orders to fail, for tests.")

    metrics_networks: Networks = Field(
        LOOPBACK, description="Networks that may read /metrics; for others it is not there."
    )
    traces: Literal["none", "console", "otlp"] = Field(
        "none", description="Where spans go: nowhere, to the terminal, or to a collector by OTLP over HTTP."
    )
    traces_endpoint: Endpoint = Field(
        "http://127.0.0.1:4318/v1/traces", description="The collector's address, with its path."
    )
    traces_ratio: float = Field(
        1, ge=0, le=1, description="Which part of the traces is kept, from 0 to 1; a trace is kept as a whole."
    )

    log_format: Literal["console", "json"] = Field(
        "console", description="How a log line looks: key=value for a terminal, or a JSON object."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("WARNING", description="What is logged.")
    failpoint: str = Field(
        "", description="For crash tests: the step and moment, such as place:before, at which the gateway kills itself."
    )

    @field_validator("trusted_documents_file")
    @classmethod
    def _has_manifest(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("trusted_documents", "off") != "off":
            raise ValueError("is missing, since GATEWAY_TRUSTED_DOCUMENTS asks for a manifest")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _has_client_id(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("oidc_issuer") is not None:
            raise ValueError("is missing, since GATEWAY_OIDC_ISSUER is set")
        return value

    @property
    def oidc_secret(self) -> str:
        """The gateway's secret at the issuer, by either setting."""
        file = self.oidc_client_secret_file
        return self.oidc_client_secret or (file.read_text("utf-8").strip() if file else "")

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'gateway.db'}"

    @property
    def keys_folder(self) -> Path:
        """Where the keys are."""
        return self.keys or self.data

    @property
    def saga_limits(self) -> SagaLimits:
        """What bounds an order's steps."""
        return SagaLimits(
            answer_s=self.order_answer_s,
            delivery_s=self.order_delivery_s,
            activation_s=self.order_activation_s,
            poll_first_s=self.order_poll_first_s,
            poll_most_s=self.order_poll_most_s,
            poll_heard_s=self.order_poll_heard_s,
            held_poll_s=self.order_held_poll_s,
        )

    @property
    def retention(self) -> RetentionRules:
        """How long things are kept."""

        def days(number: int) -> timedelta | None:
            return timedelta(days=number) if number else None

        return RetentionRules(
            days(self.keep_orders_days),
            days(self.keep_notifications_days),
            days(self.keep_sessions_days),
            days(self.keep_security_events_days),
        )

    @property
    def provider_limits(self) -> Limits:
        """What bounds the calls to a provider whose entry says nothing else."""
        return Limits(
            connect_timeout_s=self.provider_connect_timeout_s,
            read_timeout_s=self.provider_read_timeout_s,
            snapshot_timeout_s=self.provider_snapshot_timeout_s,
            change_timeout_s=self.provider_change_timeout_s,
            concurrency=self.provider_concurrency,
            read_tries=self.provider_read_tries,
            rate_per_s=self.provider_rate_per_s,
            breaker_failures=self.provider_breaker_failures,
            breaker_open_s=self.provider_breaker_open_s,
            answer_bytes=self.provider_answer_bytes,
            answer_depth=self.provider_answer_depth,
            pages=self.provider_pages,
            rows=self.provider_rows,
        )

    @property
    def registered_limits(self) -> Limits:
        """The same for a provider that was registered while the gateway runs: it does not reach everything."""
        return replace(self.provider_limits, outbound=Outbound(self.provider_networks))


FILE = "GATEWAY_SETTINGS_FILE"
"""Names a file of settings: a line `GATEWAY_PORT=8000` each, the same names as in the environment."""


def read_settings(**given: Any) -> Settings:
    """The settings: what is given, else the environment's, else the file's, else the defaults.

    A None counts as not given, an empty variable as not set.
    Raises: SettingsError, with a line for each variable that is unknown or wrong.
    """
    file, environment = _file_settings(), _set_here()
    unknown = [f"{name}: there is no such setting" for name in _unknown({**os.environ, **file})]
    from_file = {_key(name): value for name, value in file.items() if name not in environment}
    told = {key: value for key, value in given.items() if value is not None}
    try:
        settings = Settings(**{**{key: from_file[key] for key in from_file if key in Settings.model_fields}, **told})
    except ValidationError as error:
        raise SettingsError(*unknown, *_lines(error)) from None
    if unknown:
        raise SettingsError(*unknown)
    return settings


def settings_sources(**given: Any) -> dict[str, str]:
    """Where each setting comes from, by its field. Raises: SettingsError for a file that can't be read."""
    file, environment = _file_settings(), _set_here()
    found = {}
    for key in Settings.model_fields:
        name = PREFIX + key.upper()
        if given.get(key) is not None:
            found[key] = "command line"
        elif name in environment:
            found[key] = "environment"
        else:
            found[key] = os.environ[FILE] if name in file else "default"
    return found


def _key(name: str) -> str:
    return name.removeprefix(PREFIX).lower()


def _set_here() -> set[str]:
    return {name.upper() for name, value in os.environ.items() if name.upper().startswith(PREFIX) and value}


def _file_settings() -> dict[str, str]:
    path = os.environ.get(FILE)
    if not path:
        return {}
    try:
        with Path(path).open(encoding="utf-8") as stream:
            content = dotenv_values(stream=stream, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{FILE}: the file {path} can't be read: {reason}") from None
    strange = [name for name in content if not name.upper().startswith(PREFIX)]
    if strange:
        raise SettingsError(*(f"{path}: {name}: there is no such setting" for name in strange))
    return {name.upper(): value for name, value in content.items() if value}


def _unknown(environment: Mapping[str, str]) -> list[str]:
    known = {FILE, *(PREFIX + name.upper() for name in Settings.model_fields)}
    ours = (name for name in environment if name.upper().startswith(PREFIX) and not name.startswith(_OF_TESTS))
    return sorted(name for name in ours if name.upper() not in known)


def _lines(error: ValidationError) -> Iterable[str]:
    for each in error.errors(include_input=False, include_url=False):
        name = PREFIX + str(each["loc"][0]).upper() if each["loc"] else PREFIX
        yield f"{name}: {_message(each)}"


@dataclass(frozen=True, slots=True)
class ProvidersConfig:
    """Which providers run, and who has agreed with whom."""

    providers: tuple[ProviderSpec, ...] = ()
    agreements: tuple[Agreement, ...] = ()


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _some(roles: tuple[ProviderRole, ...]) -> tuple[ProviderRole, ...]:
    if not roles:
        raise ValueError("should have one at least")
    return roles


class _CapabilityLimits(_Entry):
    connect_timeout_s: Seconds | None = None
    read_timeout_s: Seconds | None = None
    snapshot_timeout_s: Seconds | None = None
    change_timeout_s: Seconds | None = None
    concurrency: int | None = Field(None, ge=1)
    read_tries: int | None = Field(None, ge=1)
    rate_per_s: Seconds | None = None
    breaker_failures: int | None = Field(None, ge=1)
    breaker_open_s: Seconds | None = None
    answer_bytes: Count | None = None
    answer_depth: Count | None = None
    pages: Count | None = None
    rows: Count | None = None

    def over(self, default: Limits) -> Limits:
        given = self.model_dump(exclude_none=True, exclude={"capabilities"})
        return replace(default, **given)


class _LimitsEntry(_CapabilityLimits):
    capabilities: dict[Capability, _CapabilityLimits] = Field(default_factory=dict)

    def over(self, default: Limits) -> Limits:
        common = super().over(default)
        return replace(common, by_capability={name: each.over(common) for name, each in self.capabilities.items()})


class _ProviderEntry(_Entry):
    slug: str = Field(pattern=f"^{SLUG_PATTERN.pattern}$")
    name: str = Field(min_length=1, max_length=PROVIDER_NAME_LIMIT)
    roles: Annotated[tuple[ProviderRole, ...], AfterValidator(_some)]
    adapter: str
    settings: dict[str, Any] = Field(default_factory=dict)
    limits: _LimitsEntry = _LimitsEntry()

    def spec(self, default: Limits) -> ProviderSpec:
        return ProviderSpec(self.slug, self.name, self.roles, self.adapter, self.settings, self.limits.over(default))


class _AgreementEntry(_Entry):
    name: str = Field(min_length=1, max_length=200)
    parties: frozenset[str] = Field(min_length=2)
    categories: frozenset[str] | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None

    @property
    def agreement(self) -> Agreement:
        key = sha256("\n".join([self.name, *sorted(self.parties)]).encode()).hexdigest()[:32]
        terms = (self.categories, self.valid_from, self.valid_until)
        return Agreement(own_id("Agreement", key), self.name, self.parties, *terms)


class _ProvidersFile(_Entry):
    providers: tuple[_ProviderEntry, ...] = ()
    agreements: tuple[_AgreementEntry, ...] = ()

    def problems(self) -> Iterable[str]:
        """What no entry shows by itself."""
        slugs = [each.slug for each in self.providers]
        for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1}):
            yield f"provider {slug!r}: slug: is there twice"
        if OPERATOR in slugs:
            yield f"provider {OPERATOR!r}: slug: is the name of the gateway's own operator"
        for agreement in self.agreements:
            for party in sorted(agreement.parties - {*slugs, OPERATOR}):
                yield f"agreement {agreement.name!r}: parties: there is no provider {party!r}"


def read_providers_file(path: Path, limits: Limits | None = None) -> ProvidersConfig:
    """Reads a YAML, JSON or TOML file; `limits` count where an entry sets none.

    Raises: SettingsError, with a line for each thing wrong that names the entry and the key.
    """
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
    try:
        return providers_config(content, limits)
    except SettingsError as error:
        raise SettingsError(*(f"{path}: {line}" for line in error.lines)) from None


def providers_config(content: object, limits: Limits | None = None) -> ProvidersConfig:
    """The providers and agreements of a file's content. Raises: SettingsError."""
    try:
        file = _ProvidersFile.model_validate(content)
    except ValidationError as error:
        raise SettingsError(*_entry_lines(error, content)) from None
    if problems := tuple(file.problems()):
        raise SettingsError(*problems)
    default = limits or Limits()
    return ProvidersConfig(
        tuple(each.spec(default) for each in file.providers), tuple(each.agreement for each in file.agreements)
    )


class _AlarmRuleEntry(_Entry):
    name: str = Field(pattern="^[A-Z][A-Z0-9_]{0,39}$")
    condition: Condition
    kinds: frozenset[SecurityEventKind] = Field(min_length=1)
    by: CountedBy = CountedBy.ACTOR
    times: int = Field(1, ge=1, le=1_000_000)
    within_s: Annotated[float, Field(gt=0, le=86400)] = 60

    @property
    def rule(self) -> AlarmRule:
        return AlarmRule(self.name, self.condition, self.kinds, self.by, self.times, timedelta(seconds=self.within_s))


class _AlarmRulesFile(_Entry):
    rules: tuple[_AlarmRuleEntry, ...] = Field(max_length=100)


def read_alarm_rules(path: Path | None) -> tuple[AlarmRule, ...]:
    """The rules of a YAML or JSON file; without one the gateway's own.

    Raises: SettingsError, with a line for each thing wrong that names the rule and the key.
    """
    if path is None:
        return DEFAULT_RULES
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        rules = _AlarmRulesFile.model_validate(content).rules
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise SettingsError(*(f"{path}: {line}" for line in _entry_lines(error, content))) from None
    except (ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
    names = [each.name for each in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(*(f"{path}: rule {name!r}: name: is there twice" for name in twice))
    return tuple(each.rule for each in rules)


def _entry_lines(error: ValidationError, content: object) -> Iterable[str]:
    for each in error.errors(include_input=False, include_url=False):
        loc, message = [str(part) for part in each["loc"]], _message(each)
        if len(loc) < 2:
            yield ": ".join([*loc, message])
        else:
            entry = f"{loc[0].removesuffix('s')} {_entry_name(content, loc[0], int(loc[1]))}"
            yield ": ".join([entry, *([".".join(loc[2:])] if loc[2:] else []), message])


def _entry_name(content: Any, kind: str, number: int) -> str:
    entry = content[kind][number]
    name = entry.get("slug") or entry.get("name") if isinstance(entry, dict) else None
    return repr(name) if name else f"number {number + 1}"


_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "there is no such key",
    "model_type": "should have keys and values",
    "timezone_aware": "should have an offset, such as 2030-01-31T00:00:00Z",
}


def _message(error: ErrorDetails) -> str:
    """One clear line, without the value: it may be a secret."""
    message = _MESSAGES.get(error["type"], error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
