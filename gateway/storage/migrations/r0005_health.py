"""The log of the providers' health."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "health_count",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_health_count")),
    )
    op.create_table(
        "health_event",
        sa.Column("key", KEY, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("capability", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("circuit", CODE, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_health_event")),
        sa.UniqueConstraint("provider", "seq", name=op.f("uq_health_event_provider_seq")),
    )
