"""The board that is pinned in the group: true, short, and in nobody's way."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import func, select

from cases.model import Case, Claim, Origin, State
from cases.queue import Queued
from conversation.board import LINES_MAX, board
from conversation.content import Content
from knowledge.schema import URGENT_KINDS
from storage.outbox import Outgoing, Purpose, enqueue
from storage.tables import outbox
from tests.conftest import POSTGRESQL
from tests.databases import emptied
from tests.scene import (
    GROUP,
    NOW,
    PERSON,
    VOLUNTEERS,
    Message,
    Scene,
    no_copy_arrives,
    scene,
    until,
)
from tests.test_dealing import BEATEN, code_of, says

HEAD = "Waiting: "


def boards(here: Scene) -> list[Message]:
    return [each for each in here.messages(GROUP) if each.get("text", "").startswith(HEAD)]


def the_board(here: Scene) -> str:
    (only,) = boards(here)
    return str(only["text"])


async def test_the_board_shows_who_waits_who_has_whom_and_how_many_are_on_duty(
    stage: Scene,
) -> None:
    await says(stage, "Ken", "/duty on")
    await stage.writes(BEATEN)
    await stage.minutes_pass(12)
    await stage.board_is_looked_at()
    code = code_of(stage, "ALARM")
    assert the_board(stage).splitlines() == [
        "Waiting: 1 · taken: 0 · on duty: 1",
        f"🔴 {code} · Beaten or threatened with violence · vi · 12 min",
    ]
    (message,) = boards(stage)
    assert stage.group.pinned == [message["message_id"]]
    assert "message_thread_id" not in message
    topic = stage.find(GROUP, "ALARM")["message_thread_id"]
    assert f"https://t.me/c/1234567890/{topic}" in message["_html"]
    await stage.volunteer_presses("Hana", "Claim")
    await stage.board_is_looked_at()
    assert "Waiting: 0 · taken: 1 · on duty: 1" in the_board(stage)
    assert the_board(stage).endswith("👤 Hana")
    assert stage.group.pinned == [message["message_id"]]


async def test_a_board_that_says_the_same_is_not_sent_again(stage: Scene) -> None:
    calls: list[str] = []

    async def counts(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        calls.append(method.lower())
        return None

    await stage.writes(BEATEN)
    await stage.board_is_looked_at()
    stage.server.fault = counts
    stage.now += dt.timedelta(seconds=20)
    for _ in range(3):
        await stage.board_is_looked_at()
    assert "editmessagetext" not in calls
    stage.now += dt.timedelta(minutes=5)
    await stage.board_is_looked_at()
    assert calls.count("editmessagetext") == 1
    assert "sendmessage" not in calls


async def test_a_board_that_somebody_deleted_is_made_and_pinned_anew(stage: Scene) -> None:
    await stage.writes(BEATEN)
    await stage.board_is_looked_at()
    (gone,) = boards(stage)
    del stage.group.messages[gone["message_id"]]
    stage.now += dt.timedelta(minutes=5)
    # The edit finds nothing; the next look makes a new one.
    await stage.board_is_looked_at()
    await stage.board_is_looked_at()
    (new,) = boards(stage)
    assert stage.group.pinned == [gone["message_id"], new["message_id"]]
    stage.now += dt.timedelta(minutes=5)
    await stage.board_is_looked_at()
    assert len(boards(stage)) == 1


async def test_without_the_right_to_pin_the_board_is_there_all_the_same(stage: Scene) -> None:
    stage.group.bot_rights = frozenset()
    await stage.board_is_looked_at()
    assert len(boards(stage)) == 1
    assert stage.group.pinned == []


async def test_the_next_case_is_dealt_by_the_button_below_the_board(stage: Scene) -> None:
    await stage.writes(BEATEN)
    await stage.board_is_looked_at()
    code = code_of(stage, "ALARM")
    await stage.volunteer_presses("Hana", "Next")
    assert code in stage.telegram.popups[-1]["text"]
    assert stage.find(GROUP, f"Hana: {code}")
    await stage.volunteer_presses("Ken", "Next")
    assert stage.telegram.popups[-1]["text"] == "Nobody waits."
    stage.group.members.discard(VOLUNTEERS["Ken"])
    await stage.volunteer_presses("Ken", "Next")
    assert stage.telegram.popups[-1]["text"].startswith("This works only in the staff group")


async def test_who_is_dealt_a_case_is_called_in_its_topic_and_works_on_from_there(
    stage: Scene,
) -> None:
    await stage.writes(BEATEN)
    await stage.board_is_looked_at()
    alert = stage.find(GROUP, "ALARM")
    stage.news(GROUP)
    await stage.volunteer_presses("Hana", "Next")
    (called,) = stage.news(GROUP)
    assert called["message_thread_id"] == alert["message_thread_id"]
    assert "tg://user?id=" in called["_html"]
    assert "Claim" not in str(stage.group.messages[alert["message_id"]]["reply_markup"])
    await stage.volunteer_replies("Hana", "Em có an toàn không?", to="is yours")
    assert stage.find(PERSON, "Em có an toàn không?")
    hana, code = VOLUNTEERS["Hana"], code_of(stage, "ALARM")
    for data in (f"case:close:{code}", f"case:outcome:{code}:helped"):
        assert data in str(stage.group.messages[called["message_id"]]["reply_markup"])
        await stage.telegram.press(GROUP, hana, called["message_id"], data)
        await stage.settled()
    assert stage.find(GROUP, "closed by Hana")


async def test_while_telegram_takes_nothing_one_board_waits_and_it_is_the_newest(
    stage: Scene,
) -> None:
    await stage.board_is_looked_at()
    down = True

    async def refuses(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if not down or not method.lower().startswith(("send", "edit", "copy")):
            return None
        wrong = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1"}
        return web.json_response({**wrong, "parameters": {"retry_after": 1}}, status=429)

    stage.server.fault = refuses
    assert stage.running is not None
    await stage.telegram.write(PERSON, PERSON, BEATEN)
    for minutes in range(5):
        await stage.running.board.look(stage.clock() + dt.timedelta(minutes=minutes))
        await asyncio.sleep(0.1)
    async with stage.running.database.begin() as tx:
        waits = select(func.count()).where(
            outbox.c.purpose == "board", outbox.c.state.not_in(["sent", "failed"])
        )
        assert (await tx.connection.execute(waits)).scalar_one() <= 1
    down = False
    await stage.settled()
    assert len(boards(stage)) == 1


@pytest.mark.postgresql
async def test_of_two_processes_that_look_at_once_one_makes_the_board(content: Content) -> None:
    url = os.environ[POSTGRESQL]
    await (await emptied(url)).close()
    async with scene(content, url) as one:
        other = Scene(one.telegram, one.server, one.config, content)
        async with one.bot_runs(), other.bot_runs():
            assert one.running is not None
            assert other.running is not None
            for minutes in (0, 5):
                now = one.clock() + dt.timedelta(minutes=minutes)
                looks = (each.running.board.look(now) for each in (one, other) * 4 if each.running)
                await asyncio.gather(*looks)
                await one.settled()
                assert len(boards(one)) == 1
                await one.writes(BEATEN)


def test_everything_passes_the_board() -> None:
    others = [Outgoing(None, each).priority for each in Purpose if each is not Purpose.BOARD]
    assert Outgoing(None, Purpose.BOARD).priority > max(others)


async def test_in_a_crowd_the_board_waits_some_minutes_and_no_longer(stage: Scene) -> None:
    await stage.board_is_looked_at()
    await stage.writes(BEATEN)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        for _ in range(200):
            await enqueue(tx, Outgoing(None, Purpose.NOTICE, "asked for"), stage.clock())
    said = []
    for _ in range(6):
        stage.now += dt.timedelta(minutes=1)
        await stage.running.board.look(stage.clock())
        await asyncio.sleep(0.5)
        said.append("Waiting: 1" in the_board(stage))
    assert len(stage.texts(GROUP)) < 150
    assert not said[1]
    assert said[-1]


async def test_the_board_leaves_most_of_the_group_s_minute_to_all_else(stage: Scene) -> None:
    await stage.board_is_looked_at()
    for _ in range(4):
        await says(stage, "Hana", "/mine")
        await says(stage, "Ken", "/duty")
    await stage.writes(BEATEN)
    assert stage.running is not None
    await stage.running.board.look(stage.clock())
    await asyncio.sleep(0.3)
    assert "Waiting: 0" in the_board(stage)
    stage.now += dt.timedelta(minutes=1)
    await stage.settled()
    assert "Waiting: 1" in the_board(stage)


def test_a_hundred_cases_fit_on_the_board_the_most_urgent_first(content: Content) -> None:
    queue = []
    for number in range(100):
        kind = [None, *URGENT_KINDS][number % (len(URGENT_KINDS) + 1)]
        holder = Claim(1, "Nguyễn Thị Thanh Hương" * 3) if number % 3 == 0 else None
        state = State.CLAIMED if holder else State.WAITING
        case = Case(
            number, f"AAA{number:02}", 7, "vi", state, Origin.ALARM, kind, holder, NOW, topic_id=5
        )
        queue.append(Queued(case, NOW - dt.timedelta(days=number)))
    for language in content.translations.staff:
        said = board(content.staff_voice(NOW, language), queue, 3, GROUP, NOW)
        lines = said.text.splitlines()
        assert len(lines) == LINES_MAX + 2
        assert "60" in lines[-1]
        assert said.text.count("<a ") <= 100
        assert len(said.text.replace("https://t.me/c/1234567890/5", "")) < 4096
        kind_name = content.translations.staff[language].urgency.kinds["immediate-danger"].name
        assert kind_name in lines[1]


async def crowd(here: Scene) -> None:
    """So much is asked for that the group takes no more within this minute."""
    assert here.running is not None
    async with here.running.database.begin() as tx:
        for _ in range(20):
            await enqueue(tx, Outgoing(None, Purpose.NOTICE, "asked for"), here.clock())
    here.running.outbox.wake()
    said = -1
    while len(here.texts(GROUP)) > said:
        said = len(here.texts(GROUP))
        await asyncio.sleep(0.7)


async def test_in_a_crowd_only_a_case_is_dealt_whose_alert_is_there(stage: Scene) -> None:
    await stage.board_is_looked_at()
    (pinned,) = boards(stage)
    hana = VOLUNTEERS["Hana"]
    await crowd(stage)
    await stage.telegram.write(PERSON, PERSON, "/human")
    await asyncio.sleep(0.3)
    message_id, data = stage.button(PERSON, "Có, chuyển giúp mình")
    await stage.telegram.press(PERSON, PERSON, message_id, data)
    await asyncio.sleep(0.3)
    await stage.telegram.press(GROUP, hana, pinned["message_id"], "queue:next")
    await asyncio.sleep(0.3)
    assert "1 more wait; their alerts are still on the way" in stage.telegram.popups[-1]["text"]
    stage.now += dt.timedelta(minutes=2)
    await stage.settled()
    code = code_of(stage, "🟡")
    await stage.telegram.press(GROUP, hana, pinned["message_id"], "queue:next")
    await stage.settled()
    assert f"You have {code}." in stage.telegram.popups[-1]["text"]


async def test_a_reminder_that_a_case_waits_does_not_come_once_somebody_has_it(
    stage: Scene,
) -> None:
    await stage.writes(BEATEN)
    await crowd(stage)
    assert stage.running is not None
    await stage.running.ladder.look(stage.clock() + dt.timedelta(minutes=6))
    await asyncio.sleep(0.3)
    alert = stage.find(GROUP, "ALARM")
    code = code_of(stage, "ALARM")
    hana = VOLUNTEERS["Hana"]
    await stage.telegram.press(GROUP, hana, alert["message_id"], f"case:claim:{code}")
    await asyncio.sleep(0.3)
    for _ in range(4):
        stage.now += dt.timedelta(minutes=1)
        await asyncio.sleep(0.5)
    await stage.settled()
    assert "still waits" not in str(stage.texts(GROUP))
    assert stage.find(GROUP, "Hana has it.")


async def test_when_a_dealt_case_comes_back_its_alert_can_be_claimed_as_well_as_the_call(
    stage: Scene,
) -> None:
    await stage.writes(BEATEN)
    await stage.board_is_looked_at()
    alert = stage.find(GROUP, "ALARM")["message_id"]
    await stage.volunteer_presses("Hana", "Next")
    call = stage.find(GROUP, "is yours")["message_id"]
    assert "Claim" not in str(stage.group.messages[alert]["reply_markup"])
    await stage.minutes_pass(31)
    for post in (alert, call):
        assert "Claim" in str(stage.group.messages[post]["reply_markup"])


async def test_words_that_were_on_their_way_while_somebody_took_the_case_get_no_buttons(
    stage: Scene,
) -> None:
    async with no_copy_arrives(stage):
        await stage.telegram.write(PERSON, PERSON, BEATEN)
        await until(lambda: "ALARM" in str(stage.texts(GROUP)))
        alert, code = stage.find(GROUP, "ALARM"), code_of(stage, "ALARM")
        hana = VOLUNTEERS["Hana"]
        await stage.telegram.press(GROUP, hana, alert["message_id"], f"case:claim:{code}")
        await until(lambda: bool(stage.telegram.popups))
    assert "reply_markup" not in stage.find(GROUP, BEATEN)
