"""Baseline: accounts and sessions, bundles, orders with their events and steps, idempotency keys, the inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes every table of the first release."""
    op.create_table(
        "actor",
        sa.Column("key", KEY, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_folded", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_actor")),
        sa.UniqueConstraint("username_folded", name=op.f("uq_actor_username_folded")),
    )
    op.create_table(
        "customer",
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_customer")),
    )
    op.create_table(
        "actor_email",
        sa.Column("email_folded", sa.Text(), nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actor.key"], name=op.f("fk_actor_email_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("email_folded", name=op.f("pk_actor_email")),
    )
    op.create_index(op.f("ix_actor_email_actor"), "actor_email", ["actor"], unique=False)
    op.create_table(
        "authorization_grant",
        sa.Column("key", KEY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("functions", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["actor"], ["actor.key"], name=op.f("fk_authorization_grant_actor"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.key"], name=op.f("fk_authorization_grant_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_authorization_grant")),
    )
    op.create_index(
        op.f("ix_authorization_grant_actor_customer"), "authorization_grant", ["actor", "customer"], unique=False
    )
    op.create_index(op.f("ix_authorization_grant_customer"), "authorization_grant", ["customer"], unique=False)
    op.create_table(
        "bundle",
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.key"], name=op.f("fk_bundle_customer")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bundle")),
    )
    op.create_index(op.f("ix_bundle_customer"), "bundle", ["customer"], unique=False)
    op.create_table(
        "customer_order",
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.key"], name=op.f("fk_customer_order_customer")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_customer_order")),
    )
    op.create_index(
        op.f("ix_customer_order_customer_placed_at_key"),
        "customer_order",
        ["customer", "placed_at", "key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_customer_order_is_open_placed_at"), "customer_order", ["is_open", "placed_at"], unique=False
    )
    op.create_table(
        "idempotency",
        sa.Column("customer", KEY, nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("input_digest", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.key"], name=op.f("fk_idempotency_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer", "mutation", "idempotency_key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "membership",
        sa.Column("actor", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("role", CODE, nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actor.key"], name=op.f("fk_membership_actor"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.key"], name=op.f("fk_membership_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("actor", "customer", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_customer"), "membership", ["customer"], unique=False)
    op.create_table(
        "notification",
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.key"], name=op.f("fk_notification_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notification")),
        sa.UniqueConstraint("customer", "order_id", "code", name=op.f("uq_notification_customer_order_id_code")),
    )
    op.create_index(
        op.f("ix_notification_customer_occurred_at_key"),
        "notification",
        ["customer", "occurred_at", "key"],
        unique=False,
    )
    op.create_table(
        "provider_account",
        sa.Column("customer", KEY, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.key"], name=op.f("fk_provider_account_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer", "provider", "ref", name=op.f("pk_provider_account")),
    )
    op.create_index(
        "uq_provider_account_pseudonym",
        "provider_account",
        ["customer", "provider"],
        unique=True,
        sqlite_where=sa.text("state = 'PSEUDONYMOUS'"),
        postgresql_where=sa.text("state = 'PSEUDONYMOUS'"),
    )
    op.create_table(
        "session",
        sa.Column("key", KEY, nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("refresh_digest", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.Text(), nullable=True),
        sa.Column("rotated_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["actor"], ["actor.key"], name=op.f("fk_session_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_actor"), "session", ["actor"], unique=False)
    op.create_table(
        "site",
        sa.Column("key", KEY, nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.key"], name=op.f("fk_site_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_site")),
    )
    op.create_index(op.f("ix_site_customer_name"), "site", ["customer", "name"], unique=False)
    op.create_table(
        "order_event",
        sa.Column("key", KEY, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("customer", KEY, nullable=False),
        sa.Column("customer_seq", sa.Integer(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("order_state", CODE, nullable=False),
        sa.Column("completion_percent", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("item_state", CODE, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("params", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customer.key"], name=op.f("fk_order_event_customer")),
        sa.ForeignKeyConstraint(["order"], ["customer_order.key"], name=op.f("fk_order_event_order")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_event")),
        sa.UniqueConstraint("customer", "customer_seq", name=op.f("uq_order_event_customer_customer_seq")),
        sa.UniqueConstraint("order", "seq", name=op.f("uq_order_event_order_seq")),
    )
    op.create_table(
        "order_item",
        sa.Column("key", KEY, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("order_ref", sa.Text(), nullable=True),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order"], ["customer_order.key"], name=op.f("fk_order_item_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_item")),
        sa.UniqueConstraint("order", "position", name=op.f("uq_order_item_order_position")),
    )
    op.create_index(op.f("ix_order_item_product_id"), "order_item", ["product_id"], unique=False)
    op.create_index(op.f("ix_order_item_provider_order_ref"), "order_item", ["provider", "order_ref"], unique=False)
    op.create_table(
        "order_step",
        sa.Column("order", KEY, nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order"], ["customer_order.key"], name=op.f("fk_order_step_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order", "idempotency_key", "step", name=op.f("pk_order_step")),
    )
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("session", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["session.key"], name=op.f("fk_refresh_token_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_token")),
    )
    op.create_index(op.f("ix_refresh_token_session"), "refresh_token", ["session"], unique=False)
