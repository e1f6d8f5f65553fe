"""A process whose work hangs ends, so that it is started again; one that only fails does not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import text

from conversation.content import Content
from tests.conftest import POSTGRESQL
from tests.databases import emptied
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url

ROOT = Path(__file__).parent.parent
PATIENCE_S = 300.0


@contextlib.asynccontextmanager
async def process(
    here: Scene, folder: Path, way: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    """Run the real bot, hanging in a way; yield the process and the file of its log."""
    log, kept = folder / "log", folder / "content"
    kept.write_bytes(pickle.dumps(here.content))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TELEGRAM_BOT_TOKEN": "1:token",
        "TELEGRAM_API_URL": here.config.telegram_api_url,
        "STAFF_CHAT_ID": str(GROUP),
        "DATABASE_URL": here.config.database_url,
        "ENCRYPTION_KEYS": here.config.encryption_keys[0].get_secret_value(),
    }
    with log.open("w") as file:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.hanging", way, str(kept), cwd=folder, env=environment,
            stdout=file, stderr=file,
        )  # fmt: skip
    try:
        yield started, log
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.wait()


@pytest.mark.parametrize(
    ("way", "parts"),
    [
        ("storing never returns", ["polling"]),
        # Nothing goes on any more: any part may be the first to be found.
        ("storing blocks the loop", ["polling", "outbox", "database", "loop"]),
        ("handling never returns", ["inbox"]),
    ],
)
async def test_a_process_that_hangs_ends_by_itself_and_the_next_one_answers(
    content: Content, tmp_path: Path, way: str, parts: list[str]
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        await here.telegram.write(PERSON, PERSON, "/help")
        async with process(here, tmp_path, way) as (hanging, log), asyncio.timeout(PATIENCE_S):
            assert await hanging.wait() == os.EX_SOFTWARE
            said = log.read_text()
            assert "event='a step hangs; the process ends'" in said
            assert any(f"part='{part}'" in said for part in parts)
        assert here.messages(PERSON) == []
        async with here.bot_runs():
            await here.settled()
            assert len(here.messages(PERSON)) == 1


@pytest.mark.postgresql
async def test_a_process_whose_database_takes_a_write_and_never_answers_ends_by_itself(
    content: Content, tmp_path: Path
) -> None:
    url = os.environ[POSTGRESQL]
    database = await emptied(url)
    async with scene(content, url) as here:
        async with here.bot_runs():
            await here.writes("/help")
        async with (
            process(here, tmp_path, "not at all") as (hanging, _log),
            database.begin() as tx,
            asyncio.timeout(PATIENCE_S),
        ):
            await tx.connection.execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
            await here.telegram.write(PERSON, PERSON, "/help")
            assert await hanging.wait() == os.EX_SOFTWARE
        async with here.bot_runs():
            await here.settled()
            assert len(here.messages(PERSON)) == 2
    await database.close()


async def test_a_process_does_not_end_because_telegram_is_down(
    content: Content, tmp_path: Path
) -> None:
    failed: list[str] = []

    async def down(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        # The waits between them (1, 2, 4 and 8 s) are longer than what counts as a hang here.
        if method.lower() != "getupdates" or len(failed) == 5:
            return None
        failed.append(method)
        return web.json_response({"ok": False, "description": "Bad Gateway"}, status=502)

    async with scene(content, sqlite_url(tmp_path)) as here:
        here.server.fault = down
        await here.telegram.write(PERSON, PERSON, "/help")
        async with process(here, tmp_path, "not at all") as (serving, log):
            async with asyncio.timeout(PATIENCE_S):
                while not here.messages(PERSON):
                    assert serving.returncode is None, log.read_text()
                    await asyncio.sleep(0.05)
    assert len(failed) == 5
