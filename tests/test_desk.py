"""Volunteers at work: claims, replies, notes, and who may act."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.telegram import User
from tests.scene import GROUP, PERSON, Scene

ALARM = "ông chủ đánh em chảy máu, cứu em với"


async def test_of_ten_volunteers_who_claim_at_once_one_wins_and_the_others_are_told_who(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    message_id, data = stage.button(GROUP, "Claim")
    for number in range(10):
        stage.telegram.users[700 + number] = User(700 + number, f"V{number}")
        stage.group.members.add(700 + number)
    presses = [stage.telegram.press(GROUP, 700 + number, message_id, data) for number in range(10)]
    await asyncio.gather(*presses)
    await stage.settled()
    told = [popup["text"] for popup in stage.telegram.popups]
    assert told.count("You have it.") == 1
    winner = stage.find(GROUP, "has it.")["text"].split(": ")[1].split(" ")[0]
    assert told.count(f"{winner} already has it.") == 9


async def test_a_reply_reaches_the_trainee_without_the_volunteer_s_name(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    taken, reply = stage.news(PERSON)
    assert "Một tình nguyện viên đã nhận" in taken["text"]
    assert reply["text"] == "Bạn có an toàn không?"
    assert "Hana" not in str(stage.messages(PERSON))


async def test_the_reply_of_an_administrator_without_a_name_reaches_the_trainee(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_replies(
        "Hana", "Bạn có an toàn không?", to="ALARM", in_name_of=stage.group.as_json()
    )
    assert stage.texts(PERSON)[-1] == "Bạn có an toàn không?"
    await stage.volunteer_closes("Ken")
    assert stage.find(GROUP, "closed by Ken.")


async def test_what_is_written_in_a_channel_s_name_is_not_passed_on_and_the_group_is_told(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    channel = {"id": -1005550005550, "type": "channel", "title": "news"}
    await stage.volunteer_replies("Hana", "Read our news", to="ALARM", in_name_of=channel)
    assert stage.news(PERSON) == []
    assert stage.find(GROUP, "in the name of a channel, so nobody got this reply")
    await stage.volunteer_presses("Ken", "Claim")
    assert stage.find(GROUP, "Ken has it.")


async def test_the_reply_of_somebody_who_has_left_reaches_nobody_and_the_group_is_told(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    stage.group.members.discard(602)
    await stage.volunteer_replies("Ken", "Where do you live?", to="ALARM")
    assert stage.news(PERSON) == []
    assert stage.find(GROUP, "not a member of this group")
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")


async def test_nobody_is_told_of_an_edited_note(stage: Scene) -> None:
    await stage.writes(ALARM)
    note = await stage.volunteer_notes("Ken", "I know this company")
    stage.news(GROUP)
    await stage.telegram.edit(GROUP, note, "I know this company well")
    await stage.settled()
    assert stage.news(GROUP) == []


async def test_a_note_in_the_topic_goes_nowhere(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.volunteer_notes("Ken", "I know this company, be careful")
    assert stage.news(PERSON) == []


async def test_a_button_pressed_by_somebody_who_left_the_group_does_nothing_and_says_so(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.group.members.discard(602)
    await stage.volunteer_presses("Ken", "Claim")
    assert stage.telegram.popups[-1]["text"].startswith("This works only in the staff group")
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")


async def test_a_staff_button_forged_in_a_private_chat_does_nothing_and_says_so(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    _, data = stage.button(GROUP, "Close")
    message_id, _ = stage.button(PERSON, "🆘")
    await stage.telegram.press(PERSON, PERSON, message_id, data)
    await stage.settled()
    assert stage.telegram.popups[-1]["text"].startswith("Chức năng này chỉ dùng được trong nhóm")
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")


@pytest.mark.parametrize("data", ["case:", "case:claim:", "case:eat:XXXXX", "case:close:XXXXX:1"])
async def test_a_made_up_staff_button_finds_no_case(stage: Scene, data: str) -> None:
    await stage.writes(ALARM)
    message_id, _ = stage.button(GROUP, "Claim")
    await stage.telegram.press(GROUP, 601, message_id, data)
    await stage.settled()
    assert stage.telegram.popups[-1]["text"] == "There is no such case."


async def test_messages_in_another_group_are_left_alone(stage: Scene) -> None:
    stage.telegram.add_group(-5, "strangers", [User(800, "Somebody")], forum=False)
    await stage.telegram.write(-5, 800, ALARM)
    await stage.settled()
    assert stage.messages(-5) == []
    assert stage.messages(GROUP) == []


async def test_a_command_in_another_group_does_nothing_and_says_so(stage: Scene) -> None:
    stage.telegram.add_group(-5, "strangers", [User(800, "Somebody", "en")], forum=False)
    await stage.telegram.write(-5, 800, "/human")
    await stage.settled()
    (said,) = stage.texts(-5)
    assert said.startswith("I do nothing here")
    assert stage.messages(GROUP) == []


async def test_a_claim_button_disappears_once_somebody_has_the_case(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    labels = str(stage.find(GROUP, "ALARM").get("reply_markup"))
    assert "Claim" not in labels
    assert "Close" in labels
