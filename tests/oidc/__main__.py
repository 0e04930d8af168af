"""An identity provider to try single sign-on with, where there is no other: `python -m tests.oidc GATEWAY PORT`.

It asks nothing: whoever is sent there is Anna. Ctrl-C ends it, and its keys with it.
"""

import asyncio
import contextlib
import sys

from tests.oidc.issuer import an_issuer


async def main(gateway: str, port: int) -> None:
    """Serves until it is told to end."""
    async with an_issuer(port) as issuer:
        issuer.callback = f"{gateway}/auth/oidc/callback"
        print(f"{issuer.address} signs Anna in at {gateway}. Ctrl-C ends it.", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1].rstrip("/"), int(sys.argv[2])))
