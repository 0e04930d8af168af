"""Members with an id and a date, invitations, and the customer's contacts and subscribers."""

import sqlalchemy as sa
from alembic import op
from uuid_utils import uuid7

revision = "0008"
down_revision = "0007"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Gives each membership a key, and the day of its customer; makes the new tables."""
    op.add_column("customer", sa.Column("closed_at", MOMENT, nullable=True))
    _renew_memberships()
    _make_invitations()
    for name in ("contact", "subscriber"):
        _make_record(name)


def _renew_memberships() -> None:
    op.add_column("membership", sa.Column("key", KEY, nullable=True))
    op.add_column("membership", sa.Column("since", MOMENT, nullable=True))
    membership = sa.table("membership", *(sa.column(name) for name in ("actor", "customer", "key", "since")))
    customer = sa.table("customer", sa.column("key"), sa.column("created_at"))
    connection, is_of = op.get_bind(), customer.c.key == membership.c.customer
    connection.execute(
        membership.update().values(since=sa.select(customer.c.created_at).where(is_of).scalar_subquery())
    )
    oldest_first = sa.select(membership.c.actor, membership.c.customer).order_by(
        membership.c.since, membership.c.customer, membership.c.actor
    )
    for actor, of_customer in connection.execute(oldest_first).all():
        is_meant = (membership.c.actor == actor) & (membership.c.customer == of_customer)
        connection.execute(membership.update().where(is_meant).values(key=str(uuid7())))
    with op.batch_alter_table("membership") as changed:
        changed.alter_column("key", existing_type=KEY, nullable=False)
        changed.alter_column("since", existing_type=MOMENT, nullable=False)
        changed.create_unique_constraint(op.f("uq_membership_key"), ["key"])
        changed.drop_index(op.f("ix_membership_customer"))
    op.create_index(op.f("ix_membership_customer_key"), "membership", ["customer", "key"], unique=False)
    op.create_index("ix_membership_customer_role", "membership", ["customer", "role", "key"], unique=False)


def _make_invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.key"], name=op.f("fk_invitation_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_invitation_token_digest")),
    )
    op.create_index(op.f("ix_invitation_customer_key"), "invitation", ["customer", "key"], unique=False)
    op.create_index("ix_invitation_customer_state", "invitation", ["customer", "state", "expires_at"], unique=False)


def _make_record(name: str) -> None:
    op.create_table(
        name,
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.key"], name=op.f(f"fk_{name}_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_customer_key"), name, ["customer", "key"], unique=False)
