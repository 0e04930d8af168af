"""Providers that are registered while the gateway runs, with their events; a count of changes for other processes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "change_count",
        sa.Column("name", CODE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_change_count")),
    )
    _registrations()
    op.create_table(
        "registration_event",
        sa.Column("key", KEY, nullable=False),
        sa.Column("registration", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("check_outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration"], ["provider_registration.key"], name=op.f("fk_registration_event_registration")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_registration_event")),
        sa.UniqueConstraint("registration", "seq", name=op.f("uq_registration_event_registration_seq")),
    )


def _registrations() -> None:
    op.create_table(
        "provider_registration",
        sa.Column("key", KEY, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("status", CODE, nullable=False),
        sa.Column("effective", CODE, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.Column("activated_at", MOMENT, nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sealed_serving", sa.Text(), nullable=True),
        sa.Column("sealed_pending", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_provider_registration")),
    )
    op.create_index(op.f("ix_provider_registration_slug"), "provider_registration", ["slug"], unique=False)
    op.create_index(
        "uq_provider_registration_present_slug",
        "provider_registration",
        ["slug"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
