"""What the operator looks for: which orders are HELD or late, which stand still, and what each step sent."""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)
_IS_PENDING = sa.text("ended_at IS NULL")
ORDER = sa.table(
    "customer_order",
    sa.column("key", sa.String(36)),
    sa.column("is_open", sa.Boolean()),
    sa.column("placed_at", MOMENT),
    sa.column("held_since", MOMENT),
    sa.column("expected_at", MOMENT),
    sa.column("progressed_at", MOMENT),
    sa.column("body", sa.Text()),
)
ITEM = sa.table("order_item", sa.column("order", sa.String(36)), sa.column("body", sa.Text()))


def upgrade() -> None:
    """Adds the columns, fills them for the open orders, and makes the indexes."""
    # One by one: SQLite would copy the table for more, and take the items of its orders with the old one.
    for name in ("held_since", "expected_at", "progressed_at"):
        op.add_column("customer_order", sa.Column(name, MOMENT))
    op.add_column("order_step", sa.Column("inputs", sa.Text(), nullable=False, server_default="{}"))
    _fill(op.get_bind())
    op.create_index("ix_customer_order_is_open_progressed_at", "customer_order", ["is_open", "progressed_at"])
    op.create_index(
        "ix_order_step_pending",
        "order_step",
        ["started_at"],
        sqlite_where=_IS_PENDING,
        postgresql_where=_IS_PENDING,
    )


def _fill(connection: sa.Connection) -> None:
    """Of a done order nobody asks when it was held."""
    for key, body in connection.execute(sa.select(ORDER.c.key, ORDER.c.body).where(ORDER.c.is_open)).all():
        bodies = connection.execute(sa.select(ITEM.c.body).where(ITEM.c.order == key)).scalars()
        values = _values(json.loads(body), [json.loads(each) for each in bodies])
        connection.execute(sa.update(ORDER).where(ORDER.c.key == key).values(**values))


def _values(order: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, datetime | None]:
    holds = [_moment(item["hold"]["since"]) for item in items if item.get("hold")]
    begun = [order["placed_at"], *(item["phase_since"] for item in items), order.get("requested_start_at")]
    expected = order.get("expected_completion_at")
    return {
        "held_since": min(holds, default=None),
        "expected_at": _moment(expected) if expected else None,
        "progressed_at": max(_moment(each) for each in begun if each),
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
