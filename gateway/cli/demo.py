"""`gateway demo`: the gateway with six made-up operators behind it, and accounts to try it with."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.data_folder import FolderInUse, HeldFolder, held_folder, write_private
from gateway.cli.failures import as_refusals
from gateway.cli.listening import listen, local_url
from gateway.cli.newcomers import write_registrations
from gateway.cli.operators import Operators, read_operators, started_operators
from gateway.cli.providers import KNOWN_PROVIDERS, demo_data
from gateway.cli.refusal import Refusal
from gateway.cli.welcome import welcome
from gateway.cli.words import say
from gateway.settings import LOOPBACK, Settings, read_settings

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.cli.serving import Ending

# A newcomer plays the tour again and again from one address.
ACCOUNTS_PER_ADDRESS = "1000/hour"
READY_LIMIT_S = 20.0


def run_demo(host: str | None, port: int | None, data: Path | None, *, plays_tour: bool) -> int:
    """Runs until asked to end, or until the tour is over; returns the status to end with. Raises: Refusal."""
    with as_refusals():
        settings = read_settings(
            host=host,
            port=port,
            data=demo_data(data),
            accounts_per_address=None if "GATEWAY_ACCOUNTS_PER_ADDRESS" in os.environ else ACCOUNTS_PER_ADDRESS,
            # What a newcomer registers runs on this machine.
            provider_networks=None if "GATEWAY_PROVIDER_NETWORKS" in os.environ else LOOPBACK,
        )
        try:
            with held_folder(settings.data) as folder:
                return _run_held(settings, folder, plays_tour)
        except FolderInUse as busy:
            if not plays_tour or busy.url is None:
                raise
            return _play(busy.url)


def _run_held(settings: Settings, folder: HeldFolder, plays_tour: bool) -> int:
    with listen(settings.host, settings.port) as listener, started_operators(settings) as operators:
        # The operators start while this process loads the rest.
        from gateway.cli.logs import set_up_logs
        from gateway.cli.serving import run_until_asked

        set_up_logs(settings)

        async def main(ending: "Ending") -> int:
            return await _demo(settings, folder, listener, operators, ending, plays_tour)

        return run_until_asked(main)


async def _demo(
    settings: Settings,
    folder: HeldFolder,
    listener: socket.socket,
    operators: Operators,
    ending: "Ending",
    plays_tour: bool,
) -> int:
    from gateway.cli.accounts import seed_accounts

    url = local_url(settings.host, listener)
    async with _opened(settings, url, operators) as gateway:
        credentials = await seed_accounts(gateway.core, settings.data)
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(_watch(operators, ending))
            newcomers = write_registrations(settings.data, operators.newcomers())
            greeting = list(welcome(url, folder.path, credentials, newcomers))
            show = tasks.create_task(_show(gateway, folder, url, greeting, ending, plays_tour))
            await ending.serve(gateway.asgi, listener, settings, gateway.end_streams)
            ended_alone = watch.done()
            watch.cancel()
            if not show.done():
                show.cancel()
    if ended_alone:
        raise Refusal("the demo's operators have ended")
    return int(plays_tour) if show.cancelled() else show.result()


@contextlib.asynccontextmanager
async def _opened(settings: Settings, url: str, operators: Operators) -> AsyncIterator["Gateway"]:
    from gateway.app import open_gateway

    content = await operators.content()
    write_private(settings.data / KNOWN_PROVIDERS, json.dumps(content, default=str, indent=1))
    config, public_url = read_operators(content, settings), settings.public_url or url
    async with open_gateway(settings, config, public_url, waits_for_providers=True) as gateway:
        yield gateway


async def _watch(operators: Operators, ending: "Ending") -> None:
    """Operators that end by themselves end the demo; those that were ended with it don't."""
    await operators.ended()
    # Ctrl-C reaches them as soon as us.
    await asyncio.sleep(0.5)
    if ending.is_asked:
        await asyncio.Event().wait()
    ending.ask()


async def _show(
    gateway: "Gateway", folder: HeldFolder, url: str, greeting: list[str], ending: "Ending", plays_tour: bool
) -> int:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READY_LIMIT_S):
            while not await gateway.is_ready():  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.05)
    folder.tell(url)
    if not plays_tour:
        say(*greeting)
        return 0
    from gateway.cli.tour import play_tour

    status = await play_tour(url)
    ending.ask()
    return status


def _play(url: str) -> int:
    from gateway.cli.tour import play_tour

    return asyncio.run(play_tour(url))
