"""What is promised of connections and of credentials: nothing stays open, nothing is told."""

import asyncio
import contextlib
import io
import logging
import traceback
from base64 import b64decode
from collections.abc import Iterator, Sequence
from uuid import uuid4

from gateway.contract import InvalidOptions
from gateway.federation.checking import Unkept, check, missing, unless
from gateway.kit.conformance.bench import Bench, error_of
from gateway.kit.conformance.declared import with_option
from gateway.kit.conformance.fault_checks import reads_of
from gateway.kit.conformance.proxy import Fault


@check("connection.cancelled", "Let CancelledError pass, and leave a call's connection by `async with`.", ())
async def cancelled(bench: Bench) -> str:
    """A call that is cancelled ends at once, closes its connection, and the next one is answered."""
    async with bench.proxied() as (provider, proxy):
        read = next(iter(reads_of(provider).values()))
        proxy.fault = Fault(stalls=True)
        call = asyncio.ensure_future(read(provider))
        unless(await proxy.struck(), "no request came to the declared address")
        call.cancel()
        await asyncio.wait([call], timeout=2)
        unless(call.cancelled(), "the call goes on, or ends in another way")
        unless(await proxy.let_go(), "the connection of a cancelled call stays open")
        proxy.fault = None
        await read(provider)
    return "closed"


@check("connection.closed", "Open by `async with` in `connect`, and end your own tasks on exit.", ())
async def closed(bench: Bench) -> str:
    """After the exit no connection is open and no task runs."""
    async with bench.proxy() as proxy:
        before = asyncio.all_tasks()
        async with bench.connected(bench.turned_to(proxy)) as provider:
            for read in reads_of(provider).values():
                await read(provider)
            unless(proxy.seen, "no request came to the declared address")
        unless(await proxy.settled(0), f"{proxy.connections} connections are open")
        await asyncio.sleep(0)
        # A server in the same loop has a task for each connection.
        left = [each for each in asyncio.all_tasks() - before if "RequestHandler" not in str(each.get_coro())]
        unless(not left, f"{len(left)} tasks run on", *left)
    return "all of them"


@check(
    "credentials.unlogged",
    "Keep credentials out of messages, `repr` (`field(repr=False)`) and log lines; `secrets` names the options.",
    (),
)
async def unlogged(bench: Bench) -> str:
    """Planted credentials are in no log line, no error and no printed form, whatever goes wrong. By `secrets`."""
    if not bench.wanted.secrets:
        missing("declare conformance.secrets")
    async with bench.proxy() as proxy:
        options, planted = bench.turned_to(proxy), f"planted-{uuid4().hex}"
        for path in bench.wanted.secrets:
            options = with_option(options, path, planted)
        with _heard() as said:
            for fault in (None, Fault(401), Fault(500), Fault(200, body=b"<html>"), Fault(drops=True)):
                proxy.fault = fault
                said.write(await _spoken(bench, options))
        secrets = {planted, *_disguised(proxy.seen, planted)}
    if any(each in said.getvalue() for each in secrets):
        raise Unkept("a credential is in a log line, an error or a printed form")
    return "nowhere"


async def _spoken(bench: Bench, options: object) -> str:
    """What errors and printed forms say."""
    said = []

    async def ask_all() -> None:
        async with bench.connected(options) as provider:  # type: ignore[arg-type]
            said.append(repr(provider))
            said.extend([_told(await error_of(read(provider))) for read in reads_of(provider).values()])

    error = await error_of(ask_all())
    if isinstance(error, InvalidOptions):
        raise Unkept("the adapter refuses what conformance.secrets names", error.option)
    said.append(_told(error))
    return "\n".join(said)


def _told(error: BaseException | None) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) if error else ""


def _disguised(seen: Sequence[str], planted: str) -> Iterator[str]:
    """The planted text as Basic credentials hold it. Source: RFC 7617."""
    for each in seen:
        scheme, _, coded = each.partition(" ")
        with contextlib.suppress(ValueError):
            if scheme == "Basic" and planted.encode() in b64decode(coded, validate=True):
                yield coded


@contextlib.contextmanager
def _heard() -> Iterator[io.StringIO]:
    """Everything that is logged or printed, at any level."""
    said = io.StringIO()
    handler, root = logging.StreamHandler(said), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
