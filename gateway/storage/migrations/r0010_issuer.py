"""The operator's own identity provider: links of accounts, sessions, codes and logouts; and clients that it knows."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

KEY = sa.String(36)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the four tables, and the clients' two columns."""
    _links_and_sessions()
    _codes_and_logouts()
    op.add_column("service_client", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("service_client", sa.Column("issuer_client", sa.Text(), nullable=True))
    op.create_index(
        "uq_service_client_issuer",
        "service_client",
        ["issuer", "issuer_client"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _links_and_sessions() -> None:
    op.create_table(
        "issuer_link",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["actor.key"], name=op.f("fk_issuer_link_actor"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_issuer_link")),
        sa.UniqueConstraint("actor", "issuer", name=op.f("uq_issuer_link_actor_issuer")),
    )
    op.create_table(
        "issuer_session",
        sa.Column("session", KEY, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("operator_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["session"], ["session.key"], name=op.f("fk_issuer_session_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_issuer_session")),
    )
    op.create_index(op.f("ix_issuer_session_issuer_subject"), "issuer_session", ["issuer", "subject"], unique=False)
    op.create_index(op.f("ix_issuer_session_issuer_sid"), "issuer_session", ["issuer", "sid"], unique=False)


def _codes_and_logouts() -> None:
    op.create_table(
        "issuer_code",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("sign_in", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_issuer_code")),
    )
    op.create_index(op.f("ix_issuer_code_expires_at"), "issuer_code", ["expires_at"], unique=False)
    op.create_table(
        "issuer_logout",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name=op.f("pk_issuer_logout")),
    )
    op.create_index(op.f("ix_issuer_logout_expires_at"), "issuer_logout", ["expires_at"], unique=False)
