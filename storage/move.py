"""Moving to another database: every row as it is, sealed values under the same keys."""

from __future__ import annotations

from sqlalchemy import func, insert, select

from errors import StorageError
from storage.database import Transaction
from storage.tables import metadata

# So many rows are in memory at once.
ROWS_AT_ONCE = 500


async def copy_all(source: Transaction, target: Transaction) -> dict[str, int]:
    """Copy every table into an empty database of the same schema; return how many rows of each.

    Nothing else may write to either meanwhile. Raises StorageError, having copied nothing, when
    the target holds anything.
    """
    for table in metadata.sorted_tables:
        count = select(func.count()).select_from(table)
        if (await target.connection.execute(count)).scalar_one():
            raise StorageError(
                f"the database to move to is not empty: {table.name} holds rows. "
                "Make a new one for the move; nothing was changed"
            )
    counts = {}
    for table in metadata.sorted_tables:
        counts[table.name] = 0
        async with source.connection.stream(select(table)) as rows:
            async for some in rows.mappings().partitions(ROWS_AT_ONCE):
                await target.connection.execute(insert(table), [dict(row) for row in some])
                counts[table.name] += len(some)
    await _number_on(target)
    return counts


async def _number_on(target: Transaction) -> None:
    """Let new rows be numbered after those that came with their numbers.

    SQLite does so by itself, PostgreSQL counts apart from the table.
    """
    if target.connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if "id" in table.columns and table.autoincrement_column is not None:
            last = select(
                func.setval(func.pg_get_serial_sequence(table.name, "id"), func.max(table.c.id))
            )
            await target.connection.execute(last.having(func.max(table.c.id) > 0))
