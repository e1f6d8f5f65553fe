"""Volunteers send answers of the knowledge base, offered by the bot or looked up."""

from __future__ import annotations

import asyncio
import datetime as dt

from cases.model import State
from storage.cases import case_by_id
from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene

ALARM = "ông chủ đánh em chảy máu, cứu em với"
QUESTION = "nghỉ phép có lương được mấy ngày"
OFFER = "this may answer their question"


async def claimed(here: Scene) -> None:
    """A trainee has a case, and Hana has taken it."""
    await here.writes(ALARM)
    await here.volunteer_presses("Hana", "Claim")
    here.news(PERSON)
    here.news(GROUP)


async def test_an_answer_that_surely_fits_is_offered_in_the_staff_s_language_and_sent_by_one_press(
    stage: Scene,
) -> None:
    await claimed(stage)
    await stage.writes(QUESTION)
    copied, offer = stage.news(GROUP)
    assert copied["text"] == QUESTION
    assert OFFER in offer["text"]
    assert "Paid leave" in offer["text"]
    assert offer["message_thread_id"] == max(stage.group.topics)
    assert len(offer["text"]) < 700
    assert stage.news(PERSON) == []
    await stage.volunteer_presses("Hana", "Send this answer")
    (answer,) = stage.news(PERSON)
    assert answer["text"].startswith("Nghỉ phép")
    assert "Hana" not in answer["text"]
    left = stage.group.messages[offer["message_id"]]
    assert "Hana sent the answer “Paid leave" in left["text"]
    assert "reply_markup" not in left


async def test_of_two_who_send_it_at_once_one_does(stage: Scene) -> None:
    await claimed(stage)
    await stage.writes(QUESTION)
    message_id, data = stage.button(GROUP, "Send this answer")
    presses = [stage.telegram.press(GROUP, who, message_id, data) for who in VOLUNTEERS.values()]
    await asyncio.gather(*presses)
    await stage.settled()
    assert len(stage.news(PERSON)) == 1
    assert any(each["text"].startswith("Nothing was sent") for each in stage.telegram.popups)


async def test_a_message_that_no_answer_surely_fits_gets_no_offer(stage: Scene) -> None:
    await claimed(stage)
    for text in ("dạ vâng cảm ơn chị", "con mèo nhà em màu tím bay qua mái"):
        await stage.writes(text)
    assert OFFER not in str(stage.news(GROUP))


async def test_while_nobody_has_the_case_the_bot_answers_itself_and_offers_nothing(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.writes(QUESTION)
    assert "Nghỉ phép" in stage.news(PERSON)[0]["text"]
    assert OFFER not in str(stage.texts(GROUP))


async def test_of_several_questions_within_minutes_one_gets_an_offer(stage: Scene) -> None:
    await claimed(stage)
    for minute in range(3):
        await stage.writes(f"{QUESTION} {'ạ' * minute}")
        stage.now += dt.timedelta(minutes=1)
    assert sum(OFFER in text for text in stage.texts(GROUP)) == 1
    await stage.writes(QUESTION)
    assert sum(OFFER in text for text in stage.texts(GROUP)) == 2


async def test_to_send_an_answer_renews_the_lease(stage: Scene) -> None:
    await claimed(stage)
    await stage.writes(QUESTION)
    await stage.minutes_pass(25)
    await stage.volunteer_presses("Hana", "Send this answer")
    await stage.minutes_pass(25)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        case = await case_by_id(tx, 1)
    assert case is not None
    assert case.state is State.CLAIMED


async def test_answers_are_looked_up_by_words_and_to_send_one_claims_the_case(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.volunteer_notes("Ken", "/answer paid leave days")
    assert "Answers for" in stage.texts(GROUP)[-1]
    await stage.volunteer_presses("Ken", "Paid leave")
    taken, answer = stage.news(PERSON)
    assert "Một tình nguyện viên đã nhận" in taken["text"]
    assert answer["text"].startswith("Nghỉ phép")


async def test_a_japanese_volunteer_looks_answers_up_and_reads_them_in_japanese(
    stage: Scene,
) -> None:
    stage.telegram.users[VOLUNTEERS["Ken"]].language_code = "ja"
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.volunteer_notes("Ken", "/answer 有給休暇")
    assert "有給" in stage.texts(GROUP)[-1]
    await stage.volunteer_presses("Ken", "有給")
    _, answer = stage.news(PERSON)
    assert answer["text"].startswith("Nghỉ phép")
    # Words in another language are understood as before.
    await stage.volunteer_notes("Ken", "/answer minimum wage")
    assert "最低賃金" in stage.texts(GROUP)[-1]


async def test_answer_outside_a_case_says_so(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.telegram.write(GROUP, VOLUNTEERS["Ken"], "/answer paid leave")
    await stage.settled()
    assert "/answer needs a case" in stage.texts(GROUP)[-1]


async def test_nothing_is_sent_to_somebody_who_hides(stage: Scene) -> None:
    await claimed(stage)
    await stage.writes(QUESTION)
    await stage.writes("/hide")
    await stage.writes("hoa mai vàng")
    await stage.presses("Dọn ngay")
    stage.news(PERSON)
    await stage.volunteer_presses("Hana", "Send this answer")
    assert "hidden their chat" in stage.telegram.popups[-1]["text"]
    assert stage.news(PERSON) == []
