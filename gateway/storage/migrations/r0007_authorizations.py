"""Authorizations with conditions, functions enabled for service users, and by which right an order was placed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the table and the columns; a manager's right is the role's from now on, and stands in no row."""
    for column in (
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("granted_by", KEY, nullable=True),
        sa.Column("granted_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
    ):
        op.add_column("authorization_grant", column)
    op.execute(
        "DELETE FROM authorization_grant WHERE EXISTS (SELECT 1 FROM membership WHERE"
        " membership.actor = authorization_grant.actor AND membership.customer = authorization_grant.customer"
        " AND membership.role = 'SELF_SERVICE_MANAGER')"
    )
    _make_enabled_functions()
    for name, kind in (("placed_by", KEY), ("authorization", KEY), ("cost", sa.Text())):
        op.add_column("customer_order", sa.Column(name, kind, nullable=True))
    op.create_index(
        op.f("ix_customer_order_authorization_placed_at"),
        "customer_order",
        ["authorization", "placed_at"],
        unique=False,
    )


def _make_enabled_functions() -> None:
    op.create_table(
        "enabled_function",
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("function", CODE, nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("enabled_by", KEY, nullable=False),
        sa.Column("enabled_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["actor", "customer"],
            ["membership.actor", "membership.customer"],
            name=op.f("fk_enabled_function_membership"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_enabled_function")),
        sa.UniqueConstraint(
            "actor",
            "customer",
            "function",
            "product_id",
            "enabled_by",
            name=op.f("uq_enabled_function_whose_and_what"),
        ),
    )
    op.create_index(
        op.f("ix_enabled_function_customer_enabled_by"), "enabled_function", ["customer", "enabled_by"], unique=False
    )
