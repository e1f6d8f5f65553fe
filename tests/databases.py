"""Databases for tests: emptied ones, and the real program on them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import text

from config import Config
from storage.database import Database
from storage.tables import metadata

KEY = Fernet.generate_key().decode()
BOT = Path(__file__).parent.parent / "bot.py"


async def emptied(url: str) -> Database:
    """Return a database without any table."""
    database = Database(url, [KEY])
    async with database.begin() as tx:
        await tx.connection.run_sync(metadata.drop_all)
        await tx.connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    return database


async def run_tool(*command: str, folder: Path, **settings: str) -> tuple[int, str]:
    """Run a program to its end; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


@contextlib.asynccontextmanager
async def bot_process(
    config: Config, folder: Path, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `bot.py run` as a process of its own while the block runs."""
    assert config.telegram_bot_token is not None
    environment = {
        "PATH": os.environ["PATH"],
        "TELEGRAM_BOT_TOKEN": config.telegram_bot_token.get_secret_value(),
        "TELEGRAM_API_URL": config.telegram_api_url,
        "STAFF_CHAT_ID": str(config.staff_chat_id),
        "DATABASE_URL": config.database_url,
        "ENCRYPTION_KEYS": config.encryption_keys[0].get_secret_value(),
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BOT), "run", cwd=folder, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
