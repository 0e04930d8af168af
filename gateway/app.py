"""The composition root: the one module that sees every room, and puts a gateway together from settings."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from gateway.api.application import create_app, open_library
from gateway.api.auth.identity import Identity
from gateway.api.auth.parts import AuthParts, AuthSettings, open_auth
from gateway.api.auth.routes import auth_routes
from gateway.api.oidc import Issuer, OidcSettings, OperatorClaim, greeted, oidc_routes, open_issuer
from gateway.api.oidc.access import IssuerAccess
from gateway.api.oidc.routes import CALLBACK_PATH
from gateway.api.operations.bounds import DocumentBounds
from gateway.api.operations.library import Library
from gateway.api.operations.limits import OperationLimits
from gateway.api.operations.persisted import Manifest, Trust, read_manifest
from gateway.api.parts import ApiParts, ApiSettings
from gateway.api.rates.settling import open_windows
from gateway.api.rates.shared import open_counts
from gateway.api.rates.windows import Windows
from gateway.api.telemetry.exporting import TraceSettings, open_telemetry
from gateway.api.telemetry.watching import Telemetry
from gateway.api.texts.mails import compose
from gateway.contract.events import Post
from gateway.contract.provider import Outbound
from gateway.domain.alarm_rules import AlarmRule
from gateway.domain.security_chain import Head, key_id
from gateway.federation.adapters import installed_adapters
from gateway.federation.callbacks import Callbacks, registered
from gateway.federation.joining import Joining, Parts, keep_resealed, reseal
from gateway.federation.polling import Pace, polled
from gateway.federation.posts import Posts, Receipt
from gateway.federation.projection import Projection, open_projection
from gateway.federation.registry import Registry, open_registry
from gateway.federation.tending import tended
from gateway.kit.addresses import AddressRefused, check_options
from gateway.mail import FolderMailer, SmtpMailer, SmtpSettings
from gateway.saga.failpoints import killing, passing
from gateway.saga.leased import LeasedEngine
from gateway.saga.supervision import Supervisor
from gateway.saga.work import Work
from gateway.saga.workflow import Engine
from gateway.settings import ProvidersConfig, Settings, read_alarm_rules
from gateway.storage import SqlStorage, SystemClock, open_executors, open_storage, open_wakeups
from gateway.storage.audit_trail import AuditTrail, noted_head, open_trail
from gateway.storage.erasures import ErasedList
from gateway.storage.sealing import FernetSealing, open_sealing
from gateway.storage.secret_files import kept_secret
from gateway.usecases.checking import follow_registrations
from gateway.usecases.core import Core
from gateway.usecases.erasing import Erasing, erase_again
from gateway.usecases.health import keep_health
from gateway.usecases.mails import MailRules, send_mails
from gateway.usecases.onboarding import Onboarding
from gateway.usecases.one_time_passwords import reseal_secrets
from gateway.usecases.passwords import answer_requests
from gateway.usecases.refusals import keeping
from gateway.usecases.retention import RetentionRules, keep_within
from gateway.usecases.security_alarms import raise_alarms
from gateway.usecases.security_checking import check_chain, follow_keys, note_keys
from gateway.usecases.trail_retention import keep_trail_within

# One process works on a SQLite file at a time, so one name will do.
SOLE_EXECUTOR = "local"
EXECUTOR_FILE = "executor-id"
# How soon an order is found that nobody drives, against all expectation.
SWEEP_S = 20.0
CALLBACK_KEY_FILE = "callback.key"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that runs: `asgi` answers requests."""

    asgi: Starlette
    core: Core
    storage: SqlStorage
    engine: Engine
    projection: Projection
    waits_for_providers: bool

    async def readiness(self) -> Mapping[str, bool]:
        """What must be so before requests are sent here."""
        return {
            "database": await self.storage.is_ready(),
            "engine": self.engine.is_running,
            "providers": self.projection.is_ready or not self.waits_for_providers,
        }

    def end_streams(self) -> None:
        """Tells all who follow something to connect again: here is the end."""
        self.asgi.state.end_streams()

    async def is_ready(self) -> bool:
        """Whether all of it is so."""
        return all((await self.readiness()).values())


@asynccontextmanager
async def open_gateway(
    settings: Settings, providers: ProvidersConfig, public_url: str, *, waits_for_providers: bool = False
) -> AsyncIterator[Gateway]:
    """A gateway that runs from entry to exit; `public_url` is how clients and providers reach it.

    `waits_for_providers` makes it ready only when each of them has answered once (the demo); else one that is away
    stops nobody.

    Raises: StorageUnavailable, UnknownRevision, ForeignDatabase, KeysUnreadable, AuditKeysUnreadable, UnknownAdapter,
    ManifestUnreadable, TracesNotInstalled, SettingsError (the rules of alarm); OSError for the data folder and the key
    of the secrets.
    """
    # What is wrong with the settings is told before anything starts.
    rules = read_alarm_rules(settings.alarm_rules_file)
    api = api_settings(settings, public_url)
    library = open_library(api)
    clock, engine = SystemClock(), Engine(sweep_s=SWEEP_S)
    audit = open_trail(settings.audit_key, settings.data, settings.keys_folder)
    erased = ErasedList(settings.keys_folder)
    executors = open_executors(settings.database, clock)
    async with (
        executors.claimed(),
        open_telemetry(_trace_settings(settings)) as telemetry,
        open_wakeups(settings.database, settings.redis_url) as wakeups,
        open_storage(settings.database, wakeups, clock, engine.start_in, audit, erased) as storage,
        open_registry(providers.providers, providers.agreements, clock, calls=telemetry.provider_calls) as registry,
        open_projection(
            registry,
            wakeups,
            clock,
            folder=settings.data / "catalogues",
            age=timedelta(seconds=settings.catalog_refresh_s),
        ) as projection,
    ):
        sealing = open_sealing(settings.secrets_key, settings.keys_folder)
        onboarding = _onboarding(settings, providers, sealing)
        core = Core(
            storage,
            registry,
            projection,
            wakeups,
            clock,
            onboarding=onboarding,
            executors=executors,
        )
        await erase_again(Erasing(storage, clock, sealing), erased)
        sealed_by = sealing.newest()
        await _reseal_all(core, sealing)
        reached = killing(settings.failpoint) if settings.failpoint else passing
        work = Work(storage, registry, wakeups, clock, settings.saga_limits, reached)
        callbacks = Callbacks(settings.callback_url or public_url, _callback_key(settings.keys_folder))
        async with (
            open_counts(settings.redis_url) as counts,
            open_windows(counts) as windows,
            _issuer(core, settings, public_url) as issuer,
            open_auth(
                core, settings.keys_folder, _auth_settings(settings, public_url), _access(core, issuer), counts
            ) as auth,
            engine.kept(),
            Supervisor(
                executors,
                _executor_id(settings),
                LeasedEngine(engine, executors, work, storage.sync_url, storage.sync_connect),
            ).supervised(),
            registered(registry, callbacks) as subscriptions,
            tended("sealing", partial(keep_resealed, sealing.newest, partial(_reseal_all, core, sealing), sealed_by)),
            polled(registry, wakeups, Pace(settings.events_poll_first_s, settings.events_poll_most_s)),
            keeping(core.refusals, storage, clock),
            _taking_over(core, Parts(registry, projection, subscriptions), settings.retention),
            tended(
                "mails", partial(send_mails, core, _mail_rules(settings), partial(answer_requests, core, auth.rules))
            ),
            _guarding(core, audit, rules, settings),
            tended("key events", partial(follow_keys, core, partial(_key_ids, sealing, audit, auth))),
        ):
            await note_keys(core, _key_ids(sealing, audit, auth))
            parts = (core, storage, engine, projection, waits_for_providers)
            doors = [*auth_routes(auth), *(oidc_routes(auth, issuer) if issuer else [])]
            yield _gateway(parts, (auth, doors), registry, callbacks, telemetry, (api, library, windows))


@asynccontextmanager
async def _issuer(core: Core, settings: Settings, public_url: str) -> AsyncIterator[Issuer | None]:
    """The operator's own identity provider. One that is away stops nobody; a log line says so."""
    found = _oidc_settings(settings, public_url)
    if found is None:
        yield None
        return
    async with open_issuer(found, core.clock) as issuer, greeted(issuer):
        yield issuer


def _access(core: Core, issuer: Issuer | None) -> IssuerAccess | None:
    return IssuerAccess(core, issuer) if issuer else None


async def _reseal_all(core: Core, sealing: FernetSealing) -> None:
    await reseal(core.storage, sealing)
    await reseal_secrets(core.storage, sealing)


async def _is_refused(outbound: Outbound, settings: Mapping[str, Any]) -> bool:
    try:
        await check_options(settings, outbound)
    except AddressRefused:
        return True
    return False


def _onboarding(settings: Settings, providers: ProvidersConfig, sealing: FernetSealing) -> Onboarding:
    return Onboarding(
        sealing=sealing,
        adapters=installed_adapters(),
        configured=providers.providers,
        limits=settings.registered_limits,
        is_refused=partial(_is_refused, settings.registered_limits.outbound),
        agreements=providers.agreements,
        # Nobody else works on a file of SQLite's: what this process left undone at its end is its own again at once.
        by=SOLE_EXECUTOR if settings.database.startswith("sqlite") else secrets.token_hex(8),
        started_at=SystemClock().now(),
    )


@asynccontextmanager
async def _taking_over(core: Core, parts: Parts, retention: RetentionRules) -> AsyncIterator[None]:
    """What is registered joins and is checked, and what is too old is dropped, from entry to exit."""
    onboarding = core.onboarding
    joining = Joining(core.storage, core.wakeups, onboarding.sealing, parts, onboarding.limits)
    await joining.take_over()
    async with (
        tended("joining", joining.follow),
        tended("checking", partial(follow_registrations, core)),
        tended("health", partial(keep_health, core, parts.registry.health_change)),
        tended("retention", partial(keep_within, core, retention)),
    ):
        yield


@asynccontextmanager
async def _guarding(
    core: Core, audit: AuditTrail, rules: Sequence[AlarmRule], settings: Settings
) -> AsyncIterator[None]:
    """Security events raise alarms, their chain is checked, and what is too old goes, from entry to exit."""
    noted, every_s = partial(noted_head, settings.data), settings.audit_check_s
    async with (
        _trimmed(core, audit, noted, settings.retention.security_events),
        tended("security alarms", partial(raise_alarms, core, rules)),
        tended("audit check", partial(check_chain, core, audit.keys, noted, every_s), pause_s=60),
    ):
        yield


@asynccontextmanager
async def _trimmed(
    core: Core, audit: AuditTrail, noted: Callable[[], Head | None], age: timedelta | None
) -> AsyncIterator[None]:
    if age is None:
        yield
        return
    async with tended("audit retention", partial(keep_trail_within, core, audit.keys, noted, age), pause_s=60):
        yield


def _key_ids(sealing: FernetSealing, audit: AuditTrail, auth: AuthParts) -> Mapping[str, str]:
    """The ids of every key that the gateway works with, the newest first."""
    sealing.newest()  # reads the file, where it has changed
    signing = auth.tokens.key_ids()
    chained = [key_id(each) for each in audit.keys.keys]
    return {
        name: " ".join(ids) for name, ids in (("signing", signing), ("audit", chained), ("secrets", sealing.key_ids))
    }


def _gateway(
    parts: tuple[Core, SqlStorage, Engine, Projection, bool],
    doors: tuple[AuthParts, Sequence[BaseRoute]],
    registry: Registry,
    callbacks: Callbacks,
    telemetry: Telemetry,
    api: tuple[ApiSettings, Library, Windows],
) -> Gateway:
    core, (settings, library, windows) = parts[0], api
    posts = Posts(registry, core.wakeups, core.clock)

    async def receive(slug: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        return await posts.receive(slug, Post(callbacks.url(slug), headers, body))

    async def readiness() -> Mapping[str, bool]:
        return await gateway.readiness()

    asgi = create_app(
        ApiParts(
            core=core,
            identity=Identity(doors[0]),
            auth_routes=doors[1],
            readiness=readiness,
            is_hub_secret=callbacks.is_secret,
            receive=receive,
            settings=settings,
            telemetry=telemetry,
            windows=windows,
            attempts=doors[0].rules.attempts,
        ),
        library,
    )
    gateway = Gateway(asgi, *parts)
    return gateway


def _executor_id(settings: Settings) -> str:
    """The same at each start, and no other process's: one process at a time works on a data folder."""
    if settings.executor_id:
        return settings.executor_id
    if settings.database.startswith("sqlite"):
        return SOLE_EXECUTOR
    return kept_secret(settings.data / EXECUTOR_FILE, lambda: secrets.token_hex(8).encode()).decode()


def _origins(settings: Settings, public_url: str) -> frozenset[str]:
    """Whose pages may use cookies: those named, and the gateway's own by any name of this machine."""
    own = {public_url.replace("127.0.0.1", "localhost"), public_url}
    return frozenset({*settings.allowed_origins, *own})


def api_settings(settings: Settings, public_url: str) -> ApiSettings:
    """What the settings say of the API; `public_url` is the origin of the gateway's own pages."""
    return ApiSettings(
        body_limit=settings.body_bytes,
        hub_rate=settings.events_per_provider,
        allowed_origins=tuple(_origins(settings, public_url)),
        cors_origins=settings.allowed_origins,
        metrics_networks=settings.metrics_networks,
        ide=settings.ide,
        sign_on=settings.oidc_name if settings.oidc_issuer else None,
        beat_s=settings.stream_beat_s,
        operation=OperationLimits(
            seconds=settings.operation_timeout_s,
            cost=settings.cost_limit,
            cost_per_actor=settings.cost_per_actor,
            cost_per_address=settings.cost_per_address,
        ),
        manifest=_manifest(settings),
        documents=_document_bounds(settings),
    )


def _document_bounds(settings: Settings) -> DocumentBounds:
    return DocumentBounds(
        tokens=settings.document_tokens,
        depth=settings.document_depth,
        aliases=settings.document_aliases,
        directives=settings.document_directives,
        root_fields=settings.document_root_fields,
        list_size=settings.list_size,
        introspection=settings.introspection,
    )


def _manifest(settings: Settings) -> Manifest:
    trust, path = Trust(settings.trusted_documents), settings.trusted_documents_file
    return Manifest() if trust is Trust.OFF or path is None else read_manifest(path, trust)


def _trace_settings(settings: Settings) -> TraceSettings:
    return TraceSettings(settings.traces, settings.traces_endpoint, settings.traces_ratio)


def _auth_settings(settings: Settings, public_url: str) -> AuthSettings:
    return AuthSettings(
        access_token_s=int(settings.access_token_s),
        session_s=settings.session_s,
        refresh_grace_s=settings.refresh_grace_s,
        failures_per_account=settings.sign_in_failures_per_account,
        failures_per_address=settings.sign_in_failures_per_address,
        accounts_per_address=settings.accounts_per_address,
        resets_per_address=settings.password_resets_per_address,
        one_time_password_required=settings.one_time_password_required,
        service_name=settings.service_name,
        issuer=public_url.rstrip("/"),
        origins=_origins(settings, public_url),
        trusted_proxies=tuple(settings.trusted_proxies),
    )


def _oidc_settings(settings: Settings, public_url: str) -> OidcSettings | None:
    if settings.oidc_issuer is None:
        return None
    claim = settings.oidc_operator_claim
    return OidcSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        callback=public_url.rstrip("/") + CALLBACK_PATH,
        home=public_url.rstrip("/") + "/",
        client_secret=settings.oidc_secret,
        scopes=settings.oidc_scopes,
        audience=settings.oidc_audience,
        operator=OperatorClaim(*claim.split("=", 1)) if claim else None,
        first=settings.oidc_first_sign_in,
        origins=_origins(settings, public_url),
        return_addresses=frozenset(settings.oidc_return_addresses),
    )


def _mail_rules(settings: Settings) -> MailRules:
    server = SmtpSettings(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_username,
        settings.smtp_password,
    )
    by_folder = FolderMailer(settings.data / "mail", settings.mail_sender)
    mailer = SmtpMailer(server, settings.mail_sender) if settings.smtp_host else by_folder
    return MailRules(partial(compose, settings.password_reset_page), mailer)


def _callback_key(folder: Path) -> bytes:
    """The key that the providers' callback addresses are made of."""
    return kept_secret(folder / CALLBACK_KEY_FILE, lambda: secrets.token_bytes(32))
