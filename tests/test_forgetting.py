"""What is kept is kept for a stated time, and whoever wants to be forgotten is."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

from sqlalchemy import select

from conversation.content import Content
from storage.database import Database
from storage.people import find_person
from storage.purge import PEOPLE_KEPT, POSTS_KEPT, RECENT_KEPT, purge
from storage.tables import (
    case_events,
    cases,
    inbox,
    message_pairs,
    outbox,
    people,
    staff_posts,
)
from tests.scene import GROUP, PERSON, Scene, no_copy_arrives, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"


async def forget(here: Scene) -> None:
    await here.writes("/forget")
    await here.presses("Ừ, xoá hết")


def database_of(here: Scene) -> Database:
    assert here.running is not None
    return here.running.database


def raw_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_whoever_is_forgotten_is_a_stranger_also_after_a_restart(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with here.bot_runs():
            await here.writes(ALARM)
            await forget(here)
            assert "Xoá xong" in here.texts(PERSON)[-1]
            assert here.find(GROUP, "erased")
        async with here.bot_runs():
            async with database_of(here).begin() as tx:
                assert await find_person(tx, PERSON) is None
            await here.writes("xin chào")
            assert "Mình là Kakekomi" in here.texts(PERSON)[-2]


async def test_words_on_their_way_to_the_group_while_their_writer_is_forgotten_are_deleted(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    async with no_copy_arrives(stage):
        for text in ("công ty ở Gifu", "/forget"):
            await stage.telegram.write(PERSON, PERSON, text)
        await until(lambda: "Ừ, xoá hết" in str(stage.messages(PERSON)[-1]))
        message_id, data = stage.button(PERSON, "Ừ, xoá hết")
        await stage.telegram.press(PERSON, PERSON, message_id, data)
        await until(lambda: "Xoá xong" in stage.texts(PERSON)[-1])
    assert "Gifu" not in str(stage.texts(GROUP))


async def test_nothing_leads_back_to_somebody_who_was_forgotten(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        await here.writes(ALARM)
        await here.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
        database = database_of(here)
        async with database.begin() as tx:
            sealed = (await tx.connection.execute(select(people.c.sealed_chat_id))).scalar_one()
        traces = [database.vault.hash(PERSON).encode(), sealed.encode()]
        await forget(here)
        async with database.begin() as tx:
            for table in (people, staff_posts, message_pairs):
                assert (await tx.connection.execute(select(table))).all() == []
            lanes = [*(await tx.connection.execute(select(inbox.c.lane))).scalars()]
            lanes += (await tx.connection.execute(select(outbox.c.lane))).scalars()
        assert set(lanes) == {"erased", "staff", database.vault.hash(GROUP)}
        with sqlite3.connect(tmp_path / "kakekomi.sqlite3") as plain:
            plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            plain.execute("VACUUM")
        plain.close()
        raw = raw_files(tmp_path)
        assert [trace for trace in traces if trace in raw] == []


async def test_the_case_of_somebody_who_was_forgotten_stays_as_a_count(stage: Scene) -> None:
    await stage.writes(ALARM)
    await forget(stage)
    async with database_of(stage).begin() as tx:
        (case,) = (await tx.connection.execute(select(cases))).all()
        events = (await tx.connection.execute(select(case_events.c.event))).scalars().all()
    assert (case.person_id, case.state, case.urgent_kind) == (None, "closed", "violence")
    assert events == ["open", "erase"]


async def test_the_volunteers_copies_are_deleted_with_the_person(stage: Scene) -> None:
    await stage.writes(ALARM)
    assert stage.find(GROUP, "cứu em với")
    await forget(stage)
    assert not any("cứu em với" in text for text in stage.texts(GROUP))


async def test_a_reply_to_somebody_who_was_forgotten_goes_nowhere_and_volunteers_are_told(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await forget(stage)
    before = len(stage.messages(PERSON))
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    assert len(stage.messages(PERSON)) == before
    assert stage.find(GROUP, "nobody got this reply")


async def test_whoever_thinks_again_is_not_forgotten(stage: Scene) -> None:
    await stage.writes("xin chào")
    await stage.writes("/forget")
    await stage.presses("Không")
    async with database_of(stage).begin() as tx:
        assert await find_person(tx, PERSON) is not None


async def test_somebody_sees_everything_that_is_kept_about_them(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.writes("/mydata")
    shown = stage.texts(PERSON)[-1]
    assert "Tiếng Việt" in shown
    assert "đang chờ tình nguyện viên" in shown
    assert "/forget" in shown


async def test_what_is_kept_is_kept_for_its_time(stage: Scene) -> None:
    await stage.writes("xin chào")
    await stage.writes("lương tháng này")
    later = stage.clock() + dt.timedelta(minutes=1)
    async with database_of(stage).begin() as tx:
        assert (await purge(tx, later))["last messages"] == 0
        assert (await purge(tx, later + RECENT_KEPT))["last messages"] == 1
        assert (await purge(tx, later + PEOPLE_KEPT))["people"] == 1
        assert await find_person(tx, PERSON) is None


async def test_somebody_with_an_open_case_is_never_forgotten_by_the_clock(stage: Scene) -> None:
    await stage.writes(ALARM)
    later = stage.clock() + PEOPLE_KEPT + dt.timedelta(days=1)
    async with database_of(stage).begin() as tx:
        gone = await purge(tx, later)
        assert gone["people"] == 0
        assert gone["posts of closed cases"] == 0
        assert gone["pairs of messages"] == 0
    await stage.volunteer_closes("Hana")
    async with database_of(stage).begin() as tx:
        gone = await purge(tx, stage.clock() + POSTS_KEPT + dt.timedelta(days=1))
        assert gone["posts of closed cases"] > 0
        assert gone["pairs of messages"] > 0
