"""Several groups of volunteers, one for each language: nobody's case is lost between them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from conversation.content import Content
from delivery.pacing import PER_MINUTE
from sandbox.telegram import RIGHTS, User
from storage.tables import cases, outbox
from tests.conftest import POSTGRESQL
from tests.databases import emptied
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
ALARM_EN = "my boss beat me and I am bleeding, help me"
# The group for Vietnamese, its volunteer, and a person who writes English.
VIETNAMESE, MAI, ANN = -1005550001111, 701, 5010203041


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def two(
    request: pytest.FixtureRequest, content: Content, tmp_path: Path
) -> AsyncIterator[Scene]:
    """A scene with a group for Vietnamese beside the default one; the bot does not run yet."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]
    await (await emptied(url)).close()
    async with scene(content, url) as here:
        here.telegram.add_group(VIETNAMESE, "tiếng Việt", [User(MAI, "Mai")], forum=True)
        here.telegram.add_person(User(ANN, "Ann", "en"))
        here.config = here.config.model_copy(update={"staff_chats": {"vi": VIETNAMESE}})
        yield here


@pytest.fixture
async def stage(two: Scene) -> AsyncIterator[Scene]:
    """The same, and the bot runs."""
    async with two.bot_runs():
        yield two


def put_out(here: Scene, *, out: bool = True) -> None:
    """The bot is removed from the group for Vietnamese, or let in again."""
    here.telegram.chats[VIETNAMESE].blocked = out


async def let_in(here: Scene) -> None:
    """The bot is let in again, and Telegram says so."""
    put_out(here, out=False)
    bot = here.telegram.bot.as_json()
    left, back = {"status": "left", "user": bot}, {"status": "member", "user": bot}
    await here.telegram.add_update(
        {
            "my_chat_member": {
                "chat": here.telegram.chats[VIETNAMESE].as_json(),
                "from": here.telegram.users[MAI].as_json(),
                "date": int(here.clock().timestamp()),
                "old_chat_member": left,
                "new_chat_member": back,
            }
        }
    )
    await here.settled()


async def mai_presses(here: Scene, label: str) -> None:
    message_id, data = here.button(VIETNAMESE, label)
    await here.telegram.press(VIETNAMESE, MAI, message_id, data)
    await here.settled()


async def mai_replies(here: Scene, text: str, to: str) -> None:
    message = here.find(VIETNAMESE, to)
    await here.telegram.write(
        VIETNAMESE, MAI, text, reply_to=message["message_id"],
        topic_id=message.get("message_thread_id"),
    )  # fmt: skip
    await here.settled()


def all_said(here: Scene, chat: int) -> str:
    return "\n".join(str(message) for message in here.messages(chat))


def times(here: Scene, chat: int, words: str) -> int:
    return sum(words in text for text in here.texts(chat))


# --- which group


async def test_a_case_goes_to_the_group_of_its_language_and_all_else_to_the_default_one(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.writes(ALARM_EN, person=ANN)
    assert (
        stage.find(VIETNAMESE, "ALARM")["message_thread_id"]
        in stage.telegram.chats[VIETNAMESE].topics
    )
    assert stage.find(GROUP, "ALARM")["message_thread_id"] in stage.group.topics
    assert times(stage, VIETNAMESE, "ALARM") == times(stage, GROUP, "ALARM") == 1


async def test_a_person_s_words_are_read_in_their_group_alone(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.writes("nó cầm dao đứng trước cửa phòng em")
    await stage.writes(ALARM_EN, person=ANN)
    assert "cầm dao" in all_said(stage, VIETNAMESE)
    assert "cầm dao" not in all_said(stage, GROUP)
    assert "bleeding" not in all_said(stage, VIETNAMESE)


async def test_a_case_stays_in_its_group_when_the_person_changes_their_language(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.writes("he has a knife and stands in front of my door, help me please")
    assert times(stage, GROUP, "AGAIN") == 0
    assert times(stage, VIETNAMESE, "AGAIN") == 1


async def test_claim_reply_and_close_work_in_the_group_of_the_case(stage: Scene) -> None:
    await stage.writes(ALARM)
    await mai_presses(stage, "Claim")
    await mai_replies(stage, "Bạn có an toàn không?", to="ALARM")
    assert stage.texts(PERSON)[-1] == "Bạn có an toàn không?"
    await mai_presses(stage, "Close")
    await mai_presses(stage, "Helped")
    assert stage.find(VIETNAMESE, "closed by Mai")
    assert stage.messages(GROUP) == []


async def test_who_is_in_one_group_only_does_nothing_in_the_other(stage: Scene) -> None:
    await stage.writes(ALARM)
    message_id, data = stage.button(VIETNAMESE, "Claim")
    await stage.telegram.press(VIETNAMESE, 601, message_id, data)
    await stage.settled()
    assert stage.telegram.popups[-1]["text"].startswith("This works only in the staff group")
    assert times(stage, VIETNAMESE, "has it") == 0


async def test_a_button_for_a_case_of_another_group_does_nothing_and_says_so(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.writes(ALARM_EN, person=ANN)
    _, data = stage.button(VIETNAMESE, "Claim")
    message_id, _ = stage.button(GROUP, "Claim")
    await stage.telegram.press(GROUP, 601, message_id, data)
    await stage.settled()
    assert stage.telegram.popups[-1]["text"] == "Nothing was done: this case is in another group."
    assert times(stage, VIETNAMESE, "has it") == times(stage, GROUP, "has it") == 0


async def test_what_is_asked_in_one_group_is_answered_there_and_only_about_its_cases(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    code = stage.find(VIETNAMESE, "ALARM")["text"].split("ALARM ")[1][:5]
    await stage.telegram.write(GROUP, 601, f"/case {code}")
    await stage.telegram.write(VIETNAMESE, MAI, "/say")
    await stage.settled()
    assert stage.texts(GROUP) == ["Nothing was done: this case is in another group."]
    assert stage.find(VIETNAMESE, "/say needs a case")


async def test_topics_of_two_groups_with_the_same_number_are_two_cases(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.writes(ALARM_EN, person=ANN)
    async with stage.running.database.begin() as tx:  # type: ignore[union-attr]
        topic = stage.find(VIETNAMESE, "ALARM")["message_thread_id"]
        await tx.connection.execute(cases.update().values(topic_id=topic))
    stage.group.topics[topic] = "of the other case"
    await stage.telegram.write(VIETNAMESE, MAI, "/say", topic_id=topic)
    await stage.settled()
    code = stage.find(VIETNAMESE, "ALARM")["text"].split("ALARM ")[1][:5]
    assert stage.find(VIETNAMESE, f"Cards for {code}")


async def test_at_the_top_of_the_ladder_the_coordinators_of_that_group_are_named(
    stage: Scene,
) -> None:
    stage.telegram.chats[VIETNAMESE].administrators.add(MAI)
    stage.group.administrators.add(601)
    await stage.writes(ALARM)
    for _ in range(3):
        await stage.minutes_pass(5)
    assert stage.find(VIETNAMESE, "NOBODY for 15 minutes")["text"].splitlines()[1:] == ["Mai"]
    assert stage.messages(GROUP) == []


async def test_forget_deletes_the_copies_in_the_group_where_they_stand(stage: Scene) -> None:
    await stage.writes(ALARM)
    assert "chảy máu" in all_said(stage, VIETNAMESE)
    await stage.writes("/forget")
    await stage.presses("Ừ, xoá hết")
    copies = [text for text in stage.texts(VIETNAMESE) if text == ALARM]
    assert copies == []
    assert stage.find(VIETNAMESE, "had everything about them erased")


# --- one budget each


async def test_a_crowded_group_delays_no_other(stage: Scene) -> None:
    await stage.writes(ALARM)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        (row,) = await tx.connection.execute(
            select(outbox).where(outbox.c.purpose == "alert", outbox.c.state == "sent")
        )
        values = {each: getattr(row, each) for each in row._fields if each != "id"}
        for _ in range(PER_MINUTE):
            await tx.connection.execute(outbox.insert().values(values))
    # The group for Vietnamese has used its minute; an alert there waits, one elsewhere does not.
    await stage.telegram.write(PERSON, PERSON, "nó cầm dao đứng trước cửa phòng em")
    await stage.telegram.write(ANN, ANN, ALARM_EN)
    await until(lambda: times(stage, GROUP, "ALARM") == 1)
    assert times(stage, VIETNAMESE, "AGAIN") == 0
    stage.now = stage.now.replace(minute=stage.now.minute + 2)
    await stage.settled()
    assert times(stage, VIETNAMESE, "AGAIN") == 1


# --- when a group is gone


async def test_what_waits_for_a_group_that_is_gone_goes_to_the_default_one_which_is_told_why(
    stage: Scene,
) -> None:
    put_out(stage)
    await stage.writes(ALARM)
    alert = stage.find(GROUP, "ALARM")
    assert alert["message_thread_id"] in stage.group.topics
    assert ALARM in stage.texts(GROUP)
    told = stage.find(GROUP, "I can no longer write in the group for Tiếng Việt")
    assert "adds me again" in told["text"]
    assert times(stage, GROUP, "ALARM") == 1
    assert times(stage, GROUP, "perhaps delivered twice") == 0
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    assert stage.texts(PERSON)[-1] == "Are you safe?"


async def test_the_cases_of_a_group_that_is_gone_come_with_a_new_topic_and_can_be_claimed(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    put_out(stage)
    await stage.writes("nó cầm dao đứng trước cửa phòng em")
    moved = stage.find(GROUP, "comes here from another group")
    again = stage.find(GROUP, "AGAIN")
    assert moved["message_thread_id"] == again["message_thread_id"]
    assert len(stage.group.topics) == 1
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")
    assert times(stage, GROUP, "I can no longer write in the group") == 1


async def test_of_a_closed_case_nobody_is_told_when_its_group_is_gone_but_it_reopens_elsewhere(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await mai_presses(stage, "Close")
    await mai_presses(stage, "Helped")
    put_out(stage)
    stage.person("Lan", 5010203042)
    await stage.writes(ALARM, person=5010203042)
    assert times(stage, GROUP, "comes here from another group") == 0
    await stage.writes(ALARM)
    assert times(stage, GROUP, "AGAIN") + times(stage, GROUP, "ALARM") == 2


async def test_a_group_that_never_was_there_is_no_loss(two: Scene) -> None:
    two.config = two.config.model_copy(update={"staff_chats": {"vi": -1009990009990}})
    async with two.bot_runs():
        await two.writes(ALARM)
        assert two.find(GROUP, "ALARM")
        assert two.find(GROUP, "correct STAFF_CHATS")


async def test_a_copy_of_which_telegram_finds_the_person_no_more_shuts_no_group(
    stage: Scene,
) -> None:
    left = [3]

    async def unknown(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "copymessage" or not left[0]:
            return None
        left[0] -= 1
        body = {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
        return web.json_response(body, status=400)

    stage.server.fault = unknown
    await stage.writes(ALARM)
    assert left == [0]
    assert stage.messages(GROUP) == []
    assert ALARM in stage.texts(VIETNAMESE)


async def test_what_may_have_arrived_before_the_group_was_gone_comes_with_its_mark(
    stage: Scene,
) -> None:
    seen = [0]

    async def half(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "sendmessage" or params["chat_id"] != str(VIETNAMESE) or seen[0]:
            return None
        seen[0] += 1
        put_out(stage)
        return web.Response(body=b'{"ok": tr', status=200)

    stage.server.fault = half
    await stage.writes(ALARM)
    mark = stage.content.voice("en", stage.clock()).say("maybe-repeat")
    assert mark in stage.find(GROUP, "ALARM")["text"]


async def test_a_default_group_that_is_gone_is_waited_for_as_ever(stage: Scene) -> None:
    stage.group.blocked = True
    await stage.telegram.write(ANN, ANN, ALARM_EN)
    await stage.telegram.write(PERSON, PERSON, ALARM)
    await until(lambda: times(stage, VIETNAMESE, "ALARM") == 1)
    stage.group.blocked = False
    await stage.settled()
    assert times(stage, GROUP, "ALARM") == 1
    assert times(stage, VIETNAMESE, "bleeding") == 0


# --- when it is back


async def test_once_the_bot_is_let_in_again_new_cases_go_there_and_moved_ones_stay(
    stage: Scene,
) -> None:
    put_out(stage)
    await stage.writes(ALARM)
    await let_in(stage)
    assert stage.find(GROUP, "I can write in the group for Tiếng Việt again")
    assert stage.find(VIETNAMESE, "I can write in the group for Tiếng Việt again")
    other = stage.person("Lan", 5010203042)
    await stage.writes(ALARM, person=other)
    assert times(stage, VIETNAMESE, "ALARM") == 1
    await stage.writes("nó cầm dao đứng trước cửa phòng em")
    assert times(stage, GROUP, "AGAIN") == 1
    assert times(stage, VIETNAMESE, "AGAIN") == 0


async def test_the_old_alert_of_a_moved_case_moves_it_no_more(stage: Scene) -> None:
    await stage.writes(ALARM)
    put_out(stage)
    await stage.writes("nó cầm dao đứng trước cửa phòng em")
    await let_in(stage)
    stage.news(PERSON)
    await mai_presses(stage, "Claim")
    assert stage.telegram.popups[-1]["text"] == "Nothing was done: this case is in another group."
    await mai_replies(stage, "Bạn có an toàn không?", to="ALARM")
    await mai_replies(stage, "Bạn có an toàn không?", to="chảy máu")
    assert stage.news(PERSON) == []
    assert times(stage, VIETNAMESE, "stands for no case of this group") == 2


async def test_the_self_test_finds_that_the_group_is_back(stage: Scene) -> None:
    put_out(stage)
    await stage.writes(ALARM)
    assert stage.running is not None
    await stage.running.self_test.look()
    await stage.settled()
    assert times(stage, GROUP, "again: new cases go there") == 0
    put_out(stage, out=False)
    await stage.running.self_test.look()
    await stage.running.self_test.look()
    await stage.settled()
    assert times(stage, GROUP, "again: new cases go there") == 1


async def test_the_self_test_tells_each_group_of_itself_and_the_default_one_of_the_machine(
    stage: Scene,
) -> None:
    stage.telegram.chats[VIETNAMESE].bot_rights = RIGHTS - {"can_pin_messages"}
    stage.telegram.clock = lambda: stage.clock().timestamp() - 90
    assert stage.running is not None
    await stage.running.self_test.look()
    await stage.settled()
    (in_vietnamese,), (in_default,) = stage.texts(VIETNAMESE), stage.texts(GROUP)
    assert "may not pin messages" in in_vietnamese
    assert "The clock" not in in_vietnamese
    assert "The clock of the machine" in in_default
    assert "pin" not in in_default


async def test_after_a_restart_a_group_that_is_gone_is_still_known_to_be(two: Scene) -> None:
    async with two.bot_runs():
        put_out(two)
        await two.writes(ALARM)
    put_out(two, out=False)
    async with two.bot_runs():
        other = two.person("Lan", 5010203042)
        await two.writes(ALARM, person=other)
        assert times(two, GROUP, "ALARM") == 2
        assert two.messages(VIETNAMESE) == []


async def test_cases_of_a_group_that_the_settings_name_no_more_come_to_the_default_one(
    two: Scene,
) -> None:
    async with two.bot_runs():
        await two.writes(ALARM)
    two.config = two.config.model_copy(update={"staff_chats": {}})
    async with two.bot_runs():
        await two.settled()
        assert two.find(GROUP, "comes here from another group")
        await two.volunteer_presses("Hana", "Claim")
        assert two.find(GROUP, "Hana has it.")


# --- when it is upgraded


async def test_one_of_several_groups_that_is_upgraded_is_followed(stage: Scene) -> None:
    new_id = -1008880008880
    group = stage.telegram.chats[VIETNAMESE]
    stage.telegram.add_group(new_id, "tiếng Việt", [User(MAI, "Mai")], forum=True)
    group.moved_to = new_id
    await stage.writes(ALARM)
    assert stage.find(new_id, "ALARM")
    message_id, data = stage.button(new_id, "Claim")
    await stage.telegram.press(new_id, MAI, message_id, data)
    await stage.settled()
    assert stage.find(new_id, "Mai has it.")
    assert stage.messages(GROUP) == []


async def test_telegram_s_word_of_the_upgrade_moves_only_the_group_that_it_is_of(
    stage: Scene,
) -> None:
    new_id = -1008880008880
    stage.telegram.add_group(new_id, "tiếng Việt", [User(MAI, "Mai")], forum=True)
    await stage.telegram.write(new_id, MAI, content={"migrate_from_chat_id": VIETNAMESE})
    await stage.settled()
    await stage.writes(ALARM)
    await stage.writes(ALARM_EN, person=ANN)
    assert stage.find(new_id, "ALARM")
    assert stage.find(GROUP, "ALARM")
    assert stage.messages(VIETNAMESE) == []
