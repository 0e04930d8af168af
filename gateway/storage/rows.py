"""One transaction's connection, and the few statements that the repositories share."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Row, Table, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Starter = Callable[[Connection, str], None]


@functools.cache
def _replacing(insert: Any, table: Table, names: tuple[str, ...]) -> Executable:
    """Made once for the columns that a repository writes: to build it costs more than to run it."""
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    replacing: Executable = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return replacing


class Rows:
    """Statements in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self._insert: Any = sqlite.insert if self.dialect == "sqlite" else postgresql.insert

    async def all(self, statement: Executable, **values: object) -> Sequence[Row[Any]]:
        """Every row; `values` are those of the statement's parameters."""
        return (await self.connection.execute(statement, values)).all()

    async def first(self, statement: Executable, **values: object) -> Row[Any] | None:
        """The first row, None where there is none."""
        return (await self.connection.execute(statement, values)).first()

    async def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Runs a change; returns how many rows it touched."""
        # One row alone is sent as a statement of its own: less is asked of the driver than for a list.
        given = rows[0] if rows and len(rows) == 1 else rows
        result: CursorResult[Any] = await self.connection.execute(statement, given)
        return result.rowcount

    async def add_new(self, table: Table, **values: object) -> bool:
        """Inserts a row; False when one of its unique keys is taken (nothing changed)."""
        statement = self._insert(table).values(**values).on_conflict_do_nothing().returning(literal(1))
        return await self.first(statement) is not None

    async def put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts these rows, or replaces those of the same primary key."""
        await self.run(_replacing(self._insert, table, tuple(rows[0])), rows)

    async def count_up(self, table: Table, name: str) -> None:
        """Raises the number of that name by one; the row stays locked until the transaction ends."""
        number = table.c.number
        statement = self._insert(table).values(name=name, number=1)
        await self.run(statement.on_conflict_do_update(index_elements=["name"], set_={"number": number + 1}))
