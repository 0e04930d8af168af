"""When an account or a customer was erased: the row stays, so that what refers to it holds."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_TABLES = ("actor", "customer")


def upgrade() -> None:
    """Nobody is erased so far."""
    for table in _TABLES:
        op.add_column(table, sa.Column("erased_at", sa.DateTime(timezone=True)))
