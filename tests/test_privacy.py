"""The person stays unknown: in logs, in the database, in the group."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import pytest

import logs
from conversation.content import Content
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url

WORDS = "ông chủ đánh em ở xưởng Sentinelopolis"
SENTINELS = ("Sentinel", "sentinel_name", "Sentinelopolis", str(PERSON))


async def test_no_log_line_at_any_level_holds_a_person_s_words_name_or_id(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.set_up_logs(("1:token",), level=logging.DEBUG)
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        await here.writes(WORDS)
        await _send_something_of_a_new_shape(here)
        here.telegram.chats[PERSON].blocked = True
        await here.volunteer_replies("Hana", "Sentinel, are you safe?", to="ALARM")
    lines = written.getvalue()
    logs.set_up_logs(())
    assert "not sent" in lines
    assert "a shape that is not known" in lines
    assert "1:token" not in lines
    for sentinel in SENTINELS:
        assert not re.search(rf"\b{sentinel}\b", lines), sentinel


async def _send_something_of_a_new_shape(here: Scene) -> None:
    content = {"poll": {"id": "Sentinelopolis"}}
    await here.telegram.write(PERSON, PERSON, content=content)
    await here.settled()


async def test_a_stolen_database_shows_no_word_and_no_id(content: Content, tmp_path: Path) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        await here.writes(WORDS)
        await here.volunteer_replies("Hana", "Sentinel, are you safe?", to="ALARM")
        await here.writes("/human")
        raw = _raw(tmp_path)
    assert len(raw) > 10_000
    for sentinel in SENTINELS:
        assert sentinel.encode() not in raw, sentinel


def _raw(folder: Path) -> bytes:
    """Return the database as a thief would have it, its log of changes included."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_group_never_sees_who_writes(stage: Scene) -> None:
    await stage.writes(WORDS)
    await stage.presses("Đừng chuyển nữa")
    shown = str(stage.messages(GROUP))
    assert "Sentinelopolis" in shown
    assert "sentinel_name" not in shown
    assert "Nguyễn" not in shown


def test_an_error_of_a_library_is_logged_without_what_it_quotes() -> None:
    with pytest.raises(ValueError, match="Sentinel") as caught:
        int("she wrote Sentinel")
    described = logs.describe(caught.value)
    assert described.startswith("ValueError @ test_privacy.py")
    assert "Sentinel" not in described
