"""The files that the page loads: what was built, or the page's own sources where nothing was."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.ide.policy import ASSET_POLICY

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
MODULES = ("bar", "ide", "inline_workers", "nothing", "session", "single_sign_on", "unbuilt", "wrong")
SOURCES = frozenset({"cdn.js", "cdn.json", "ide.css", *(f"{name}.mjs" for name in MODULES)})

_BUILT_NAME = re.compile(r"[a-z]+-[A-Z0-9]{8}\.(js|css)")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json"}
# A name with a hash in it never stands for anything else; a source changes with the checkout.
_FOR_EVER = "public, max-age=31536000, immutable"
_EACH_TIME = "no-cache"


@dataclass(frozen=True, slots=True)
class Built:
    """The names of the built page's first files."""

    script: str
    style: str


def built() -> Built | None:
    """What the last build made; None where there was none."""
    try:
        manifest = json.loads((ASSETS / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Built(manifest["script"], manifest["style"])


def ide_routes() -> list[Route]:
    """The page's files, below the endpoint."""
    return [Route("/graphql/ide/{name}", _asset)]


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    accepted = request.headers.get("accept-encoding", "")
    try:
        content, headers = await to_thread.run_sync(_read, name, "gzip" in accepted)
    except FileNotFoundError:
        return Response(status_code=404)
    return Response(content, headers=headers, media_type=_TYPES[Path(name).suffix])


def _read(name: str, takes_gzip: bool) -> tuple[bytes, Mapping[str, str]]:
    """A file and its headers. Raises: FileNotFoundError for what is no file of the page."""
    common = {"content-security-policy": ASSET_POLICY, "x-content-type-options": "nosniff", "vary": "accept-encoding"}
    if name in SOURCES:
        return (FOLDER / name).read_bytes(), {**common, "cache-control": _EACH_TIME}
    if not _BUILT_NAME.fullmatch(name):
        raise FileNotFoundError(name)
    compressed, headers = (ASSETS / f"{name}.gz").read_bytes(), {**common, "cache-control": _FOR_EVER}
    return (
        (compressed, {**headers, "content-encoding": "gzip"}) if takes_gzip else (gzip.decompress(compressed), headers)
    )
