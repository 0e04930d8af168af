"""The tables, the same on SQLite and PostgreSQL. Keys are raw UUIDs as text; a `body` is a domain object as JSON.

A change here needs a revision in `migrations/`: a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.storage.columns import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

KEY = String(36)
CODE = String(40)

actor = Table(
    "actor",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("username", Text, nullable=False),
    Column("username_folded", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("is_operator", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("erased_at", Moment),
)

actor_email = Table(
    "actor_email",
    metadata,
    Column("email_folded", Text, primary_key=True),
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("email", Text, nullable=False),
)

customer = Table(
    "customer",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("last_event", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("erased_at", Moment),
)

membership = Table(
    "membership",
    metadata,
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("role", CODE, nullable=False),
    Column("key", KEY, nullable=False, unique=True),
    Column("since", Moment, nullable=False),
    PrimaryKeyConstraint("actor", "customer"),
    Index(None, "customer", "key"),
    Index("ix_membership_customer_role", "customer", "role", "key"),
)

invitation = Table(
    "invitation",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("token_digest", Text, nullable=False, unique=True),
    Column("state", CODE, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "customer", "key"),
    Index("ix_invitation_customer_state", "customer", "state", "expires_at"),
)

contact = Table(
    "contact",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "customer", "key"),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "customer", "key"),
)

authorization = Table(
    "authorization_grant",  # AUTHORIZATION is a reserved word of PostgreSQL's
    metadata,
    Column("key", KEY, primary_key=True),
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("functions", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
    Column("conditions", Text),
    Column("granted_by", KEY),
    Column("granted_at", Moment),
    Column("revoked_at", Moment),
    Index(None, "actor", "customer"),
)

enabled_function = Table(
    "enabled_function",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, nullable=False),
    Column("actor", KEY, nullable=False),
    Column("function", CODE, nullable=False),
    Column("product_id", Text, nullable=False),  # empty for everything, so that it is part of the unique key
    Column("enabled_by", KEY, nullable=False),
    Column("enabled_at", Moment, nullable=False),
    ForeignKeyConstraint(
        ["actor", "customer"],
        ["membership.actor", "membership.customer"],
        name="fk_enabled_function_membership",
        ondelete="CASCADE",
    ),
    UniqueConstraint(
        "actor", "customer", "function", "product_id", "enabled_by", name="uq_enabled_function_whose_and_what"
    ),
    Index(None, "customer", "enabled_by"),
)

session = Table(
    "session",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("refresh_digest", Text, nullable=False),
    Column("previous_digest", Text),
    Column("rotated_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("device", Text),
    Column("address", Text),
    Column("last_used_at", Moment),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("session", KEY, ForeignKey("session.key", ondelete="CASCADE"), nullable=False, index=True),
)

provider_account = Table(
    "provider_account",
    metadata,
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("state", CODE, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("verified_at", Moment),
    PrimaryKeyConstraint("customer", "provider", "ref"),
    Index(
        "uq_provider_account_pseudonym",
        "customer",
        "provider",
        unique=True,
        sqlite_where=text("state = 'PSEUDONYMOUS'"),
        postgresql_where=text("state = 'PSEUDONYMOUS'"),
    ),
)

site = Table(
    "site",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "customer", "name"),
)

bundle = Table(
    "bundle",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("state", CODE, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
)

order = Table(
    "customer_order",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key"), nullable=False),
    Column("state", CODE, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("last_event", Integer, nullable=False),
    # What the operator looks for: since when an item is HELD, when it is due, when it last came on.
    Column("held_since", Moment),
    Column("expected_at", Moment),
    Column("progressed_at", Moment),
    Column("body", Text, nullable=False),
    Column("placed_by", KEY),
    Column("authorization", KEY),
    Column("cost", Text),
    Index(None, "authorization", "placed_at"),
    Index(None, "customer", "placed_at", "key"),
    Index(None, "is_open", "placed_at"),
    Index(None, "is_open", "progressed_at"),
    Index(  # the conditions are worded as the statements word them
        "ix_customer_order_open",
        "customer",
        "placed_at",
        "key",
        sqlite_where=text("is_open IS 1"),
        postgresql_where=text("is_open IS true"),
    ),
)

order_item = Table(
    "order_item",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("order", KEY, ForeignKey("customer_order.key", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", CODE, nullable=False),
    Column("provider", Text, nullable=False),
    Column("order_ref", Text),
    Column("product_id", Text, index=True),
    Column("body", Text, nullable=False),
    UniqueConstraint("order", "position"),
    Index(None, "provider", "order_ref"),
)

order_event = Table(
    "order_event",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("order", KEY, ForeignKey("customer_order.key"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("customer", KEY, ForeignKey("customer.key"), nullable=False),
    Column("customer_seq", Integer, nullable=False),
    Column("format", Integer, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("order_state", CODE, nullable=False),
    Column("completion_percent", Integer, nullable=False),
    Column("item_id", Text),
    Column("item_state", CODE),
    Column("reason", Text),
    Column("params", Text),
    UniqueConstraint("order", "seq"),
    UniqueConstraint("customer", "customer_seq"),
)

order_step = Table(
    "order_step",
    metadata,
    Column("order", KEY, ForeignKey("customer_order.key", ondelete="CASCADE"), nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", Text),
    Column("detail", Text, nullable=False),
    Column("inputs", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("order", "idempotency_key", "step"),
)
_is_pending = order_step.c.ended_at.is_(None)
Index("ix_order_step_pending", order_step.c.started_at, sqlite_where=_is_pending, postgresql_where=_is_pending)

idempotency = Table(
    "idempotency",
    metadata,
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("mutation", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("object_id", Text, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer", "mutation", "idempotency_key"),
)

notification = Table(
    "notification",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("customer", KEY, ForeignKey("customer.key", ondelete="CASCADE"), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("code", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("order_id", Text, index=True),
    Column("read_at", Moment),
    UniqueConstraint("customer", "order_id", "code"),
    Index(None, "customer", "occurred_at", "key"),
    # For retention. PostgreSQL would go back in time through everybody's to find one customer's newest: not by BRIN.
    Index(None, "occurred_at", postgresql_using="brin"),
)

service_client = Table(
    "service_client",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("secret_digest", Text, nullable=False),
    Column("previous_digest", Text),
    Column("previous_secret_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("ended_at", Moment),
    Column("issuer", Text),
    Column("issuer_client", Text),
    Index(None, "created_at", "key"),
    Index(
        "uq_service_client_issuer",
        "issuer",
        "issuer_client",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

provider_registration = Table(
    "provider_registration",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("owner", Text),
    Column("status", CODE, nullable=False),
    Column("effective", CODE, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("last_event", Integer, nullable=False),
    Column("activated_at", Moment),
    Column("removed_at", Moment),
    Column("claimed_by", Text),
    Column("claimed_until", Moment),
    Column("body", Text, nullable=False),
    Column("sealed_serving", Text),
    Column("sealed_pending", Text),
    Index(None, "slug"),
    Index(
        "uq_provider_registration_present_slug",
        "slug",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)

registration_event = Table(
    "registration_event",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("registration", KEY, ForeignKey("provider_registration.key"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("status", CODE, nullable=False),
    Column("check_outcome", Text),
    UniqueConstraint("registration", "seq"),
)

change_count = Table(
    "change_count",  # one row for each thing that other processes must hear of
    metadata,
    Column("name", CODE, primary_key=True),
    Column("number", Integer, nullable=False),
)

agreement = Table(
    "agreement",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("status", CODE, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "created_at", "key"),
)

agreement_party = Table(
    "agreement_party",
    metadata,
    Column("agreement", KEY, ForeignKey("agreement.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("party", Text, nullable=False),
    PrimaryKeyConstraint("party", "agreement"),
)

health_count = Table(
    "health_count",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("last_event", Integer, nullable=False),
)

health_event = Table(
    "health_event",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("capability", CODE, nullable=False),
    Column("state", CODE, nullable=False),
    Column("circuit", CODE, nullable=False),
    Column("gateway", Text, nullable=False),
    UniqueConstraint("provider", "seq"),
)

executor = Table(
    "executor",
    metadata,
    Column("id", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
    Column("is_released", Boolean, nullable=False),
)

issuer_link = Table(
    "issuer_link",
    metadata,
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False),
    Column("linked_at", Moment, nullable=False),
    PrimaryKeyConstraint("issuer", "subject"),
    UniqueConstraint("actor", "issuer"),
)

issuer_session = Table(
    "issuer_session",
    metadata,
    Column("session", KEY, ForeignKey("session.key", ondelete="CASCADE"), primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sid", Text),
    Column("id_token", Text),
    Column("operator_until", Moment),
    Index(None, "issuer", "subject"),
    Index(None, "issuer", "sid"),
)

issuer_code = Table(
    "issuer_code",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("challenge", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sid", Text),
    Column("sign_in", Text, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

issuer_logout = Table(
    "issuer_logout",
    metadata,
    Column("issuer", Text, nullable=False),
    Column("jti", Text, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    PrimaryKeyConstraint("issuer", "jti"),
)

security_event = Table(
    "security_event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("key", KEY, nullable=False, unique=True),
    Column("kind", CODE, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("actor", Text),
    Column("customer", Text),
    Column("subject", Text),
    Column("params", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("personal", Text),
    Column("previous", Text, nullable=False),
    Column("key_id", CODE, nullable=False),
    Column("digest", Text, nullable=False),
    # No part of the chain: what can be erased.
    Column("address", Text),
    Column("network", Text),
    Column("salt", Text),
    Index(None, "customer", "seq"),
    Index(None, "actor", "kind", "seq"),
    Index(None, "address", "occurred_at"),
)

security_head = Table(
    "security_head",  # one row: the newest event, up to where the rules of alarm were applied, and the anchor
    metadata,
    Column("name", CODE, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("judged", Integer, nullable=False),
    Column("anchor_seq", Integer, nullable=False),
    Column("anchor_digest", Text, nullable=False),
    Column("anchor_key_id", CODE),
    Column("anchor_seal", Text),
)

one_time_password = Table(
    "one_time_password",
    metadata,
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), primary_key=True),
    Column("sealed_secret", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("last_step", BigInteger),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("actor", "digest"),
)

sign_in_challenge = Table(
    "sign_in_challenge",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
)

reset_request = Table(
    "reset_request",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("username", Text),
    Column("email", Text),
    Column("locale", CODE, nullable=False),
    Column("asked_at", Moment, nullable=False),
)

password_reset = Table(
    "password_reset",
    metadata,
    Column("actor", KEY, ForeignKey("actor.key", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

mail = Table(
    "mail",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("kind", CODE, nullable=False),
    Column("locale", CODE, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
)
