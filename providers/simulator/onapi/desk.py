"""A network operator at work: what its parts share."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from providers.simulator.desk import Office
from providers.simulator.onapi.network import Network
from providers.simulator.web.answers import answer
from providers.simulator.web.errors import TmfError

BASE = "/onapi/2.6"
USERNAME = "gateway"


@dataclass(kw_only=True)
class NetworkDesk(Office):
    """An operator that speaks ON-API, with the password of the one service provider that may ask it."""

    network: Network
    password: str

    def refusal(self, error: TmfError) -> Response:
        """In the shape of the API. Source: ON-API 2.6, responses."""
        return answer({"cause": error.reason}, error.status)


def password_of(folder: Path, slug: str) -> str:
    """The password of this folder: made anew where there is none, readable for its owner alone."""
    path = folder / f"{slug}.password"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12), "utf-8")
    return path.read_text("utf-8").strip()
