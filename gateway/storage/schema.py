"""Brings a database to the newest revision, whatever it starts from."""

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from gateway.storage.failures import ForeignDatabase, UnknownRevision

_FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "gateway_revision"  # the saga's engine keeps its own beside it


def revisions() -> ScriptDirectory:
    """The revisions of this version."""
    return ScriptDirectory(_FOLDER, version_locations=[_FOLDER])


def migration_context(connection: Connection) -> MigrationContext:
    """Alembic's view of the database."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def upgrade(connection: Connection) -> tuple[str | None, str]:
    """Runs, in the connection's transaction, what is missing; nothing on a database that is up to date.

    Returns the revision before (None: of an empty database) and after.
    Raises: UnknownRevision when a newer version wrote the database; ForeignDatabase when something else did.
    """
    script, context = revisions(), migration_context(connection)
    newest = script.get_current_head() or ""
    known = {revision.revision for revision in script.walk_revisions()}
    current = context.get_current_revision()
    if current is not None and current not in known:
        raise UnknownRevision(current, newest)
    if current is None and (strangers := sorted(set(inspect(connection).get_table_names()) - {VERSION_TABLE})):
        raise ForeignDatabase(strangers)
    missing = list(script.iterate_revisions(newest, current or "base"))
    with Operations.context(context):
        for revision in reversed(missing):
            revision.module.upgrade()
    if missing:
        context.stamp(script, newest)
    return current, newest
