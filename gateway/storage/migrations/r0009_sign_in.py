"""One-time passwords, sign-ins that wait for one, resets of passwords, mails, and what is known of a session's use."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEY = sa.String(36)
CODE = sa.String(40)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables, and adds to that of sessions."""
    for name, kind in (("device", sa.Text()), ("address", sa.Text()), ("last_used_at", MOMENT)):
        op.add_column("session", sa.Column(name, kind, nullable=True))
    _second_factors()
    _resets()
    op.create_table(
        "mail",
        sa.Column("key", KEY, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("locale", CODE, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail")),
    )
    op.create_index(op.f("ix_mail_due_at"), "mail", ["due_at"])


def _of_actor(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["actor"], ["actor.key"], name=op.f(f"fk_{table}_actor"), ondelete="CASCADE")


def _second_factors() -> None:
    op.create_table(
        "one_time_password",
        sa.Column("actor", KEY, nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        _of_actor("one_time_password"),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_one_time_password")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("actor", KEY, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _of_actor("recovery_code"),
        sa.PrimaryKeyConstraint("actor", "digest", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "sign_in_challenge",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _of_actor("sign_in_challenge"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_challenge")),
    )
    op.create_index(op.f("ix_sign_in_challenge_actor"), "sign_in_challenge", ["actor"])
    op.create_index(op.f("ix_sign_in_challenge_expires_at"), "sign_in_challenge", ["expires_at"])


def _resets() -> None:
    op.create_table(
        "reset_request",
        sa.Column("key", KEY, nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("locale", CODE, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reset_request")),
    )
    op.create_table(
        "password_reset",
        sa.Column("actor", KEY, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        _of_actor("password_reset"),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("digest", name=op.f("uq_password_reset_digest")),
    )
