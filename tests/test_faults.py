"""Nothing is lost when Telegram, the database or the process itself fails."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

import bot
from conversation.content import Content
from delivery.inbox import WAIT_S
from sandbox.methods import call
from sandbox.telegram import User
from storage.inbox import ATTEMPTS_MAX
from storage.tables import inbox, outbox
from tests.scene import GROUP, PATIENCE_S, PERSON, Scene, scene, sqlite_url

ALARM = "ông chủ đánh em chảy máu, cứu em với"
QUESTION = "cong ty khong tra luong 3 thang roi"

Fault = Callable[[str, dict[str, Any]], Awaitable[web.StreamResponse | None]]


def refusing(times: int, to: int, method: str, status: int, **parameters: int) -> Fault:
    """Answer the next calls of a method for a chat with an error, `times` times."""
    left = [times]

    async def fault(called: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if called.lower() != method.lower() or int(params["chat_id"]) != to or not left[0]:
            return None
        left[0] -= 1
        body = {"ok": False, "error_code": status, "description": "Too Many Requests"}
        return web.json_response({**body, "parameters": parameters}, status=status)

    return fault


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S * 6):
        while not wanted():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


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
    database.execute("ALTER TABLE people RENAME TO away")
    await stage.telegram.write(PERSON, PERSON, "/help")
    # Longer than the attempts that an update has which fails by itself.
    await asyncio.sleep((ATTEMPTS_MAX + 1) * WAIT_S)
    database.execute("ALTER TABLE away RENAME TO people")
    database.close()
    await stage.settled()
    assert len(stage.messages(PERSON)) == 1


async def test_a_429_in_the_staff_group_delays_no_person(stage: Scene) -> None:
    stage.server.fault = refusing(1, GROUP, "sendMessage", 429, retry_after=3)
    await stage.telegram.write(PERSON, PERSON, ALARM)
    await until(lambda: any("🆘" in text for text in stage.texts(PERSON)))
    assert stage.messages(GROUP) == []
    await stage.settled()
    assert stage.find(GROUP, "ALARM")


@pytest.mark.parametrize("status", [500, 502])
async def test_an_alert_is_sent_again_until_telegram_takes_it(stage: Scene, status: int) -> None:
    stage.server.fault = refusing(2, GROUP, "sendMessage", status)
    await stage.writes(ALARM)
    assert "(perhaps a repeat)" in stage.find(GROUP, "ALARM")["text"]


async def test_an_answer_that_telegram_took_but_did_not_confirm_comes_again_marked(
    stage: Scene,
) -> None:
    taken: list[object] = []

    async def cut_off(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method != "sendMessage" or taken or int(params["chat_id"]) != PERSON:
            return None
        taken.append(await call(stage.telegram, method, params))
        return web.Response(body=b'{"ok": tr', status=200)

    stage.server.fault = cut_off
    await stage.writes("/help")
    first, second = stage.texts(PERSON)
    assert second == f"{first}\n(perhaps a repeat)"


@pytest.mark.parametrize("answer", [b"[]", b"null", b'{"ok": true}', b"<html>"])
async def test_an_answer_that_is_none_stops_nothing(stage: Scene, answer: bytes) -> None:
    left = ["getupdates", "getchat", "sendmessage", "copymessage"]

    async def talk_nonsense(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() not in left:
            return None
        left.remove(method.lower())
        return web.Response(body=answer)

    stage.server.fault = talk_nonsense
    await stage.writes(ALARM)
    assert stage.find(GROUP, "ALARM")
    assert not left


def unconfirmed(here: Scene, method: str, chat: int) -> Fault:
    """Do the first call of a method for a chat, and answer half."""
    done: list[object] = []

    async def cut_off(called: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if called.lower() != method.lower() or done or int(params["chat_id"]) != chat:
            return None
        done.append(await call(here.telegram, called, params))
        return web.Response(body=b'{"ok": tr', status=200)

    return cut_off


async def test_a_reply_that_may_have_come_before_is_marked(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    stage.server.fault = unconfirmed(stage, "copyMessage", PERSON)
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    _taken, first, second = stage.news(PERSON)
    assert "reply_markup" not in first
    ((button,),) = second["reply_markup"]["inline_keyboard"]
    assert button["text"] == "(perhaps a repeat)"


async def test_a_reply_to_an_alert_that_telegram_did_not_confirm_reaches_the_person(
    stage: Scene,
) -> None:
    stage.server.fault = unconfirmed(stage, "sendMessage", GROUP)
    await stage.writes(ALARM)
    first, _second = [each for each in stage.messages(GROUP) if "ALARM" in each["text"]]
    await stage.telegram.write(GROUP, 601, "Are you safe?", reply_to=first["message_id"])
    await stage.settled()
    assert stage.find(PERSON, "Are you safe?")


async def test_who_replies_to_a_message_that_stands_for_no_case_is_told(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.volunteer_replies("Hana", "Are you safe?", to="Hana has it.")
    assert stage.find(GROUP, "nobody got this reply")
    assert "Are you safe?" not in stage.texts(PERSON)


async def test_a_claim_is_not_lost_while_telegram_does_not_say_who_is_a_member(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.server.fault = refusing(2, GROUP, "getChatMember", 500)
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")


async def test_volunteers_are_told_when_a_reply_cannot_reach_the_person(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.telegram.chats[PERSON].blocked = True
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    assert "they blocked the bot" in stage.find(GROUP, "not delivered")["text"]


async def test_an_alarm_in_a_deleted_topic_gets_a_new_topic(stage: Scene) -> None:
    await stage.writes(ALARM)
    (old,) = stage.group.topics
    stage.group.topics.clear()
    await stage.writes("nó cầm dao đứng trước cửa phòng em")
    (new,) = stage.group.topics
    assert new != old
    assert stage.find(GROUP, "AGAIN")["message_thread_id"] == new


async def test_alarms_follow_an_upgraded_group_also_after_a_restart(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), forum=False) as here:
        new_id = -1009999999999
        async with here.bot_runs():
            members = [here.telegram.users[number] for number in here.group.members]
            here.telegram.add_group(new_id, "volunteers", members, forum=False)
            here.group.moved_to = new_id
            await here.writes(ALARM)
            assert here.find(new_id, "ALARM")
        async with here.bot_runs():
            await here.writes("/human")
            message_id, data = here.button(new_id, "Claim")
            await here.telegram.press(new_id, 601, message_id, data)
            await here.settled()
            assert here.find(new_id, "Hana has it.")


async def test_a_reply_from_before_the_upgrade_is_never_taken_from_the_new_group(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), forum=False) as here, here.bot_runs():
        await here.writes(ALARM)
        here.server.fault = refusing(1, PERSON, "copyMessage", 429, retry_after=2)
        alert = here.find(GROUP, "ALARM")["message_id"]
        reply = await here.telegram.write(GROUP, 601, "Are you safe?", reply_to=alert)
        # Telegram gives the group a new id, and the new group numbers its messages anew.
        new_id = -1009999999999
        members = [here.telegram.users[number] for number in here.group.members]
        here.telegram.add_group(new_id, "volunteers", members, forum=False)
        here.group.moved_to = new_id
        note = {**here.group.messages[reply], "text": "a note of the volunteers"}
        here.telegram.chats[new_id].messages[reply] = note
        await here.settled()
        assert "a note of the volunteers" not in here.texts(PERSON)
        assert here.find(new_id, "not delivered")


async def test_updates_that_come_in_another_order_are_done_in_theirs(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        for text in ("/help", "/about", "/menu"):
            await here.telegram.write(PERSON, PERSON, text)
        in_order, here.telegram.updates = here.telegram.updates, here.telegram.updates[::-1]
        async with here.bot_runs():
            await here.settled()
            jumbled = here.texts(PERSON)
            for update in in_order:
                message = update["message"]
                await here.writes(message["text"])
            assert here.texts(PERSON) == jumbled * 2


async def test_an_update_that_telegram_repeats_is_done_once(stage: Scene) -> None:
    await stage.telegram.write(PERSON, PERSON, "/help")
    (update,) = stage.telegram.updates
    await stage.settled()
    stage.telegram.updates.append(update)
    await stage.settled()
    assert len(stage.messages(PERSON)) == 1


async def test_an_update_of_a_kind_that_nobody_knows_stops_nobody_and_volunteers_are_told(
    stage: Scene,
) -> None:
    strange = {"message_id": 1, "date": 0, "chat": {"id": PERSON, "type": "private"}}
    strange["poll"] = {"id": "sentinel of a new shape"}
    stage.telegram.updates.append({"update_id": 900_000, "message": strange})
    await stage.telegram.tell()
    await stage.settled()
    assert stage.find(GROUP, "number 900000")
    await stage.writes("/help")
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
                text = ALARM if turn == 2 and person in alarms else QUESTION
                await here.telegram.write(person, person, text)
        first = await _start(here, tmp_path)
        await until(lambda: sum(len(here.messages(person)) for person in people) >= 40)
        first.kill()
        await first.wait()
        answered = sum(len(here.messages(person)) for person in people)
        assert answered < 200, "the process was killed too late for the test to say anything"
        second = await _start(here, tmp_path)
        try:
            await until(lambda: all(_answers(here, person) >= 5 for person in people))
            await until(lambda: sum("ALARM" in text for text in here.texts(GROUP)) >= len(alarms))
        finally:
            second.terminate()
            await second.wait()
        codes = {text.split("ALARM ")[1][:5] for text in here.texts(GROUP) if "ALARM" in text}
        assert len(codes) == len(alarms)


def _answers(here: Scene, person: int) -> int:
    return sum("Mình là Kakekomi" not in text for text in here.texts(person))


async def _start(here: Scene, folder: Path) -> asyncio.subprocess.Process:
    root = Path(__file__).parent.parent
    environment = {
        "PATH": os.environ["PATH"],
        "TELEGRAM_BOT_TOKEN": "1:token",
        "TELEGRAM_API_URL": here.config.telegram_api_url,
        "STAFF_CHAT_ID": str(GROUP),
        "DATABASE_URL": sqlite_url(folder),
        "ENCRYPTION_KEYS": here.config.encryption_keys[0].get_secret_value(),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, str(root / "bot.py"), "run", cwd=folder, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def test_what_is_sent_leaves_no_words_behind(stage: Scene) -> None:
    await stage.writes(ALARM)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        for table in (inbox, outbox):
            rows = (await tx.connection.execute(select(table.c.sealed_body))).scalars().all()
            assert rows
            assert set(rows) == {None}
