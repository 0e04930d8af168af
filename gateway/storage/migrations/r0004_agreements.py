"""Agreements between providers that are made while the gateway runs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "agreement",
        sa.Column("key", KEY, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_agreement")),
    )
    op.create_index(op.f("ix_agreement_created_at_key"), "agreement", ["created_at", "key"], unique=False)
    op.create_index(op.f("ix_agreement_status"), "agreement", ["status"], unique=False)
    op.create_table(
        "agreement_party",
        sa.Column("agreement", KEY, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreement.key"], name=op.f("fk_agreement_party_agreement"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("party", "agreement", name=op.f("pk_agreement_party")),
    )
    op.create_index(op.f("ix_agreement_party_agreement"), "agreement_party", ["agreement"], unique=False)
