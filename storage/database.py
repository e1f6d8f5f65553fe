"""The engine, and transactions on it. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Insert, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from errors import ConfigError, RefusedError, StorageError, UnavailableError
from storage.vault import Vault


@dataclass(frozen=True)
class Transaction:
    """An open transaction: everything done through it happens, or nothing does."""

    connection: AsyncConnection
    vault: Vault


class Database:
    """The database of one process."""

    def __init__(self, url: str, keys: Sequence[str]) -> None:
        """`url` as DATABASE_URL, `keys` as ENCRYPTION_KEYS. Connects on first use."""
        self.vault = Vault(keys)
        self.engine = _engine(url)
        where = make_url(url)
        is_file = where.get_backend_name() == "sqlite"
        # SQLite's file; None for a database server, which many processes can work on at once.
        self.file = Path(where.database) if is_file and where.database else None

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """Open a transaction; it is committed at the end of the block, rolled back on an error.

        Raises StorageError, with the driver's error as its cause, when the database refuses what
        was asked; UnavailableError when it cannot do anything now, RefusedError when the server
        does not let us in.
        """
        try:
            async with self.engine.begin() as connection:
                yield Transaction(connection, self.vault)
        # The driver's text may hold bound values: it stays in the cause, out of the message.
        except (DataError, IntegrityError, ProgrammingError) as error:
            raise StorageError(f"the database refused: {type(error).__name__}") from error
        except (SQLAlchemyError, OSError) as error:
            if _sqlstate(error) in _REFUSED:
                raise RefusedError from error
            raise UnavailableError(f"the database failed: {type(error).__name__}") from error

    async def check_access(self) -> None:
        """Raises ConfigError when the server does not let us in, UnavailableError when the database
        cannot be reached now."""
        try:
            async with self.begin():
                return
        except RefusedError as error:
            raise ConfigError(str(error)) from None

    async def close(self) -> None:
        await self.engine.dispose()


@contextlib.asynccontextmanager
async def aside(tx: Transaction) -> AsyncIterator[None]:
    """Do the block as a part of the transaction that may fail alone: then only it is undone.

    Raises StorageError when the database refuses something in it.
    """
    try:
        async with tx.connection.begin_nested():
            yield
    except SQLAlchemyError as error:
        raise StorageError(f"the database refused a part: {type(error).__name__}") from error


def insert_new(tx: Transaction, table: Table, key: str) -> Insert:
    """Return an INSERT that leaves rows alone whose `key` (a unique column) is there already."""
    if tx.connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])


# A machine that lost its power says no goodbye: without these the server would keep its locks, and
# its half-done transactions, for two hours.
_DEAD_AFTER_11_S = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


# PostgreSQL's codes for: wrong password, not let in at all, no such database.
_REFUSED = ("28P01", "28000", "3D000")


def _sqlstate(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _engine(url: str) -> AsyncEngine:
    where = make_url(url)
    if where.get_backend_name() != "sqlite":
        return create_async_engine(
            where,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"server_settings": _DEAD_AFTER_11_S},
        )
    if where.database and where.database != ":memory:":
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)
    # SQLite has one writer. One connection makes our tasks queue fairly for it, instead of
    # meeting SQLITE_BUSY; other processes (backup, `due`) are waited for.
    engine = create_async_engine(where, hide_parameters=True, pool_size=1, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: `_begin_immediate` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
