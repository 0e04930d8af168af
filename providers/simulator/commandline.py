"""`python -m providers.simulator serve`: operators as a process of their own."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from providers.simulator.market import market
from providers.simulator.running import RunningOperator, listen
from providers.simulator.serving import breakdown, serve
from providers.simulator.settings import Settings

ADDRESSES = "operators.json"
PARENT_LOOK_S = 0.2


def parser() -> argparse.ArgumentParser:
    """What can be said on the command line; times are in seconds."""
    top = argparse.ArgumentParser("python -m providers.simulator", description="Telecom operators to develop against.")
    said = top.add_subparsers(dest="command", required=True).add_parser("serve", help="start operators")
    said.add_argument("--data", type=Path, required=True, help="the folder of their state")
    said.add_argument("--only", action="append", metavar="SLUG", help="one operator (may be repeated); default: all")
    said.add_argument("--ports", action="append", default=[], metavar="SLUG=PORT", help="a fixed port; default: free")
    said.add_argument("--host", default="127.0.0.1")
    said.add_argument("--delivery-min", type=float, default=2.0)
    said.add_argument("--delivery-max", type=float, default=6.0)
    said.add_argument("--point-of-no-return", type=float, default=0.8, help="share of the delivery")
    said.add_argument("--cancel-seconds", type=float, default=0.0, help="how long a cancellation takes")
    said.add_argument("--month-seconds", type=float, default=180.0, help="how long a demo month is")
    said.add_argument("--page-maximum", type=int, default=20)
    said.add_argument("--faults-enabled", action="store_true", help="serve the control API, for tests")
    said.add_argument("--known-as", metavar="HOST", help="the name that others reach them by; default: the host")
    said.add_argument(
        "--providers-file", type=Path, metavar="FILE", help="write how a gateway connects to them, for `gateway serve`"
    )
    said.add_argument("--parent", type=int, metavar="PID", help="end when this parent process is gone")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is told to stop; 1 and one line on stderr when it cannot start."""
    said = parser().parse_args(arguments)
    try:
        asyncio.run(_serve(said))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    return 0


async def _serve(said: argparse.Namespace) -> None:
    said.data.mkdir(parents=True, exist_ok=True)
    only = tuple(said.only) if said.only else None
    told = _signals()
    ports = {**_earlier_ports(said.data, said.host), **_ports(said.ports)}
    async with serve(_settings(said), only, ports) as running:
        if said.providers_file:
            _write_whole(said.providers_file, _described(running, said.known_as))
        _report(said.data, running)
        ends = [asyncio.create_task(_told_to_stop(told, said.parent)), asyncio.create_task(breakdown(running))]
        done, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        for task in done:
            task.result()


def _settings(said: argparse.Namespace) -> Settings:
    return Settings(
        data=said.data,
        host=said.host,
        delivery_min_s=said.delivery_min,
        delivery_max_s=said.delivery_max,
        point_of_no_return=said.point_of_no_return,
        cancel_s=said.cancel_seconds,
        month_s=said.month_seconds,
        page_maximum=said.page_maximum,
        faults_enabled=said.faults_enabled,
    )


def _ports(given: Sequence[str]) -> Mapping[str, int]:
    pairs = (each.partition("=") for each in given)
    return {slug: int(port) for slug, _, port in pairs}


def _earlier_ports(data: Path, host: str) -> Mapping[str, int]:
    """Of those who join by a registration: what was registered holds at the next start, too, where the port is free."""
    try:
        told = json.loads((data / ADDRESSES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    found: dict[str, int] = {}
    for entry in market().newcomers:
        with contextlib.suppress(OSError):
            port = urlsplit(told.get(entry.slug, {}).get("url", "")).port or 0
            listen(host, port).close()
            found[entry.slug] = port
    return found


def _report(data: Path, running: Sequence[RunningOperator]) -> None:
    """Says where the operators answer: one line of JSON on stdout, and the same in a file."""
    line = json.dumps({each.entry.slug: each.told for each in running}, ensure_ascii=False)
    _write_whole(data / ADDRESSES, line)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _described(running: Sequence[RunningOperator], known_as: str | None) -> str:
    """The providers that are configured, and their agreements: a newcomer joins by its registration."""
    urls = {each.entry.slug: _known(each.url, known_as) for each in running}
    providers = [
        {
            "slug": entry.slug,
            "name": entry.name,
            "adapter": entry.speaks,
            "roles": list(entry.roles),
            "settings": {**entry.settings, "url": urls[entry.slug]},
        }
        for entry in market().operators
        if entry.slug in urls
    ]
    agreements = [
        {
            "name": each.name,
            "parties": list(each.parties),
            "categories": None if each.categories is None else list(each.categories),
            "valid_from": each.valid_from and each.valid_from.isoformat(),
            "valid_until": each.valid_until and each.valid_until.isoformat(),
        }
        for each in market().agreements
        if {*each.parties} <= {*urls, "operator"}
    ]
    return json.dumps({"providers": providers, "agreements": agreements}, ensure_ascii=False)


def _known(url: str, known_as: str | None) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{known_as}:{parts.port}").geturl() if known_as else url


def _write_whole(path: Path, text: str) -> None:
    """At once, and for its owner alone: it may hold passwords."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)


def _signals() -> asyncio.Event:
    """Set on SIGTERM and SIGINT; before anyone is told that the operators answer."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _told_to_stop(told: asyncio.Event, parent: int | None) -> None:
    """Waits for a signal, or the end of the parent: looked for, as no signal is sure to tell of a SIGKILL."""
    while parent is None or os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), PARENT_LOOK_S)
            return
