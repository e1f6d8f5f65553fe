"""The person stays unknown: in logs, in the database, in the group."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sqlite3
from pathlib import Path

import pytest

import logs
from cases.deadlines import RUNG_TOP
from conversation.content import Content
from sandbox.telegram import User
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url

WORDS = "ông chủ đánh em ở xưởng Sentinelopolis"
# Everything that people and volunteers bring with them: each must stay out of logs and files.
VOLUNTEER = User(6010203040, "SentinelVolunteer", username="sentinel_volunteer")
SENTINELS = (
    "Sentinel",
    "sentinel_name",
    "SentinelSurname",
    "Sentinelopolis",
    "SentinelCaption",
    "SentinelEdited",
    "SentinelPayload",
    "SentinelButton",
    "SentinelReply",
    "SentinelNote",
    str(PERSON),
    "SentinelVolunteer",
    "sentinel_volunteer",
    str(VOLUNTEER.id),
)


async def everybody_says_something(here: Scene) -> None:
    """A trainee and a volunteer do all that puts words, names and ids into an update."""
    here.telegram.users[VOLUNTEER.id] = VOLUNTEER
    here.group.members.add(VOLUNTEER.id)
    sender = here.telegram.users[PERSON].as_json() | {"last_name": "SentinelSurname"}
    await here.writes("/start SentinelPayload")
    await here.sends({"from": sender, "photo": [], "caption": "SentinelCaption"})
    written = await here.writes(WORDS)
    await here.telegram.edit(PERSON, written, "nó vẫn đánh em, SentinelEdited")
    await here.settled()
    here.group.administrators.add(VOLUNTEER.id)
    for _ in range(RUNG_TOP):
        await here.minutes_pass(5)
    card, _ = here.button(PERSON, "🆘")
    await here.telegram.press(PERSON, PERSON, card, "topic:SentinelButton")
    alert, data = here.button(GROUP, "Claim")
    await here.telegram.press(GROUP, VOLUNTEER.id, alert, data)
    await here.settled()
    await here.minutes_pass(30)
    alert, data = here.button(GROUP, "Claim")
    await here.telegram.press(GROUP, VOLUNTEER.id, alert, data)
    topic = max(here.group.topics)
    await here.telegram.write(
        GROUP, VOLUNTEER.id, "SentinelReply, are you safe?", reply_to=alert, topic_id=topic
    )
    await here.telegram.write(GROUP, VOLUNTEER.id, "SentinelNote", topic_id=topic)
    await here.settled()


def found_in(where: str | bytes) -> list[str]:
    """Return the sentinels that stand in a text, as whole words, or anywhere in raw bytes."""
    if isinstance(where, bytes):
        return [each for each in SENTINELS if each.encode() in where]
    return [each for each in SENTINELS if re.search(rf"\b{each}\b", where)]


async def test_no_log_line_at_any_level_holds_a_person_s_words_name_or_id(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.set_up_logs(("1:token",), level=logging.DEBUG)
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        await everybody_says_something(here)
        await _send_something_of_a_new_shape(here)
        here.telegram.chats[PERSON].blocked = True
        await here.volunteer_replies("Hana", "SentinelReply, answer me", to="ALARM")
    lines = written.getvalue()
    logs.set_up_logs(())
    assert "not sent" in lines
    assert "a shape that is not known" in lines
    assert "1:token" not in lines
    assert found_in(lines) == []


async def _send_something_of_a_new_shape(here: Scene) -> None:
    content = {"poll": {"id": "Sentinelopolis"}}
    await here.telegram.write(PERSON, PERSON, content=content)
    await here.settled()


async def test_a_stolen_database_or_backup_shows_no_word_no_name_and_no_id(
    content: Content, tmp_path: Path
) -> None:
    files, backup = tmp_path / "files", tmp_path / "backup.sqlite3"
    async with scene(content, sqlite_url(files)) as here, here.bot_runs():
        await everybody_says_something(here)
        assert "SentinelVolunteer has it." in here.find(GROUP, "has it.")["text"]
        assert "SentinelVolunteer" in here.find(GROUP, "Administrators")["text"]
        assert "SentinelVolunteer did not reply" in here.find(GROUP, "did not reply")["text"]
        assert "SentinelReply" in here.texts(PERSON)[-1]
        # As a thief has it while the bot runs: its log of changes included.
        assert (files / "kakekomi.sqlite3-wal").stat().st_size > 0
        raw = b"".join(path.read_bytes() for path in files.iterdir())
        with contextlib.closing(sqlite3.connect(files / "kakekomi.sqlite3")) as copied:
            copied.execute("VACUUM INTO ?", (str(backup),))
    assert min(len(raw), len(backup.read_bytes())) > 10_000
    assert found_in(raw) == []
    assert found_in(backup.read_bytes()) == []


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
