"""`gateway serve`: the gateway over the providers of a file."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.data_folder import held_folder
from gateway.cli.failures import as_refusals
from gateway.cli.listening import listen, local_url
from gateway.cli.words import say
from gateway.settings import ProvidersConfig, Settings, read_providers_file, read_settings

if TYPE_CHECKING:
    from gateway.cli.serving import Ending


def run_serve(providers: Path | None, host: str | None, port: int | None, data: Path | None) -> int:
    """Runs until asked to end; returns the status to end with. Raises: Refusal."""
    with as_refusals():
        settings = read_settings(host=host, port=port, data=data, providers=providers)
        config = ProvidersConfig()
        if settings.providers is not None:
            config = read_providers_file(settings.providers, settings.provider_limits)
        with held_folder(settings.data) as folder, listen(settings.host, settings.port) as listener:
            from gateway.cli.logs import set_up_logs
            from gateway.cli.serving import run_until_asked

            set_up_logs(settings)
            url = local_url(settings.host, listener)
            folder.tell(url)

            async def main(ending: "Ending") -> int:
                return await _serve(settings, config, url, listener, ending)

            return run_until_asked(main)


async def _serve(
    settings: Settings, config: ProvidersConfig, url: str, listener: socket.socket, ending: "Ending"
) -> int:
    from gateway.app import open_gateway

    async with open_gateway(settings, config, settings.public_url or url) as gateway:
        count = len(config.providers)
        say(f"gateway {os.getpid()}: {count} {'provider' if count == 1 else 'providers'}, {url}/graphql")
        await ending.serve(gateway.asgi, listener, settings, gateway.end_streams)
    return 0
