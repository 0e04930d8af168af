"""Security events, and the head of their chain."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)
START = "0" * 64


def upgrade() -> None:
    """Makes both tables; the chain begins with nothing."""
    op.create_table(
        "security_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text()),
        sa.Column("customer", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("personal", sa.Text()),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("key_id", CODE, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("network", sa.Text()),
        sa.Column("salt", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_security_event")),
        sa.UniqueConstraint("key", name=op.f("uq_security_event_key")),
    )
    for columns in (["customer", "seq"], ["actor", "kind", "seq"], ["address", "occurred_at"]):
        op.create_index(op.f(f"ix_security_event_{'_'.join(columns)}"), "security_event", columns, unique=False)
    op.create_table(
        "security_head",
        sa.Column("name", CODE, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("anchor_seq", sa.Integer(), nullable=False),
        sa.Column("anchor_digest", sa.Text(), nullable=False),
        sa.Column("anchor_key_id", CODE),
        sa.Column("anchor_seal", sa.Text()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_security_head")),
    )
