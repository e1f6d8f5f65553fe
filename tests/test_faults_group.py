"""The staff group is upgraded, loses its topics or shuts the bot out: what must reach it waits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from benchmarks.limits import TelegramLimits
from conversation.content import Content
from delivery.pacing import CROWDED_FROM, PER_MINUTE, WINDOW
from storage.cases import add_post, case_of_person
from storage.inbox import ATTEMPTS_MAX
from storage.people import find_person
from storage.staff_chats import StaffChats
from tests.faults import refusing
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"


def upgrade_group(here: Scene) -> int:
    """Give the group a new id, at which nothing has been written yet, and return it."""
    new_id = -1009999999999
    members = [here.telegram.users[number] for number in here.group.members]
    here.telegram.add_group(new_id, "volunteers", members, forum=False)
    here.group.moved_to = new_id
    return new_id


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
        async with here.bot_runs():
            new_id = upgrade_group(here)
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
        new_id = upgrade_group(here)
        note = {**here.group.messages[reply], "text": "a note of the volunteers"}
        here.telegram.chats[new_id].messages[reply] = note
        await here.settled()
        assert "a note of the volunteers" not in here.texts(PERSON)
        assert here.find(new_id, "not delivered")


async def test_a_reply_in_the_upgraded_group_reaches_the_person_whichever_process_learnt_of_it(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), forum=False) as here, here.bot_runs() as bot:
        await here.writes(ALARM)
        new_id = upgrade_group(here)
        async with bot.database.begin() as tx:
            await StaffChats(GROUP).move(tx, GROUP, new_id)
            person = await find_person(tx, PERSON)
            assert person is not None
            case = await case_of_person(tx, person.id)
            assert case is not None
            await add_post(tx, new_id, 77, case.id, "alert")
        alert = {**here.find(GROUP, "ALARM"), "message_id": 77}
        here.telegram.chats[new_id].messages[77] = alert
        await here.telegram.write(new_id, 601, "Are you safe?", reply_to=77)
        await here.settled()
        assert here.texts(PERSON)[-1] == "Are you safe?"


async def test_telegram_s_own_word_of_the_upgrade_is_enough(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), forum=False) as here, here.bot_runs() as bot:
        await here.writes(ALARM)
        new_id = -1009999999999
        members = [here.telegram.users[number] for number in here.group.members]
        here.telegram.add_group(new_id, "volunteers", members, forum=False)
        await here.telegram.write(new_id, 601, content={"migrate_from_chat_id": GROUP})
        await here.settled()
        chats = StaffChats(GROUP)
        async with bot.database.begin() as tx:
            await chats.load(tx)
        assert chats.chat_of(None) == new_id


async def test_who_says_that_another_group_was_upgraded_does_not_become_the_staff_group(
    stage: Scene,
) -> None:
    stranger = -1008888888888
    stage.telegram.add_group(stranger, "strangers", [stage.telegram.users[601]], forum=False)
    await stage.telegram.write(stranger, 601, content={"migrate_from_chat_id": -100777})
    await stage.settled()
    await stage.writes(ALARM)
    assert stage.find(GROUP, "ALARM")


class ShutOut:
    """While it `lasts`, Telegram refuses whatever the bot wants of the group."""

    def __init__(self, status: int, description: str) -> None:
        self.lasts = True
        self.tries = 0
        self._body = {"ok": False, "error_code": status, "description": description}

    async def __call__(self, _method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if not self.lasts or str(GROUP) not in (params.get("chat_id"), params.get("from_chat_id")):
            return None
        self.tries += 1
        return web.json_response(self._body, status=int(str(self._body["error_code"])))


REFUSALS = [
    (403, "Forbidden: the group chat was deleted"),
    (403, "Forbidden: bot was kicked from the supergroup chat"),
    (400, "Bad Request: chat not found"),
    (400, "Bad Request: not enough rights to send text messages to the chat"),
]


@pytest.mark.parametrize(("status", "description"), REFUSALS)
async def test_alarms_wait_until_the_bot_is_let_in_again_and_nobody_is_said_to_have_seen_them(
    stage: Scene, status: int, description: str
) -> None:
    away = stage.server.fault = ShutOut(status, description)
    await stage.telegram.write(PERSON, PERSON, ALARM)
    await until(lambda: away.tries >= 6 and any("🆘" in text for text in stage.texts(PERSON)))
    assert stage.messages(GROUP) == []
    away.lasts = False
    await stage.settled()
    assert stage.find(GROUP, "ALARM")
    claimed = stage.content.voice("vi", stage.clock()).say("claimed")
    assert claimed not in stage.texts(PERSON)


@pytest.mark.parametrize(("status", "description"), REFUSALS[:3])
async def test_a_reply_reaches_the_person_once_the_bot_is_let_in_again(
    stage: Scene, status: int, description: str
) -> None:
    await stage.writes(ALARM)
    away = stage.server.fault = ShutOut(status, description)
    alert = stage.find(GROUP, "ALARM")["message_id"]
    await stage.telegram.write(GROUP, 601, "Are you safe?", reply_to=alert)
    await until(lambda: away.tries >= 4)
    away.lasts = False
    await stage.settled()
    assert "Are you safe?" in stage.texts(PERSON)
    assert not any("not delivered" in text for text in stage.texts(GROUP))


async def test_a_claim_waits_for_as_long_as_telegram_does_not_say_who_is_a_member(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.server.fault = refusing(ATTEMPTS_MAX + 1, GROUP, "getChatMember", 500)
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")


async def test_an_alarm_in_a_topic_that_was_closed_gets_a_new_topic(stage: Scene) -> None:
    await stage.writes(ALARM)
    (old,) = stage.group.topics

    async def closed(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method != "sendMessage" or params.get("message_thread_id") != str(old):
            return None
        body = {"ok": False, "error_code": 400, "description": "Bad Request: TOPIC_CLOSED"}
        return web.json_response(body, status=400)

    stage.server.fault = closed
    await stage.writes("nó cầm dao đứng trước cửa phòng em")
    assert stage.find(GROUP, "AGAIN")["message_thread_id"] != old


@pytest.mark.parametrize("status", [502, 429])
async def test_a_reply_waits_for_as_long_as_telegram_does_not_say_who_is_a_member(
    stage: Scene, status: int
) -> None:
    await stage.writes(ALARM)
    # Oftener than an update is tried that fails by itself.
    stage.server.fault = refusing(ATTEMPTS_MAX + 1, GROUP, "getChatMember", status, retry_after=1)
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    assert stage.texts(PERSON)[-1] == "Are you safe?"


async def test_a_reply_of_somebody_whom_telegram_does_not_know_in_the_group_reaches_nobody(
    stage: Scene,
) -> None:
    async def unknown(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "getchatmember":
            return None
        wrong = "Bad Request: member not found"
        body = {"ok": False, "error_code": 400, "description": wrong}
        return web.json_response(body, status=400)

    await stage.writes(ALARM)
    stage.server.fault = unknown
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    assert "Are you safe?" not in stage.texts(PERSON)
    assert stage.find(GROUP, "not a member of this group")


async def test_a_person_who_blocks_the_bot_does_not_hold_up_the_words_of_others(
    stage: Scene,
) -> None:
    other = stage.person("Somebody", 6010203040)
    stage.telegram.chats[PERSON].blocked = True
    await stage.telegram.write(PERSON, PERSON, ALARM)
    await until(lambda: any("not delivered" in text for text in stage.texts(GROUP)))
    await stage.writes("nó cầm dao đứng trước cửa phòng em", person=other)
    assert len([text for text in stage.texts(GROUP) if "ALARM" in text]) == 2
    assert stage.find(GROUP, "nó cầm dao")
    assert "they blocked the bot" in stage.find(GROUP, "not delivered")["text"]


async def test_a_reply_that_waited_while_the_group_was_upgraded_is_not_passed_over_in_silence(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), forum=False) as here, here.bot_runs() as bot:
        await here.writes(ALARM)
        new_id = upgrade_group(here)
        async with bot.database.begin() as tx:
            await StaffChats(GROUP).move(tx, GROUP, new_id)
        await here.writes("nó cầm dao đứng trước cửa phòng em")
        assert here.find(new_id, "AGAIN")
        alert = here.find(GROUP, "ALARM")["message_id"]
        await here.telegram.write(GROUP, 601, "Are you safe?", reply_to=alert)
        await here.settled()
        assert here.find(new_id, "not delivered")


async def test_where_many_cry_for_help_no_alert_waits_for_a_topic_but_their_words_get_one(
    stage: Scene,
) -> None:
    people = [stage.person("Somebody", 700 + number) for number in range(CROWDED_FROM + 2)]
    for person in people:
        await stage.telegram.write(person, person, ALARM)

    def alerts() -> list[dict[str, Any]]:
        return [each for each in stage.messages(GROUP) if "ALARM" in each.get("text", "")]

    await until(lambda: len(alerts()) == len(people))
    with_topic = [each for each in alerts() if "message_thread_id" in each]
    assert 0 < len(with_topic) < len(people)
    while len(stage.group.topics) < len(people):
        stage.now += WINDOW
        await asyncio.sleep(0.1)
    await stage.settled()
    words = [each for each in stage.messages(GROUP) if each.get("text") == ALARM]
    assert len({each["message_thread_id"] for each in words}) == len(people)


async def test_an_alert_without_a_topic_is_answered_like_any_other(stage: Scene) -> None:
    for number in range(CROWDED_FROM + 1):
        person = stage.person("Somebody", 700 + number)
        await stage.telegram.write(person, person, ALARM)
    last = 700 + CROWDED_FROM
    await until(lambda: sum("ALARM" in text for text in stage.texts(GROUP)) > CROWDED_FROM)
    alert = stage.find(GROUP, "ALARM")
    assert "message_thread_id" not in alert
    await stage.telegram.write(GROUP, 601, "em ở đâu", reply_to=alert["message_id"])
    people = range(700, last + 1)
    await until(lambda: any("em ở đâu" in stage.texts(person) for person in people))


async def test_with_topics_and_all_the_bot_keeps_telegram_s_limit_for_the_group(
    stage: Scene,
) -> None:
    limits = TelegramLimits(lambda: stage.clock().timestamp())
    stage.server.fault = limits
    people = [stage.person("Somebody", 700 + number) for number in range(PER_MINUTE // 2)]
    for person in people:
        await stage.telegram.write(person, person, ALARM)
    await until(lambda: sum("ALARM" in text for text in stage.texts(GROUP)) == len(people))
    while len(stage.group.topics) < len(people):
        await asyncio.sleep(0.5)
        stage.now += WINDOW
    await stage.settled()
    assert limits.refused[GROUP] == 0


async def test_what_answers_a_message_in_a_topic_that_is_gone_comes_and_holds_up_nothing(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")

    async def delete_the_topic(method: str, params: dict[str, Any]) -> None:
        if method.lower() == "sendmessage" and "reply_parameters" in params:
            stage.group.topics.clear()

    stage.server.fault = delete_the_topic
    await stage.volunteer_replies("Hana", "Is this the right one?", to="Cards for")
    assert stage.find(GROUP, "nobody got this reply")
    await stage.writes("em sợ lắm, cứu em với")
    assert stage.find(GROUP, "AGAIN")
