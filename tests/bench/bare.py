"""What the gateway is compared with: the same server and framework, over handlers that only answer.

`python -m tests.bench.bare FOLDER PORT` answers `POST /<name>` with the bytes of each `<name>.json` in the folder, and
`POST /<name>/json` as a JSON handler does: it reads the request's JSON, and writes the same content anew.
"""

import json
import sys
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.cli.listening import listen
from gateway.cli.serving import Ending, run_until_asked
from gateway.settings import Settings


def main(folder: Path, port: int) -> int:
    """Serves until it is told to end."""
    answers = {file.stem: file.read_bytes() for file in sorted(folder.glob("*.json"))}
    routes = [_route(name, body) for name, body in answers.items()]
    routes += [_json_route(name, json.loads(body)) for name, body in answers.items()]
    application = Starlette(routes=[*routes, Route("/readyz", _ready)])

    async def serve(ending: Ending) -> int:
        await ending.serve(application, listener, Settings())
        return 0

    with listen("127.0.0.1", port) as listener:
        return run_until_asked(serve)


def _route(name: str, body: bytes) -> Route:
    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Route(f"/{name}", answer, methods=["POST"])


def _json_route(name: str, content: Any) -> Route:
    async def answer(request: Request) -> Response:
        await request.json()
        return JSONResponse(content)

    return Route(f"/{name}/json", answer, methods=["POST"])


async def _ready(_: Request) -> Response:
    return Response()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
