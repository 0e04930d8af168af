"""Bergby's own system, as it was before anybody thought of a gateway: plans, coverage, jobs and lines, in JSON."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

PLANS = [
    {"code": f"fibre-{mbit}", "name": f"Bergby {mbit}", "mbit": mbit, "monthly": f"{kronor}.00"}
    for mbit, kronor in ((100, 299), (250, 349), (500, 449), (1000, 599), (2500, 899))
]
PAGE = 3
STREETS = ("753", "754")
"""What a postcode begins with where Bergby has fibre in the ground."""

Json = dict[str, Any]


def refusal(status: int, code: str, message: str) -> web.Response:
    """A no, with a code for machines."""
    return web.json_response({"code": code, "message": message}, status=status)


class Bergby:
    """Jobs (`open`, then `done`; or `stopped`) and the lines that they install (`on`) and remove (`off`)."""

    def __init__(self, install_s: float) -> None:
        self.install_s = install_s
        self.jobs: dict[str, Json] = {}
        self.lines: dict[str, Json] = {}

    async def plans(self, request: web.Request) -> web.Response:
        """Three at a time; `more` says after which plan to go on."""
        codes = [plan["code"] for plan in PLANS]
        after = request.query.get("after")
        rows = PLANS[codes.index(after) + 1 if after in codes else 0 :]
        return web.json_response({"plans": rows[:PAGE], "more": rows[PAGE - 1]["code"] if len(rows) > PAGE else None})

    async def plan(self, request: web.Request) -> web.Response:
        """One of them."""
        found = [plan for plan in PLANS if plan["code"] == request.match_info["code"]]
        return web.json_response(found[0]) if found else refusal(404, "NO_SUCH_PLAN", "There is no such plan")

    async def coverage(self, request: web.Request) -> web.Response:
        """Of each plan, whether it can be had at a postcode: `yes` or `no`."""
        said = "yes" if request.query["postcode"].startswith(STREETS) else "no"
        return web.json_response({"plans": {plan["code"]: said for plan in PLANS}})

    async def new_job(self, request: web.Request) -> web.Response:
        """The same id again is the same job."""
        asked = await request.json()
        self._work()
        if asked["id"] in self.jobs:
            return web.json_response(self.jobs[asked["id"]])
        if asked["kind"] == "install" and asked["plan"] not in [plan["code"] for plan in PLANS]:
            return refusal(422, "NO_SUCH_PLAN", "There is no such plan")
        if asked["kind"] == "install" and not asked["postcode"].startswith(STREETS):
            return refusal(422, "NO_FIBRE", "There is no fibre in that street")
        line = asked.get("line") or f"BF-{len(self.lines) + 1}"
        job = {"id": asked["id"], "kind": asked["kind"], "line": line, "state": "open", "due": self._due()}
        self.jobs[job["id"]] = job
        if asked["kind"] == "install":
            self.lines[line] = {key: asked[key] for key in ("customer", "plan")} | {
                "number": line, "job": job["id"], "state": "ordered", "since": None
            }  # fmt: skip
        return web.json_response(job, status=201)

    async def job(self, request: web.Request) -> web.Response:
        """One job as it is now."""
        self._work()
        found = self.jobs.get(request.match_info["id"])
        return web.json_response(found) if found else refusal(404, "NO_SUCH_JOB", "There is no such job")

    async def stop(self, request: web.Request) -> web.Response:
        """Stops a job that nobody has begun."""
        self._work()
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return refusal(404, "NO_SUCH_JOB", "There is no such job")
        if job["state"] == "done":
            return refusal(409, "TOO_LATE", "The technician has been there")
        job["state"] = "stopped"
        return web.json_response(job)

    async def line(self, request: web.Request) -> web.Response:
        """One line."""
        self._work()
        found = self.lines.get(request.match_info["number"])
        return web.json_response(found) if found else refusal(404, "NO_SUCH_LINE", "There is no such line")

    async def lines_of(self, request: web.Request) -> web.Response:
        """All of a customer's."""
        self._work()
        rows = [line for line in self.lines.values() if line["customer"] == request.query["customer"]]
        return web.json_response({"lines": rows})

    def _due(self) -> str:
        return datetime.fromtimestamp(time.time() + self.install_s, UTC).isoformat()

    def _work(self) -> None:
        """Does what is due."""
        now = datetime.now(UTC).isoformat()
        for job in self.jobs.values():
            if job["state"] == "open" and job["due"] <= now:
                job["state"] = "done"
                is_on = job["kind"] == "install"
                self.lines[job["line"]] |= {"state": "on", "since": now} if is_on else {"state": "off"}


def guarded_by(token: str) -> Any:
    """Everybody needs the token."""

    @web.middleware
    async def check(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {token}":
            return refusal(401, "WHO_ARE_YOU", "A token is needed")
        answer: web.StreamResponse = await handler(request)
        return answer

    return check


def application(token: str, install_s: float) -> web.Application:
    """The whole system; an installation takes so many seconds."""
    bergby, app = Bergby(install_s), web.Application(middlewares=[guarded_by(token)])
    app.add_routes([
        web.get("/plans", bergby.plans), web.get("/plans/{code}", bergby.plan), web.get("/coverage", bergby.coverage),
        web.post("/jobs", bergby.new_job), web.get("/jobs/{id}", bergby.job), web.post("/jobs/{id}/stop", bergby.stop),
        web.get("/lines", bergby.lines_of), web.get("/lines/{number}", bergby.line),
    ])  # fmt: skip
    return app


async def serve(port: int, token: str, install_s: float) -> None:
    """On that port of this machine, until it is ended."""
    runner = web.AppRunner(application(token, install_s), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"Bergby answers on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), "a-token", 0.5))
