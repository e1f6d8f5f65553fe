"""The conversation through the desk: both ways by copy, in its thread, and what became of it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from sandbox.telegram import Telegram
from tests.scene import GROUP, PERSON, VOLUNTEERS, Message, Scene, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
QUESTION = "cong ty khong tra luong 3 thang roi"


def answered(message: Message) -> str | None:
    """Return the text of the message that one is shown to reply to."""
    replied = message.get("reply_to_message")
    return replied.get("text") if replied else None


def marks(here: Scene, message_id: int) -> list[str]:
    return list(here.group.messages[message_id].get("_reactions", []))


async def person_replies(here: Scene, text: str, to: int) -> int:
    message_id = await here.telegram.write(PERSON, PERSON, text, reply_to=to)
    await here.settled()
    return message_id


async def edits(here: Scene, chat: int, message_id: int, text: str) -> None:
    await here.telegram.edit(chat, message_id, text)
    await here.settled()


# --- who has the conversation


async def test_a_question_in_a_claimed_case_goes_to_the_volunteer_and_gets_no_answer_of_the_bot(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    stage.news(PERSON)
    await stage.writes(QUESTION)
    assert stage.news(PERSON) == []
    assert stage.find(GROUP, QUESTION)


async def test_danger_in_a_claimed_case_alarms_again_and_shows_the_card_and_nothing_else(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.minutes_pass(11)
    stage.news(PERSON)
    await stage.writes("giam doc giu ho chieu cua em va danh em, cứu em với")
    card, passed_on = stage.news(PERSON)
    assert "110" in card["text"]
    assert "chuyển" in passed_on["text"]
    assert stage.find(GROUP, "AGAIN")


async def test_menu_commands_and_the_buttons_of_earlier_answers_work_in_a_claimed_case(
    stage: Scene,
) -> None:
    await stage.writes(QUESTION)
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    stage.news(PERSON)
    await stage.presses("Mục lục")
    await stage.writes("/emergency")
    menu, card = stage.news(PERSON)
    assert "Bạn muốn hỏi về chuyện gì?" in menu["text"]
    assert "110" in card["text"]
    await stage.presses("👍")
    assert len(stage.news(PERSON)) == 1


@pytest.mark.parametrize("how", ["close", "lapse"])
async def test_the_bot_answers_again_once_the_case_is_closed_or_its_claim_has_run_out(
    stage: Scene, how: str
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    if how == "close":
        await stage.volunteer_closes("Hana")
    else:
        await stage.minutes_pass(31)
    stage.news(PERSON)
    await stage.writes(QUESTION)
    assert any("lương" in message["text"] for message in stage.news(PERSON))


# --- threads


async def test_the_trainee_s_reply_to_a_volunteer_stands_below_the_volunteer_s_own_message(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    await stage.volunteer_replies("Hana", "Bạn ở đâu?", to="ALARM")
    asked = stage.find(PERSON, "an toàn")["message_id"]
    await person_replies(stage, "dạ có", to=asked)
    assert answered(stage.find(GROUP, "dạ có")) == "Bạn có an toàn không?"


async def test_a_volunteer_s_reply_to_a_copy_stands_below_the_trainee_s_own_message(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.writes("em ở ký túc xá")
    await stage.writes("em đang ở ngoài")
    await stage.volunteer_replies("Hana", "Ký túc xá nào?", to="em ở ký túc xá")
    reply = stage.find(PERSON, "Ký túc xá nào?")
    assert answered(reply) == "em ở ký túc xá"
    assert reply["reply_to_message"]["from"]["id"] == PERSON


async def test_a_reply_to_the_alert_stands_alone(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_replies("Hana", "Bạn ở đâu?", to="ALARM")
    assert answered(stage.find(PERSON, "Bạn ở đâu?")) is None


async def test_a_reply_to_something_that_is_deleted_arrives_all_the_same(stage: Scene) -> None:
    await stage.writes(ALARM)
    first = await stage.writes("em ở ký túc xá")
    del stage.telegram.chats[PERSON].messages[first]
    await stage.volunteer_replies("Hana", "Ký túc xá nào?", to="em ở ký túc xá")
    assert answered(stage.find(PERSON, "Ký túc xá nào?")) is None


# --- edits


async def test_the_new_form_of_a_trainee_s_message_stands_below_the_one_that_it_replaces(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    written = await stage.writes("em ở Nagoya")
    await edits(stage, PERSON, written, "em ở Osaka")
    assert answered(stage.find(GROUP, "em ở Osaka")) == "em ở Nagoya"
    await edits(stage, PERSON, written, "em ở Kobe")
    assert answered(stage.find(GROUP, "em ở Kobe")) == "em ở Osaka"
    assert answered(stage.find(GROUP, "edited a message")) == "em ở Osaka"


async def test_an_edit_that_tells_of_danger_alarms(stage: Scene) -> None:
    await stage.writes(ALARM)
    written = await stage.writes("em ở Nagoya")
    await stage.volunteer_presses("Hana", "Claim")
    await edits(stage, PERSON, written, "nó cầm dao dọa giết em")
    assert stage.find(GROUP, "AGAIN")
    assert answered(stage.find(GROUP, "cầm dao")) == "em ở Nagoya"


async def test_a_volunteer_s_edit_changes_what_the_trainee_has_and_the_volunteer_sees_that(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    reply = await stage.volunteer_replies("Hana", "Gọi 111 <ngay>", to="ALARM")
    stage.news(PERSON)
    await edits(stage, GROUP, reply, "Gọi 110 <ngay> & đợi")
    assert stage.news(PERSON) == []
    assert stage.texts(PERSON)[-1] == "Gọi 110 <ngay> & đợi"
    assert answered(stage.find(GROUP, "now sees the new form")) == "Gọi 110 <ngay> & đợi"


async def test_a_volunteer_s_edit_of_a_caption_changes_what_the_trainee_has(stage: Scene) -> None:
    await stage.writes(ALARM)
    alert = stage.find(GROUP, "ALARM")["message_id"]
    photo = {"photo": [], "caption": "Đồn cảnh sát ở đây"}
    sent = await stage.telegram.write(GROUP, 601, reply_to=alert, content=photo)
    await stage.settled()
    message = stage.group.messages[sent]
    message["caption"] = "Đồn cảnh sát ở kia"
    await stage.telegram.add_update({"edited_message": message})
    await stage.settled()
    assert stage.messages(PERSON)[-1]["caption"] == "Đồn cảnh sát ở kia"


async def test_an_edit_that_cannot_reach_the_trainee_is_said_below_it(stage: Scene) -> None:
    await stage.writes(ALARM)
    reply = await stage.volunteer_replies("Hana", "Gọi 111", to="ALARM")
    del stage.telegram.chats[PERSON].messages[stage.find(PERSON, "Gọi 111")["message_id"]]
    await edits(stage, GROUP, reply, "Gọi 110")
    assert answered(stage.find(GROUP, "this edit did not reach the person")) == "Gọi 110"


# --- what became of it


async def test_a_reply_is_marked_once_the_trainee_has_it_and_a_note_as_a_note(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    reply = await stage.volunteer_replies("Hana", "Bạn ở đâu?", to="ALARM")
    note = await stage.volunteer_notes("Ken", "I know this company")
    assert marks(stage, reply) == ["👌"]
    assert marks(stage, note) == ["✍"]


async def test_a_reply_that_has_not_arrived_yet_has_no_mark(stage: Scene) -> None:
    await stage.writes(ALARM)
    tried: list[str] = []
    stage.server.fault = _asking_to_wait(tried)
    alert = stage.find(GROUP, "ALARM")["message_id"]
    reply = await stage.telegram.write(GROUP, VOLUNTEERS["Hana"], "Bạn ở đâu?", reply_to=alert)
    await until(lambda: bool(tried))
    assert marks(stage, reply) == []
    stage.server.fault = None
    await stage.settled()
    assert marks(stage, reply) == ["👌"]


def _asking_to_wait(tried: list[str]) -> Any:
    async def fault(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "copymessage" or int(params["chat_id"]) != PERSON:
            return None
        tried.append(method)
        body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1"}
        return web.json_response({**body, "parameters": {"retry_after": 1}}, status=429)

    return fault


async def test_where_the_group_has_no_reactions_everything_else_goes_on(stage: Scene) -> None:
    stage.group.has_reactions = False
    await stage.writes(ALARM)
    reply = await stage.volunteer_replies("Hana", "Bạn ở đâu?", to="ALARM")
    assert marks(stage, reply) == []
    assert stage.texts(PERSON)[-1] == "Bạn ở đâu?"
    stage.news(GROUP)
    await stage.writes("em ở Nagoya")
    (copy,) = stage.news(GROUP)
    assert copy["text"] == "em ở Nagoya"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda stage: setattr(stage.telegram.chats[PERSON], "blocked", True), "blocked the bot"),
        (lambda stage: setattr(stage.telegram.chats[PERSON], "deleted", True), "was deleted"),
        (lambda stage: setattr(stage.telegram.chats[PERSON], "unknown", True), "blocked the bot"),
        (lambda stage: setattr(stage.group, "has_protected_content", True), "copies no message"),
    ],
)
async def test_what_cannot_be_delivered_is_said_below_the_volunteer_s_message_with_the_reason(
    stage: Scene, wrong: Any, reason: str
) -> None:
    await stage.writes(ALARM)
    wrong(stage)
    reply = await stage.volunteer_replies("Hana", "Bạn ở đâu?", to="ALARM")
    notice = stage.find(GROUP, "was not delivered")
    assert reason in notice["text"]
    assert answered(notice) == "Bạn ở đâu?"
    assert marks(stage, reply) == []


async def test_a_reply_that_its_author_deletes_before_it_is_sent_is_said_to_be_gone(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    alert = stage.find(GROUP, "ALARM")["message_id"]
    stage.server.fault = _deleting_first(stage.telegram)
    await stage.telegram.write(GROUP, VOLUNTEERS["Hana"], "Bạn ở đâu?", reply_to=alert)
    await stage.settled()
    assert "no longer exists" in stage.find(GROUP, "was not delivered")["text"]


def _deleting_first(telegram: Telegram) -> Any:
    async def fault(method: str, params: dict[str, Any]) -> None:
        if method.lower() == "copymessage" and int(params["chat_id"]) == PERSON:
            telegram.chats[GROUP].messages.pop(int(params["message_id"]), None)

    return fault
