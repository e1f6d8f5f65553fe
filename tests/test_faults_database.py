"""Nothing is lost when the database or the process itself fails."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import bot
from benchmarks.cluster import Cluster
from conversation.content import Content
from delivery.inbox import WAIT_S
from sandbox.telegram import User
from storage.inbox import ATTEMPTS_MAX
from storage.tables import inbox, outbox
from tests.databases import bot_process
from tests.scene import GROUP, PATIENCE_S, PERSON, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
QUESTION = "cong ty khong tra luong 3 thang roi"
# The same again and again is answered once.
QUESTIONS = (
    QUESTION,
    "bi tru tien nha nhieu qua",
    "em muon doi cong ty",
    "xin nghi phep duoc khong",
)


async def test_the_emergency_card_comes_once_while_the_database_is_locked_whoever_wrote_before(
    content: Content, tmp_path: Path
) -> None:
    other = 6010203040
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        here.telegram.add_person(User(other, "Somebody", "vi"))
        await here.writes("xin chào")
        here.news(PERSON)
        fetched: list[str] = []

        async def watch(method: str, _params: dict[str, Any]) -> None:
            fetched.extend([method] if method == "getupdates" else [])

        here.server.fault = watch
        lock = sqlite3.connect(tmp_path / "kakekomi.sqlite3", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        await here.telegram.write(other, other, QUESTION)
        await here.telegram.write(PERSON, PERSON, ALARM)
        await until(lambda: any("110" in text for text in here.texts(PERSON)))
        already = len(fetched)
        await until(lambda: len(fetched) > already + 1)
        assert len(here.news(PERSON)) == 1
        lock.execute("ROLLBACK")
        lock.close()
        await here.settled()
        assert here.find(GROUP, "ALARM")


async def test_the_emergency_card_comes_while_the_disk_is_full_and_the_group_shuts_the_bot_out(
    stage: Scene,
) -> None:
    await stage.writes("xin chào")
    assert stage.running is not None
    database = stage.running.database
    stage.group.blocked = True
    async with database.begin() as tx:
        # SQLite then takes no page more than it has.
        await tx.connection.exec_driver_sql("PRAGMA max_page_count = 1")
    await stage.telegram.write(PERSON, PERSON, f"{ALARM}. {'Em sợ lắm. ' * 300}")
    await until(lambda: any("110" in text for text in stage.texts(PERSON)))
    async with database.begin() as tx:
        await tx.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    stage.group.blocked = False
    await stage.settled()
    assert stage.find(GROUP, "ALARM")


async def test_the_bot_waits_for_a_database_that_is_locked_when_it_starts(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with here.bot_runs():
            await here.writes("/help")
        lock = sqlite3.connect(tmp_path / "kakekomi.sqlite3", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        # Longer than SQLite itself waits.
        asyncio.get_running_loop().call_later(6.0, lock.close)
        async with here.bot_runs():
            await here.writes("/help")
        assert len(here.messages(PERSON)) == 2


async def test_a_process_that_waits_for_its_turn_ends_when_told_to(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot, "load_content", lambda *_: stage.content)
    waiting = asyncio.create_task(bot.run(stage.config, in_sandbox=False))
    await asyncio.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    await stage.writes("/help")
    assert len(stage.messages(PERSON)) == 1


async def test_a_message_is_not_given_up_because_the_database_failed(
    stage: Scene, tmp_path: Path
) -> None:
    await stage.settled()
    file = tmp_path / "kakekomi.sqlite3"
    database = sqlite3.connect(file, timeout=PATIENCE_S, isolation_level=None)
    database.executescript("BEGIN IMMEDIATE; ALTER TABLE people RENAME TO away; COMMIT")
    await stage.telegram.write(PERSON, PERSON, "/help")
    # Longer than the attempts that an update has which fails by itself.
    await asyncio.sleep((ATTEMPTS_MAX + 1) * WAIT_S)
    # The lock first: an upgrade of a read that the bot's write outdates is refused at once.
    database.executescript("BEGIN IMMEDIATE; ALTER TABLE away RENAME TO people; COMMIT")
    database.close()
    await stage.settled()
    assert len(stage.messages(PERSON)) == 1


async def test_two_hundred_queued_messages_survive_kill_9(content: Content, tmp_path: Path) -> None:
    """Every message is answered and every alarm stands in the staff group."""
    people = [600_000 + number for number in range(40)]
    alarms = people[::8]
    async with scene(content, sqlite_url(tmp_path)) as here:
        for person in people:
            here.telegram.add_person(User(person, "Somebody", "vi"))
        for turn in range(5):
            for person in people:
                text = ALARM if turn == 2 and person in alarms else QUESTIONS[turn % 4]
                await here.telegram.write(person, person, text)
        async with bot_process(here.config, tmp_path) as first:
            await until(lambda: sum(len(here.messages(person)) for person in people) >= 40)
            first.kill()
            await first.wait()
        answered = sum(len(here.messages(person)) for person in people)
        assert answered < 200, "the process was killed too late for the test to say anything"
        async with bot_process(here.config, tmp_path):
            await until(lambda: all(_answers(here, person) >= 5 for person in people))
            await until(lambda: sum("ALARM" in text for text in here.texts(GROUP)) >= len(alarms))
        codes = {text.split("ALARM ")[1][:5] for text in here.texts(GROUP) if "ALARM" in text}
        assert len(codes) == len(alarms)


def _answers(here: Scene, person: int) -> int:
    return sum("Mình là Kakekomi" not in text for text in here.texts(person))


async def test_what_is_sent_leaves_no_words_behind(stage: Scene) -> None:
    await stage.writes(ALARM)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        for table in (inbox, outbox):
            rows = (await tx.connection.execute(select(table.c.sealed_body))).scalars().all()
            assert rows
            assert set(rows) == {None}


@pytest.mark.postgresql
async def test_a_postgresql_that_loses_its_power_loses_no_message(content: Content) -> None:
    cluster = Cluster()
    async with cluster.running(), scene(content, cluster.url) as here, here.bot_runs():
        await here.writes("xin chào")
        here.news(PERSON)
        async with cluster.stopped():
            await here.telegram.write(PERSON, PERSON, ALARM)
            await until(lambda: any("110" in text for text in here.texts(PERSON)))
        await until(lambda: any("ALARM" in text for text in here.texts(GROUP)))


async def test_a_bot_that_is_told_to_end_just_as_there_is_news_to_send_ends(stage: Scene) -> None:
    assert stage.running is not None
    await stage.settled()
    sending = asyncio.create_task(stage.running.outbox.run())
    # Long enough for it to find nothing to send, and to wait.
    await asyncio.sleep(0.5)
    stage.running.outbox.wake()
    sending.cancel()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait({sending})
    assert sending.cancelled()
