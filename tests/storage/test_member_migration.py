"""A database from before members had ids: each membership gets one, and the day of its customer."""

from pathlib import Path

from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, text

from gateway.storage import schema

BEFORE = """
INSERT INTO actor VALUES ('a-1', 'maria', 'maria', 'hash', false, '2026-01-01 00:00:00.000000');
INSERT INTO actor VALUES ('a-2', 'lars', 'lars', 'hash', false, '2026-01-02 00:00:00.000000');
INSERT INTO customer VALUES ('c-1', 'Maria', 'HOUSEHOLD', 0, '2026-01-01 00:00:00.000000');
INSERT INTO customer VALUES ('c-2', 'Lars', 'HOUSEHOLD', 0, '2026-01-02 00:00:00.000000');
INSERT INTO membership (actor, customer, role) VALUES ('a-2', 'c-2', 'SELF_SERVICE_MANAGER');
INSERT INTO membership (actor, customer, role) VALUES ('a-1', 'c-1', 'SELF_SERVICE_MANAGER');
"""


def upgrade_to(connection: Connection, newest: str) -> None:
    """Makes the tables as they were at that revision."""
    script, context = schema.revisions(), schema.migration_context(connection)
    missing = list(script.iterate_revisions(newest, "base"))
    with Operations.context(context):
        for revision in reversed(missing):
            revision.module.upgrade()
    context.stamp(script, newest)


def test_the_memberships_that_were_there_stay_and_get_an_id_in_the_order_of_their_customers(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    with engine.begin() as connection:
        upgrade_to(connection, "0005")
        for statement in filter(str.strip, BEFORE.split(";")):
            connection.execute(text(statement))

    with engine.begin() as connection:
        schema.upgrade(connection)
        rows = connection.execute(text("SELECT actor, customer, role, since, key FROM membership ORDER BY key")).all()

    assert [tuple(row)[:4] for row in rows] == [
        ("a-1", "c-1", "SELF_SERVICE_MANAGER", "2026-01-01 00:00:00.000000"),
        ("a-2", "c-2", "SELF_SERVICE_MANAGER", "2026-01-02 00:00:00.000000"),
    ]
    assert len({row.key for row in rows}) == 2
