"""Nobody answers: leases run out and alarms climb, whatever stops, hangs or comes at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from cases.lifecycle import step
from cases.model import Case, Claim, Event
from conversation.content import Content
from desk import ladder
from desk.ladder import Ladder
from errors import StorageError
from storage.cases import case_by_code, locked_case, save_step
from storage.migrate import migrate
from storage.outbox import Outgoing, Purpose, enqueue, first_of_staff
from storage.outcomes import mark_sent
from storage.tables import case_events
from tests.conftest import POSTGRESQL
from tests.databases import emptied
from tests.limits import LIMITS
from tests.scene import GROUP, NOW, PERSON, VOLUNTEERS, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
NOBODY_YET = "Chưa có tình nguyện viên nào trả lời bạn"
# The rungs of violence.
RUNGS_MIN = (5, 10, 15)
RUNGS = ("still waits", "NOBODY has answered", "NOBODY for")


def times(here: Scene, chat: int, text: str) -> int:
    """Return in how many of the bot's messages in a chat a text stands."""
    return sum(text in each for each in here.texts(chat))


def said_once(here: Scene, text: str) -> bool:
    return times(here, GROUP, text) == 1


def labels(here: Scene, text: str) -> str:
    """Return the buttons below the newest message of the group that holds `text`."""
    return str(here.find(GROUP, text).get("reply_markup"))


def code_of(here: Scene) -> str:
    return str(here.find(GROUP, "ALARM")["text"].split("ALARM ")[1][:5])


async def case_of(here: Scene) -> Case:
    assert here.running is not None
    async with here.running.database.begin() as tx:
        case = await case_by_code(tx, code_of(here))
    assert case is not None
    return case


def ladder_of(here: Scene) -> Ladder:
    assert here.running is not None
    return here.running.ladder


async def to_the_top(here: Scene) -> None:
    for _ in RUNGS_MIN:
        await here.minutes_pass(5)


# --- who is told


async def test_on_the_top_rung_the_administrators_are_mentioned_so_that_telegram_tells_them(
    stage: Scene,
) -> None:
    bot = stage.telegram.bot
    stage.telegram.users[bot.id] = bot
    stage.group.members.add(bot.id)
    stage.group.administrators |= {VOLUNTEERS["Ken"], bot.id}
    await stage.writes(ALARM)
    await to_the_top(stage)
    said = stage.find(GROUP, "NOBODY for 15 minutes")
    assert said["text"].splitlines()[1:] == ["Ken"]
    assert f'<a href="tg://user?id={VOLUNTEERS["Ken"]}">Ken</a>' in said["_html"]
    assert times(stage, GROUP, "Ken") == 1
    assert times(stage, PERSON, "Ken") == 0


async def test_an_administrator_who_hides_their_name_is_not_named(stage: Scene) -> None:
    async def names_two(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "getchatadministrators":
            return None
        both = [
            {"status": "creator", "is_anonymous": name == "Ken", "user": user.as_json()}
            for name, number in VOLUNTEERS.items()
            if (user := stage.telegram.users[number])
        ]
        return web.json_response({"ok": True, "result": both})

    stage.server.fault = names_two
    await stage.writes(ALARM)
    await to_the_top(stage)
    assert stage.find(GROUP, "NOBODY for 15 minutes")["text"].splitlines()[1:] == ["Hana"]


async def test_no_alarm_waits_for_names_that_telegram_does_not_tell(stage: Scene) -> None:
    async def down(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "getchatadministrators":
            return None
        return web.json_response({"ok": False, "description": "Bad Gateway"}, status=502)

    stage.server.fault = down
    await stage.writes(ALARM)
    await to_the_top(stage)
    assert times(stage, GROUP, "NOBODY for 15 minutes") == 1


async def test_a_case_can_be_claimed_from_its_reminder(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.minutes_pass(5)
    assert "Claim" in labels(stage, "still waits")
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")
    assert "Claim" not in labels(stage, "still waits")


async def test_an_alert_passes_a_reminder_and_a_reminder_all_that_can_wait(stage: Scene) -> None:
    assert stage.running is not None
    order = [Purpose.STANDING, Purpose.PING, Purpose.ALERT]
    async with stage.running.database.begin() as tx:
        for purpose in order:
            await enqueue(tx, Outgoing(None, purpose, "text"), stage.clock())
        for purpose in reversed(order):
            first = await first_of_staff(tx, stage.clock())
            assert first is not None
            assert first.message.purpose is purpose
            await mark_sent(tx, [first], stage.clock())


# --- giving a case back


async def test_the_alert_of_a_case_that_came_back_can_be_claimed_again(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    assert "Release" in labels(stage, "ALARM")
    await stage.minutes_pass(30)
    assert "Release" not in labels(stage, "ALARM")
    await stage.volunteer_presses("Ken", "Claim")
    assert stage.find(GROUP, "Ken has it.")


async def test_a_coordinator_gives_a_colleague_s_case_back(stage: Scene) -> None:
    stage.group.administrators.add(VOLUNTEERS["Ken"])
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.volunteer_presses("Ken", "Release")
    assert stage.find(GROUP, "Ken gave it back")
    assert (await case_of(stage)).claim is None


async def test_whoever_presses_release_on_a_case_that_nobody_has_is_told_so(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    message_id, data = stage.button(GROUP, "Release")
    for _ in range(2):
        await stage.telegram.press(GROUP, VOLUNTEERS["Hana"], message_id, data)
        await stage.settled()
    assert stage.telegram.popups[-1]["text"] == "Nobody has it."
    assert times(stage, GROUP, "gave it back") == 1


async def test_the_history_says_when_a_case_climbed_and_lapsed(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.minutes_pass(5)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.minutes_pass(30)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        query = select(case_events.c.event, case_events.c.at).order_by(case_events.c.id)
        rows = (await tx.connection.execute(query)).all()
    assert [row.event for row in rows] == ["open", "climb", "claim", "lapse"]
    assert rows[3].at - rows[2].at >= dt.timedelta(minutes=30)


# --- restarts, clocks, faults


@pytest.fixture
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "LOOK_EVERY_S", 0.05)


@pytest.mark.usefixtures("_looks_often")
async def test_by_itself_the_bot_looks_at_what_is_due(content: Content, tmp_path: Path) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        await here.writes(ALARM)
        for text, minutes in zip(RUNGS, RUNGS_MIN, strict=True):
            here.now = NOW + dt.timedelta(minutes=minutes, seconds=30)
            await until(functools.partial(said_once, here, text))


@pytest.mark.usefixtures("_looks_often")
async def test_a_restart_forgets_no_deadline(content: Content, tmp_path: Path) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with here.bot_runs():
            await here.writes(ALARM)
        here.now += dt.timedelta(minutes=5)
        async with here.bot_runs():
            await until(lambda: times(here, GROUP, "still waits") == 1)
            await here.settled()
            assert times(here, PERSON, NOBODY_YET) == 1
            await here.volunteer_presses("Hana", "Claim")
        here.now += dt.timedelta(minutes=30)
        async with here.bot_runs():
            await until(lambda: times(here, GROUP, "Hana did not reply") == 1)
            await here.settled()
            assert (await case_of(here)).claim is None
            assert times(here, PERSON, NOBODY_YET) == 1


async def test_a_clock_that_is_set_back_by_a_day_keeps_nobody_waiting(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.now -= dt.timedelta(days=1)
    await stage.minutes_pass(0)
    assert times(stage, GROUP, "still waits") == 1
    await stage.volunteer_presses("Hana", "Claim")
    stage.now -= dt.timedelta(days=1)
    await stage.minutes_pass(0)
    assert times(stage, GROUP, "Hana did not reply") == 1


async def test_a_case_that_the_database_refuses_holds_up_no_other(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.person("Somebody", PERSON + 1)
    await stage.writes(ALARM)
    refused = (await case_of(stage)).id
    await stage.writes(ALARM, person=PERSON + 1)

    async def refuses(_self: Ladder, case: Case, now: dt.datetime) -> None:
        if case.id == refused:
            raise StorageError("the database refused")
        await act(_self, case, now)

    act = Ladder.act
    monkeypatch.setattr(Ladder, "act", refuses)
    await stage.minutes_pass(5)
    assert times(stage, GROUP, "still waits") == 1


async def test_what_is_open_when_leases_come_gets_a_deadline(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config as AlembicConfig
    from sqlalchemy import Connection, text

    from storage.migrate import MIGRATIONS

    def to_the_version_before(connection: Connection) -> None:
        config = AlembicConfig()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")

    database = await emptied(sqlite_url(tmp_path))
    async with database.begin() as tx:
        await tx.connection.run_sync(to_the_version_before)
        for state, claim in (("waiting", None), ("claimed", "sealed"), ("closed", None)):
            row = {"code": state[:5], "state": state, "claim": claim}
            columns = "code, language, state, origin, sealed_claim, opened_at"
            values = ":code, 'vi', :state, 'alarm', :claim, '2026-12-01 03:00:00'"
            insert = text(f"INSERT INTO cases ({columns}) VALUES ({values})")  # noqa: S608
            await tx.connection.execute(insert, row)
    await migrate(database)
    async with database.begin() as tx:
        query = text("SELECT state FROM cases WHERE due_at IS NOT NULL AND rung = 0 ORDER BY id")
        rows = await tx.connection.execute(query)
        assert list(rows.scalars()) == ["waiting", "claimed"]
    await database.close()


# --- several processes


@pytest.fixture
async def two(content: Content) -> AsyncIterator[tuple[Scene, Scene]]:
    """Two bots that serve the same group from one PostgreSQL."""
    url = os.environ[POSTGRESQL]
    await (await emptied(url)).close()
    async with scene(content, url) as one:
        other = Scene(one.telegram, one.server, one.config, content)
        async with one.bot_runs(), other.bot_runs():
            yield one, other


@pytest.mark.postgresql
async def test_of_two_processes_that_look_at_the_same_deadline_one_climbs(
    two: tuple[Scene, Scene],
) -> None:
    one, other = two
    await one.writes(ALARM)
    for minutes, text in zip(RUNGS_MIN, RUNGS, strict=True):
        case, now = await case_of(one), one.clock() + dt.timedelta(minutes=minutes)
        await asyncio.gather(*(ladder_of(each).act(case, now) for each in (one, other) * 4))
        await one.settled()
        assert times(one, GROUP, text) == 1
    assert times(one, PERSON, NOBODY_YET) == 1


@pytest.mark.postgresql
async def test_of_two_processes_that_see_a_lease_run_out_one_gives_the_case_back(
    two: tuple[Scene, Scene],
) -> None:
    one, other = two
    await one.writes(ALARM)
    await one.volunteer_presses("Hana", "Claim")
    case, now = await case_of(one), one.clock() + dt.timedelta(minutes=30)
    await asyncio.gather(*(ladder_of(each).act(case, now) for each in (one, other) * 4))
    await one.settled()
    assert times(one, GROUP, "Hana did not reply") == 1
    assert (await case_of(one)).rung == 0


@pytest.mark.postgresql
async def test_a_reply_at_the_last_moment_keeps_the_case(two: tuple[Scene, Scene]) -> None:
    one, other = two
    await one.writes(ALARM)
    await one.volunteer_presses("Hana", "Claim")
    case = await case_of(one)
    assert case.due_at is not None
    assert one.running is not None
    async with one.running.database.begin() as tx:
        held = await locked_case(tx, case.id)
        assert held is not None
        # The other process sees the lease run out, and waits for what happens to the case here.
        too_late = asyncio.create_task(ladder_of(other).act(case, case.due_at))
        await asyncio.sleep(0.2)
        hana = Claim(VOLUNTEERS["Hana"], "Hana")
        after = step(held, Event.STAFF_REPLIES, now=case.due_at, limits=LIMITS, claim=hana)
        assert await save_step(tx, held, after, Event.STAFF_REPLIES, case.due_at, by=hana)
    await too_late
    await one.settled()
    assert times(one, GROUP, "did not reply") == 0
    assert (await case_of(one)).claim == hana


@pytest.mark.postgresql
async def test_a_step_decided_on_a_case_that_has_moved_on_is_not_kept(
    two: tuple[Scene, Scene],
) -> None:
    one, _ = two
    await one.writes(ALARM)
    stale = await case_of(one)
    await one.minutes_pass(5)
    assert one.running is not None
    now = one.clock()
    after = step(stale, Event.CLIMB, now=now, limits=LIMITS)
    async with one.running.database.begin() as tx:
        assert not await save_step(tx, stale, after, Event.CLIMB, now)
