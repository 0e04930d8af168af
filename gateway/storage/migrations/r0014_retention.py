"""Indexes for what retention deletes beside an order, and for a customer's open orders among very many ended ones."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Makes the indexes, each of which no statement of earlier versions needs."""
    op.create_index("ix_idempotency_object_id", "idempotency", ["object_id"])
    op.create_index("ix_notification_order_id", "notification", ["order_id"])
    op.create_index("ix_notification_occurred_at", "notification", ["occurred_at"], postgresql_using="brin")
    op.create_index(
        "ix_customer_order_open",
        "customer_order",
        ["customer", "placed_at", "key"],
        sqlite_where=sa.text("is_open IS 1"),
        postgresql_where=sa.text("is_open IS true"),
    )
