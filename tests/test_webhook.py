"""The webhook: an update is taken once it is stored, and from Telegram alone."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from conversation.content import Content
from delivery.webhook import SECRET_HEADER
from tests.front import free_ports
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url

SECRET = "a-secret-that-only-telegram-knows"
(PORT,) = free_ports(1)
URL = f"http://127.0.0.1:{PORT}/telegram"
ALARM = "ông chủ đánh em chảy máu, cứu em với"


@pytest.fixture
async def hooked(content: Content, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene whose bot has its updates brought."""
    async with scene(content, sqlite_url(tmp_path)) as here:
        wish = {"webhook_url": URL, "webhook_secret": SecretStr(SECRET)}
        wish["listen"] = f"127.0.0.1:{PORT}"
        here.config = here.config.model_copy(update=wish)
        async with here.bot_runs():
            yield here


async def post(body: bytes, secret: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(URL, data=io.BytesIO(body), headers={SECRET_HEADER: secret}) as answer,
    ):
        return answer.status


async def test_a_trainee_is_answered_and_an_alarm_arrives_through_the_webhook(
    hooked: Scene,
) -> None:
    await hooked.writes(ALARM)
    assert hooked.find(GROUP, "ALARM")
    assert any("🆘" in text for text in hooked.texts(PERSON))


@pytest.mark.parametrize("secret", ["", "a-secret-that-somebody-guessed-wrong"])
async def test_a_forged_update_is_turned_away(hooked: Scene, secret: str) -> None:
    assert await post(b'{"update_id": 1}', secret) == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"update_id": "1"}'])
async def test_what_is_no_update_is_refused(hooked: Scene, body: bytes) -> None:
    assert await post(body, SECRET) == 400


async def test_a_body_that_is_far_too_large_is_refused(hooked: Scene) -> None:
    assert await post(b" " * (2 << 20), SECRET) == 413


async def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(
    hooked: Scene, tmp_path: Path
) -> None:
    await hooked.writes("xin chào")
    lock = sqlite3.connect(tmp_path / "kakekomi.sqlite3", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    body = b'{"update_id": 999999, "message": {"chat": {"id": 1, "type": "private"}}}'
    assert await post(body, SECRET) == 503
    await hooked.telegram.write(PERSON, PERSON, ALARM)
    lock.execute("ROLLBACK")
    lock.close()
    await hooked.settled()
    assert hooked.find(GROUP, "ALARM")
