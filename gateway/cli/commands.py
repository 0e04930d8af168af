"""What can be typed: each command is one function, and loads what it needs when it runs."""

import errno
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.refusal import Refusal

app = typer.Typer(
    help="One GraphQL endpoint for telecom self-service over many providers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
provider_commands = typer.Typer(help="The providers: what is connected, and whether it answers.", no_args_is_help=True)
db_commands = typer.Typer(help="The database.", no_args_is_help=True)
account_commands = typer.Typer(help="People's accounts.", no_args_is_help=True)
client_commands = typer.Typer(help="Service clients: programs that sign in for themselves.", no_args_is_help=True)
key_commands = typer.Typer(help="Keys that sign tokens, and that seal credentials.", no_args_is_help=True)
order_commands = typer.Typer(help="Orders.", no_args_is_help=True)
app.add_typer(provider_commands, name="provider")
app.add_typer(db_commands, name="db")
app.add_typer(client_commands, name="client")
app.add_typer(key_commands, name="keys")
app.add_typer(order_commands, name="orders")
app.add_typer(account_commands, name="account")
audit_commands = typer.Typer(help="The trail of security events.", no_args_is_help=True)
app.add_typer(audit_commands, name="audit")

Host = Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.", show_default="8000")]
Data = Annotated[Path | None, typer.Option(help="The folder of all that is kept.", show_default="in the home folder")]
ProvidersFile = Annotated[
    Path | None,
    typer.Option("--providers", help="The file of providers: YAML, JSON or TOML.", show_default="GATEWAY_PROVIDERS"),
]
ClientId = Annotated[str, typer.Argument(metavar="ID", help="The client's id.")]
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="The name that the person signs in with.")]
Before = Annotated[datetime, typer.Option(help="The moment, in local time where it names no zone.", show_default=False)]
OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO})
KnownProviders = Annotated[
    Path | None, typer.Option("--providers", help="The file of providers.", show_default="those of the demo")
]


def run() -> int:
    """Runs the command that was typed; returns the status to end with."""
    try:
        status = app(standalone_mode=False)
    except Refusal as refusal:
        for line in refusal.lines:
            print(f"gateway: {line}", file=sys.stderr)  # noqa: T201
        return refusal.status
    except typer.TyperException as mistake:
        return _mistyped(mistake)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return 1
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        where = f": {error.filename}" if error.filename else ""
        print(f"gateway: {error.strerror}{where}", file=sys.stderr)  # noqa: T201
        return 1
    return status if isinstance(status, int) else 0


def _mistyped(mistake: typer.TyperException) -> int:
    # Empty where nothing was typed: the help is printed by then.
    if message := mistake.format_message().strip():
        print(f"gateway: {message}", file=sys.stderr)  # noqa: T201
    return mistake.exit_code


@app.command()
def demo(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    tour: Annotated[bool, typer.Option("--tour", help="Play the whole scenario, then end.")] = False,
) -> int:
    """Start the gateway with six made-up operators behind it. Ctrl-C ends it all."""
    from gateway.cli.interrupts import run_interruptible

    def start() -> int:
        from gateway.cli.demo import run_demo

        return run_demo(host, port, data, plays_tour=tour)

    return run_interruptible(start)


@app.command()
def serve(providers: ProvidersFile = None, host: Host = None, port: Port = None, data: Data = None) -> int:
    """Start the gateway over the providers of a file; everything else is set by GATEWAY_* variables."""
    from gateway.cli.interrupts import run_interruptible

    def start() -> int:
        from gateway.cli.serve import run_serve

        return run_serve(providers, host, port, data)

    return run_interruptible(start)


@app.command()
def settings(
    host: Host = None,
    port: Port = None,
    data: Data = None,
) -> int:
    """Print the settings as they take effect, and where each comes from; no secret is shown."""
    from gateway.cli.settings import print_settings

    return print_settings(host=host, port=port, data=data)


@app.command()
def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file instead; status 1 when it differs.")
    ] = False,
    file: Annotated[Path, typer.Argument(help="The file to compare with.")] = Path("schema.graphql"),
) -> int:
    """Print the GraphQL schema."""
    from gateway.cli.schema import check_schema, print_schema

    return check_schema(file) if check else print_schema()


@provider_commands.command("list")
def provider_list(providers: KnownProviders = None, data: Data = None) -> int:
    """Say which providers there are."""
    from gateway.cli.provider import list_providers

    return list_providers(providers, data)


@provider_commands.command("check")
def provider_check(
    name: Annotated[str, typer.Argument(help="The provider's slug.")],
    providers: KnownProviders = None,
    data: Data = None,
) -> int:
    """Connect to a provider and check by reading that it keeps the contract; status 1 when it doesn't."""
    from gateway.cli.provider import check_provider

    return check_provider(name, providers, data)


@db_commands.command("upgrade")
def db_upgrade(data: Data = None) -> int:
    """Bring the database's tables up to date, as every start does."""
    from gateway.cli.db import upgrade

    return upgrade(data)


@db_commands.command("backup")
def db_backup(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    data: Data = None,
) -> int:
    """Copy what is kept, with the keys, while the gateway runs: the copy is a data folder of its own (SQLite)."""
    from gateway.cli.backup import backup

    return backup(folder, data)


@client_commands.command("add")
def client_add(
    name: Annotated[str, typer.Argument(help="The client's name.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do, such as providers:write; again for more.")
    ] = None,
    issuer_client: Annotated[
        str | None,
        typer.Option(help="Its id at the issuer of GATEWAY_OIDC_ISSUER, where it gets its tokens; no secret is made."),
    ] = None,
    data: Data = None,
) -> int:
    """Make a service client; its id and secret are printed, this once."""
    from gateway.cli.clients import add_client, add_issuer_client

    if issuer_client is not None:
        return add_issuer_client(name, scope or [], issuer_client, data)
    return add_client(name, scope or [], data)


@client_commands.command("list")
def client_list(data: Data = None) -> int:
    """Say which service clients there are, newest first."""
    from gateway.cli.clients import list_clients

    return list_clients(data)


@client_commands.command("rotate")
def client_rotate(
    client_id: ClientId,
    end_previous: Annotated[
        bool, typer.Option("--end-previous", help="End the present secret at once, and all that came by it.")
    ] = False,
    data: Data = None,
) -> int:
    """Give a service client a new secret; the present one is good for another day."""
    from gateway.cli.clients import rotate_client

    return rotate_client(client_id, data, ends_previous=end_previous)


@client_commands.command("end")
def client_end(client_id: ClientId, data: Data = None) -> int:
    """End a service client, its tokens and its connections."""
    from gateway.cli.clients import end_client

    return end_client(client_id, data)


@key_commands.command("list")
def keys_list(data: Data = None) -> int:
    """Say which keys there are, and what each still does."""
    from gateway.cli.keys import list_keys

    return list_keys(data)


@key_commands.command("rotate")
def keys_rotate(
    of_secrets: Annotated[bool, typer.Option("--secrets", help="The key that seals credentials, not tokens.")] = False,
    after: Annotated[
        int, typer.Option(min=5, help="After how many seconds a new key signs: by then all have read it.")
    ] = 600,
    data: Data = None,
) -> int:
    """Make a new key. Gateways that run go over to it by themselves; the old one goes on checking or opening."""
    from gateway.cli.keys import rotate_keys

    return rotate_keys(data, after, of_secrets=of_secrets)


@key_commands.command("drop")
def keys_drop(key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id.")], data: Data = None) -> int:
    """Drop an old key; refused while anything needs it."""
    from gateway.cli.keys import drop_key

    return drop_key(key_id, data)


@order_commands.command("reconcile")
def orders_reconcile(
    provider: Annotated[str | None, typer.Option(help="One provider's slug.", show_default="all")] = None,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    wait: Annotated[
        float, typer.Option(min=0, help="How many seconds a difference must last: a gateway may be at work.")
    ] = 90,
    providers: ProvidersFile = None,
    data: Data = None,
) -> int:
    """Compare orders and products with the providers'; status 1 when they differ, 2 when one can't be asked."""
    from gateway.cli.orders import reconcile_orders

    return reconcile_orders(provider, providers, data, form, wait)


@account_commands.command("end-sessions")
def account_end_sessions(username: Username, data: Data = None) -> int:
    """End every session of a person; who signs in anew begins another one."""
    from gateway.cli.people import end_sessions

    return end_sessions(username, data)


@account_commands.command("reset-one-time-password")
def account_reset_one_time_password(username: Username, data: Data = None) -> int:
    """Take a person's one-time password away, where device and recovery codes are lost; end all sessions."""
    from gateway.cli.people import reset_one_time_password

    return reset_one_time_password(username, data)


@account_commands.command("erase")
def account_erase(username: Username, data: Data = None) -> int:
    """Erase a person's account, and the closed customers that nobody else managed; orders stay without the person."""
    from gateway.cli.people import erase

    return erase(username, data)


@audit_commands.command("verify")
def audit_verify(
    file: Annotated[Path | None, typer.Argument(help="An exported file, instead of the database.")] = None,
    head: Annotated[
        str | None, typer.Option(help="A head that was noted elsewhere, NUMBER:DIGEST: the trail must have it.")
    ] = None,
    data: Data = None,
) -> int:
    """Say whether the trail of security events is whole; status 1, and the first event that is not, when it isn't."""
    from gateway.cli.audit import verify

    return verify(file, head, data)


@audit_commands.command("export")
def audit_export(
    to: Annotated[Path | None, typer.Option(help="The file to write.", show_default="stdout")] = None,
    form: Annotated[str, typer.Option("--format", help="jsonl or csv.")] = "jsonl",
    data: Data = None,
) -> int:
    """Write the trail as JSON lines, which `verify` checks too, or as a table for a spreadsheet."""
    from gateway.cli.audit import export

    return export(to, data, form)


@audit_commands.command("purge")
def audit_purge(before: Before, data: Data = None) -> int:
    """Remove the events before a moment; what is left stays whole."""
    from gateway.cli.audit import purge

    return purge(before, data)


@audit_commands.command("erase-addresses")
def audit_erase_addresses(before: Before, data: Data = None) -> int:
    """Erase the network addresses of the events before a moment; the trail stays whole."""
    from gateway.cli.audit import erase

    return erase(before, data)
