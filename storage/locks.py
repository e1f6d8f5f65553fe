"""Work that one process does at a time: whoever holds the name does it, the others wait.

A lock goes with its process: when that dies, the next one has it within a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import fcntl
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database

TRY_AGAIN_S = 0.5
# The clocks of two machines differ by less.
CLOCKS_DIFFER = dt.timedelta(seconds=10)

Held = Callable[[], Awaitable[bool]]


@contextlib.asynccontextmanager
async def holding(database: Database, name: str) -> AsyncIterator[Held]:
    """Wait for the lock of this name, and hold it while the block runs.

    Yields a question: whether it is still held (a lost connection to PostgreSQL loses it).
    """
    holder = _holding_file if database.file else _holding_row
    async with holder(database, name) as held:
        yield held


@contextlib.asynccontextmanager
async def _holding_file(database: Database, name: str) -> AsyncIterator[Held]:
    assert database.file is not None
    path = Path(f"{database.file}.{name}.lock")
    with path.open("w") as file:  # noqa: ASYNC230 - an empty file on the disk of the database
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(TRY_AGAIN_S)
        yield _always


async def _always() -> bool:
    return True


@contextlib.asynccontextmanager
async def _holding_row(database: Database, name: str) -> AsyncIterator[Held]:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    # PostgreSQL tells nobody when a lock becomes free.
    while (connection := await _connection_with_lock(database, number)) is None:  # noqa: ASYNC110
        await asyncio.sleep(TRY_AGAIN_S)

    async def held() -> bool:
        with contextlib.suppress(SQLAlchemyError, OSError):
            await connection.execute(text("SELECT 1"))
            await connection.commit()
            return True
        return False

    try:
        yield held
    finally:
        # The session ends with its connection, and with it the lock.
        with contextlib.suppress(SQLAlchemyError, OSError):
            await connection.invalidate()
            await connection.close()


async def _connection_with_lock(database: Database, number: int) -> AsyncConnection | None:
    """Return a connection whose session has the lock; None when another one has it."""
    with contextlib.suppress(SQLAlchemyError, OSError):
        connection = await database.engine.connect()
        query = text("SELECT pg_try_advisory_lock(:number)")
        if (await connection.execute(query, {"number": number})).scalar_one():
            await connection.commit()
            return connection
        await connection.close()
    return None
