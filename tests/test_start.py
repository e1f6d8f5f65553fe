"""The start: what mends itself is waited for, what only a human can mend is said, once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy.engine import make_url

import service
from conversation.content import Content
from delivery import webhook
from errors import ConfigError
from tests.conftest import POSTGRESQL
from tests.databases import BOT, KEY, run_tool
from tests.front import free_ports
from tests.scene import PERSON, Scene, scene, sqlite_url, until

UNIT = Path(__file__).parent.parent / "deploy" / "kakekomi.service"


class Turnstile:
    """A PostgreSQL server that lets nobody in, and says why by the code of an error."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate
        self.asked = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve while the block runs; yield the DATABASE_URL."""
        server = await asyncio.start_server(self._refuse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"postgresql+asyncpg://kakekomi:SentinelPassword@127.0.0.1:{port}/kakekomi"
        finally:
            server.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._message(reader)
        # The first message asked for encryption; the next one is the name and the database.
        writer.write(b"N")
        await self._message(reader)
        self.asked += 1
        fields = (b"SFATAL", b"VFATAL", b"C" + self.sqlstate.encode(), b"Mno", b"")
        body = b"\0".join(fields) + b"\0"
        writer.write(b"E" + struct.pack("!i", len(body) + 4) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @staticmethod
    async def _message(reader: asyncio.StreamReader) -> None:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        await reader.readexactly(length - 4)


def on(here: Scene, url: str) -> Scene:
    here.config = here.config.model_copy(update={"database_url": url})
    return here


WRONG_PASSWORD, NO_SUCH_DATABASE, STARTING_UP = "28P01", "3D000", "57P03"


@pytest.mark.parametrize("sqlstate", [WRONG_PASSWORD, NO_SUCH_DATABASE])
async def test_a_bot_that_postgresql_does_not_let_in_says_what_to_do_and_does_not_start(
    content: Content, tmp_path: Path, sqlstate: str
) -> None:
    turnstile = Turnstile(sqlstate)
    async with scene(content, sqlite_url(tmp_path)) as here, turnstile.open() as url:
        with pytest.raises(ConfigError, match="DATABASE_URL: PostgreSQL refuses") as caught:
            async with on(here, url).bot_runs():
                pass
    assert turnstile.asked == 1
    assert "SentinelPassword" not in str(caught.value)


async def test_a_postgresql_that_is_starting_up_is_waited_for(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "DATABASE_AGAIN_S", 0.05)
    turnstile = Turnstile(STARTING_UP)

    async def run(here: Scene) -> None:
        async with here.bot_runs():
            pass

    async with scene(content, sqlite_url(tmp_path)) as here, turnstile.open() as url:
        waiting = asyncio.create_task(run(on(here, url)))
        await until(lambda: turnstile.asked > 2)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "change", [{"database": "there_is_no_such_database"}, {"username": "nobody_of_that_name"}]
)
async def test_a_real_postgresql_that_knows_no_such_database_or_name_is_a_wrong_setting(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    url = make_url(os.environ[POSTGRESQL]).set(**change).render_as_string(hide_password=False)
    code, said = await run_tool(
        sys.executable, str(BOT), "migrate", folder=tmp_path, DATABASE_URL=url, ENCRYPTION_KEYS=KEY
    )
    assert code == os.EX_CONFIG
    assert "DATABASE_URL: PostgreSQL refuses" in said


async def test_what_only_a_human_can_mend_ends_with_a_code_on_which_systemd_does_not_start_again(
    tmp_path: Path,
) -> None:
    code, said = await run_tool(
        sys.executable, str(BOT), "run", folder=tmp_path, METRICS_LISTEN="0.0.0.0:9464"
    )
    assert "METRICS_LISTEN" in said
    assert f"RestartPreventExitStatus={code}\n" in UNIT.read_text(encoding="utf-8")
    assert code == os.EX_CONFIG


async def test_telegram_is_told_of_the_webhook_as_soon_as_it_listens(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "SET_AGAIN_S", 0.05)
    left = ["one", "two"]

    async def down(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method != "setWebhook" or not left:
            return None
        left.pop()
        return web.json_response({"ok": False, "description": "Bad Gateway"}, status=502)

    async with scene(content, sqlite_url(tmp_path)) as here:
        (port,) = free_ports(1)
        wish = {
            "webhook_url": f"http://127.0.0.1:{port}/telegram",
            "webhook_secret": SecretStr("a-secret-that-only-telegram-knows"),
            "listen": f"127.0.0.1:{port}",
        }
        here.config = here.config.model_copy(update=wish)
        here.server.fault = down
        async with here.bot_runs():
            await here.writes("/help")
            assert len(here.messages(PERSON)) == 1
        assert not left
