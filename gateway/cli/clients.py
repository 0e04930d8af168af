"""`gateway client …`: service clients, made and ended on the data folder, also of a gateway that runs."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from gateway.cli.failures import as_refusals
from gateway.cli.keeper import Keeper, run_with_keeper
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.domain.clients import CLIENT_SCOPES, ClientRecord, ClientScope, client_name_problem, issuer_client_problem
from gateway.domain.paging import MAXIMUM_FIRST
from gateway.settings import read_settings
from gateway.usecases import clients
from gateway.usecases.clients import SECRET_GRACE, NewSecret

T = TypeVar("T")

_NAME_RULE = "a client's name has 1 to 100 printable characters"
_REFUSALS = {
    "CLIENT_ENDED": "the client has ended",
    "ALREADY_LINKED": "a client of that id at the issuer is registered already",
}


def add_client(name: str, scopes: Sequence[str], data: Path | None) -> int:
    """Makes one and prints its id and its secret. Raises: Refusal."""
    known = _known_scopes(scopes)
    if client_name_problem(name):
        raise Refusal(_NAME_RULE, status=2)
    _show(_run(data, lambda keeper: clients.create_client(keeper, name, known)), data)
    return 0


def add_issuer_client(name: str, scopes: Sequence[str], issuer_client: str, data: Path | None) -> int:
    """Registers one that gets its tokens of the identity provider; no secret is made. Raises: Refusal."""
    known = _known_scopes(scopes)
    issuer = _issuer()
    if client_name_problem(name):
        raise Refusal(_NAME_RULE, status=2)
    if issuer_client_problem(issuer_client):
        raise Refusal("a client's id at the issuer has 1 to 255 visible ASCII characters", status=2)
    record = _run(data, lambda keeper: clients.create_issuer_client(keeper, name, known, issuer, issuer_client))
    say(f"client_id      {record.id}", f"at the issuer  {issuer_client}", f"issuer         {issuer}")
    return 0


def _issuer() -> str:
    with as_refusals():
        settings = read_settings()
    if settings.oidc_issuer is None:
        raise Refusal("set GATEWAY_OIDC_ISSUER first: the client's id is one of that issuer's", status=2)
    return settings.oidc_issuer


def _known_scopes(scopes: Sequence[str]) -> list[ClientScope]:
    known = [ClientScope(each) for each in scopes if each in set(ClientScope)]
    if len(known) < len(scopes):
        named = "; ".join(f"{each} ({text.rstrip('.')})" for each, text in CLIENT_SCOPES.items())
        raise Refusal(f"there is no such scope; there are: {named}", status=2)
    return known


def list_clients(data: Path | None) -> int:
    """Prints a line for each, newest first. Raises: Refusal."""
    for record in _run(data, _all):
        at_issuer = f"  {record.issuer_client} at {record.issuer}" if record.issuer_client else ""
        line = f"{record.id}  {record.name:24} {_state(record):28} {' '.join(sorted(record.scopes))}{at_issuer}"
        say(line.rstrip())
    return 0


async def _all(keeper: Keeper) -> list[ClientRecord]:
    page = await clients.list_clients(keeper, MAXIMUM_FIRST, None)
    found = list(page.edges)
    while page.page_info.has_next_page:
        page = await clients.list_clients(keeper, MAXIMUM_FIRST, page.page_info.end_cursor)
        found.extend(page.edges)
    return [edge.node for edge in found]


def _state(record: ClientRecord) -> str:
    if record.ended_at:
        return f"ended {record.ended_at:%Y-%m-%d %H:%M}"
    return f"last used {record.last_used_at:%Y-%m-%d %H:%M}" if record.last_used_at else "never used"


def rotate_client(client_id: str, data: Path | None, *, ends_previous: bool) -> int:
    """Gives one a new secret and prints that. Raises: Refusal."""
    grace = timedelta() if ends_previous else SECRET_GRACE
    _show(_run(data, lambda keeper: clients.rotate_secret(keeper, client_id, grace)), data)
    return 0


def end_client(client_id: str, data: Path | None) -> int:
    """Ends one. Raises: Refusal."""
    record = _run(data, lambda keeper: clients.end_client(keeper, client_id))
    say(f"{record.name} has ended")
    return 0


def _show(made: NewSecret, data: Path | None) -> None:
    settings = read_settings(data=data)
    # A client made in the wrong folder is unknown to the gateway that it is meant for, which then can't say why.
    kept = "the database of GATEWAY_DATABASE_URL" if settings.database_url else f"the folder {settings.data}"
    say(
        f"client_id      {made.client.id}",
        f"client_secret  {made.secret}",
        "The secret is shown this once.",
        f"The gateway of {kept} knows the client, and no other.",
    )


def _run(data: Path | None, work: Callable[[Keeper], Awaitable[T]]) -> T:
    """Raises: Refusal."""
    return run_with_keeper(data, work, lambda code: _REFUSALS.get(code, "there is no client of that id"))
