"""`gateway provider list` and `gateway provider check`: what is connected, and whether it answers."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.cli.failures import as_refusals
from gateway.cli.providers import known_providers
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.contract.provider import Provider
from gateway.domain.registrations import CheckResult
from gateway.federation.checks import check_reads
from gateway.federation.registry import ProviderSpec, open_registry
from gateway.storage import SystemClock

WORDS = {CheckResult.PASSED: "ok", CheckResult.FAILED: "failed", CheckResult.LACKING: "lacks"}


def list_providers(file: Path | None, data: Path | None) -> int:
    """Prints a line for each. Raises: Refusal."""
    with as_refusals():
        config = known_providers(file, data)
    for spec in config.providers:
        say(f"{spec.slug:20} {spec.adapter:12} {spec.name:24} {', '.join(spec.roles)}")
    return 0


def check_provider(slug: str, file: Path | None, data: Path | None) -> int:
    """Prints a line for each check and each capability that is lacking; 1 when a check fails. Raises: Refusal."""
    with as_refusals():
        specs = {spec.slug: spec for spec in known_providers(file, data).providers}
        if slug not in specs:
            raise Refusal(f"there is no provider {slug!r}; there are: {', '.join(sorted(specs)) or 'none'}", status=2)
        return asyncio.run(_check(specs[slug]))


async def _check(spec: ProviderSpec) -> int:
    async with open_registry([spec], [], SystemClock()) as registry:
        failure = registry.failure(spec.slug)
        if failure is not None:
            say(f"{spec.slug}: can't be connected: {failure.detail}")
            return 1
        provider = registry.provider(spec.slug)
        assert provider is not None  # noqa: S101
        return await _ask_all(provider)


async def _ask_all(provider: Provider) -> int:
    results: list[CheckResult] = []
    began = started = time.perf_counter()
    async for outcome in check_reads(provider):
        results.append(outcome.result)
        took = "" if outcome.result is CheckResult.LACKING else f"{_ms(started):>9}"
        say(f"{WORDS[outcome.result]:7} {outcome.name:26} {took:9}  {outcome.detail}".rstrip())
        started = time.perf_counter()
    say(_sum(results, _ms(began)))
    return 1 if CheckResult.FAILED in results else 0


def _sum(results: Sequence[CheckResult], took: str) -> str:
    counts = ", ".join(f"{results.count(each)} {word}" for each, word in WORDS.items())
    return f"{counts}, in {took}"


def _ms(started: float) -> str:
    return f"{1000 * (time.perf_counter() - started):.0f} ms"
