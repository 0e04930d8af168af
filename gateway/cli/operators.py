"""The demo's operators: found by the entry point group `gateway.demos`, run as one child process."""

import asyncio
import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from gateway.cli.refusal import Refusal
from gateway.settings import ProvidersConfig, Settings, providers_config

ENTRY_POINT_GROUP = "gateway.demos"
START_LIMIT_S = 30.0
END_LIMIT_S = 5.0


class Operators:
    """A child that starts, or runs: what its demo describes, and its process."""

    def __init__(self, description: Mapping[str, Any], process: "subprocess.Popen[str]") -> None:
        self._description = description
        self._process = process
        self._told: Mapping[str, Any] = {}

    async def content(self) -> dict[str, Any]:
        """Waits until all of them answer; what a file of providers would say. Raises: Refusal."""
        try:
            async with asyncio.timeout(START_LIMIT_S):
                line = await asyncio.to_thread(self._first_line)
                self._told = json.loads(line)
                urls = {slug: each["url"] for slug, each in self._told.items()}
        except (TimeoutError, ValueError, TypeError, KeyError, AttributeError):
            raise Refusal("the demo's operators did not start") from None
        providers = [
            {**each, "settings": {**each["settings"], "url": urls[each["slug"]]}}
            for each in self._description["providers"]
        ]
        return {"providers": providers, "agreements": self._description["agreements"]}

    def newcomers(self) -> list[dict[str, Any]]:
        """Those that run and that the gateway does not know: as `providers` of a file, with `proposals` beside.

        To be asked for after `content`.
        """
        return [
            {**each, "settings": {**each["settings"], **self._connection(each["slug"])}}
            for each in self._description.get("newcomers", ())
        ]

    def _connection(self, slug: str) -> dict[str, Any]:
        told = self._told[slug]
        return {name: told[name] for name in ("url", "credentials") if name in told}

    def _first_line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101
        return self._process.stdout.readline()

    async def ended(self) -> int:
        """Waits until the child has ended by itself; its status."""
        while (status := self._process.poll()) is None:  # noqa: ASYNC110 a thread that waits would outlive us
            await asyncio.sleep(0.2)
        return status


@contextlib.contextmanager
def started_operators(settings: Settings) -> Iterator[Operators]:
    """Starts the child, in this process's group: it ends at the exit, with Ctrl-C, and when this process is killed.

    Raises: Refusal.
    """
    description = _describe(settings)
    with _deaf_to_ctrl_c():
        process = subprocess.Popen(  # noqa: S603
            description["command"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
    try:
        yield Operators(description, process)
    finally:
        _end(process)


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A child that is started here does not die of Ctrl-C before it listens itself: we end it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def read_operators(content: Mapping[str, Any], settings: Settings) -> ProvidersConfig:
    """The configuration of what the operators say. Raises: SettingsError."""
    return providers_config(content, settings.provider_limits)


def _describe(settings: Settings) -> Mapping[str, Any]:
    demos = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda each: each.name)
    if not demos:
        raise Refusal("no demo is installed")
    describe = demos[0].load()
    description = describe(_folder(settings.data), delivery=settings.demo_delivery, faults_enabled=settings.demo_faults)
    return dict(description)


def _folder(data: Path) -> Path:
    folder = data.absolute() / "operators"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Refusal(f"the data folder {folder} can't be written: {error.strerror}") from None
    return folder


def _end(process: "subprocess.Popen[str]") -> None:
    if process.stdout is not None:
        process.stdout.close()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
