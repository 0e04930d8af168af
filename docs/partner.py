"""A partner's program: gets a token by its own id and secret, keeps it as long as it is good, and asks with it.

CLIENT_ID=… CLIENT_SECRET=… python docs/partner.py [http://127.0.0.1:8000]
"""

import asyncio
import os
import sys
import time
from typing import Any

import aiohttp

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"


class Gateway:
    """The gateway, to a program that has a client id and a secret."""

    def __init__(self, http: aiohttp.ClientSession, client_id: str, secret: str) -> None:
        self._http = http
        self._who = {"authorization": aiohttp.encode_basic_auth(client_id, secret)}
        self._token, self._good_until = "", 0.0

    async def ask(self, query: str, **variables: Any) -> Any:
        """The answer's JSON."""
        body, headers = {"query": query, "variables": variables}, {"authorization": f"Bearer {await self.token()}"}
        async with self._http.post(f"{URL}/graphql", json=body, headers=headers) as response:
            return await response.json()

    async def token(self) -> str:
        """One token for many calls: a new one half a minute before the last one ends."""
        if time.monotonic() > self._good_until - 30:
            wanted = {"grant_type": "client_credentials", "scope": "providers:write"}
            async with self._http.post(f"{URL}/auth/token", data=wanted, headers=self._who) as response:
                answer = await response.json()
                if response.status != 200:
                    sys.exit(f"{answer['error']}: {answer['error_description']}")
            self._token, self._good_until = answer["access_token"], time.monotonic() + answer["expires_in"]
        return self._token


async def main() -> None:
    """Asks twice, with one token."""
    if not {"CLIENT_ID", "CLIENT_SECRET"} <= os.environ.keys():
        sys.exit("CLIENT_ID and CLIENT_SECRET are needed: the demo prints them, and writes them to credentials.json")
    async with aiohttp.ClientSession() as http:
        gateway = Gateway(http, os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
        for _ in range(2):
            print(await gateway.ask("{ providers(first: 2) { edges { node { name } } } }"))


if __name__ == "__main__":
    asyncio.run(main())
