"""A word that the person sets, without which nobody reads what volunteers write after a silence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, select

from conversation.content import Content
from storage.purge import HELD_KEPT, purge
from storage.tables import held_messages, people
from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene, scene, sqlite_url

ALARM = "ông chủ đánh em chảy máu, cứu em với"
WORD = "hoa mai vàng"
NEEDED = "bạn nhắn từ của bạn"
SILENCE_MIN = 3 * 60


async def held(here: Scene) -> int:
    assert here.running is not None
    async with here.running.database.begin() as tx:
        count = select(func.count()).select_from(held_messages)
        return int((await tx.connection.execute(count)).scalar_one())


async def sets_word(here: Scene) -> None:
    await here.writes("/codeword")
    await here.writes(WORD)
    await here.writes(WORD)
    assert here.texts(PERSON)[-1].startswith("Mình nhớ từ của bạn rồi")


async def silent_with_word(here: Scene) -> None:
    """A trainee has a case and a code word, and has not written for hours."""
    await sets_word(here)
    await here.writes(ALARM)
    await here.volunteer_presses("Hana", "Claim")
    here.now += dt.timedelta(minutes=SILENCE_MIN)
    here.news(PERSON)
    here.news(GROUP)


async def test_after_a_silence_replies_wait_for_the_word_and_come_in_their_order(
    stage: Scene,
) -> None:
    await silent_with_word(stage)
    await stage.volunteer_replies("Hana", "Mình là tình nguyện viên", to="ALARM")
    (asked,) = stage.news(PERSON)
    assert asked["text"].startswith("Có tin mới cho bạn.\n\nMuốn đọc")
    assert "has not written for hours" in stage.news(GROUP)[-1]["text"]
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    assert stage.news(PERSON) == []
    await stage.writes("  HOA mai vàng ")
    known, first, second = (each["text"] for each in stage.news(PERSON))
    assert known.startswith("Đúng từ của bạn")
    assert (first, second) == ("Mình là tình nguyện viên", "Bạn có an toàn không?")
    assert await held(stage) == 0
    await stage.volunteer_replies("Hana", "Tốt quá", to="ALARM")
    assert [each["text"] for each in stage.news(PERSON)] == ["Tốt quá"]


async def test_without_a_silence_nobody_is_asked_for_the_word(stage: Scene) -> None:
    await sets_word(stage)
    await stage.writes(ALARM)
    stage.now += dt.timedelta(minutes=110)
    await stage.writes("em đây")
    stage.now += dt.timedelta(minutes=110)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    assert stage.texts(PERSON)[-1] == "Bạn có an toàn không?"


async def test_without_a_word_nothing_is_held_after_a_silence(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.now += dt.timedelta(minutes=SILENCE_MIN)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    assert stage.texts(PERSON)[-1] == "Bạn có an toàn không?"


async def test_whoever_writes_first_after_the_silence_has_not_shown_that_it_is_them(
    stage: Scene,
) -> None:
    await silent_with_word(stage)
    await stage.writes("alo ai đấy")
    stage.news(PERSON)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    (asked,) = stage.news(PERSON)
    assert NEEDED in asked["text"]


async def test_three_wrong_words_show_nothing_and_the_volunteers_are_told_once(
    stage: Scene,
) -> None:
    await silent_with_word(stage)
    await stage.volunteer_replies("Hana", "Mình là tình nguyện viên", to="ALARM")
    stage.news(PERSON)
    for number, word in enumerate(("táo xanh", "cam ngọt", "quýt đỏ", "lê vàng"), start=1):
        stage.news(GROUP)
        await stage.writes(word)
        (asked,) = stage.news(PERSON)
        assert NEEDED in asked["text"]
        told = [each["text"] for each in stage.news(GROUP)]
        assert any("does not know the person's code word" in text for text in told) == (number == 3)
        assert word in told
    await stage.writes(WORD)
    assert stage.news(PERSON)[-1]["text"] == "Mình là tình nguyện viên"


async def test_danger_alarms_without_the_word_and_shows_the_card(stage: Scene) -> None:
    await silent_with_word(stage)
    await stage.volunteer_replies("Hana", "Mình là tình nguyện viên", to="ALARM")
    stage.news(PERSON)
    stage.news(GROUP)
    await stage.writes("ông ấy đang cầm dao ngoài cửa, cứu em")
    assert "AGAIN" in stage.news(GROUP)[0]["text"]
    shown = "".join(each["text"] for each in stage.news(PERSON))
    assert "110" in shown
    assert "Mình là tình nguyện viên" not in shown


async def test_a_card_and_the_news_that_somebody_has_the_case_are_held_too(stage: Scene) -> None:
    await sets_word(stage)
    await stage.writes(ALARM)
    stage.now += dt.timedelta(minutes=SILENCE_MIN)
    stage.news(PERSON)
    await stage.volunteer_notes("Hana", "/say safe")
    await stage.volunteer_presses("Hana", "Is it safe to write?")
    (asked,) = stage.news(PERSON)
    assert NEEDED in asked["text"]
    await stage.writes(WORD)
    _, taken, card = (each["text"] for each in stage.news(PERSON))
    assert "Một tình nguyện viên đã nhận" in taken
    assert card.startswith("Bây giờ bạn nhắn tin có an toàn không?")


async def test_what_is_held_outlives_a_restart(content: Content, tmp_path: Path) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with here.bot_runs():
            await silent_with_word(here)
            await here.volunteer_replies("Hana", "Mình là tình nguyện viên", to="ALARM")
        async with here.bot_runs():
            await here.writes(WORD)
        assert here.texts(PERSON)[-1] == "Mình là tình nguyện viên"


async def test_the_word_takes_the_word_away_and_another_does_not(stage: Scene) -> None:
    await silent_with_word(stage)
    await stage.writes("/codeword")
    await stage.writes("một từ khác")
    assert "vẫn giữ nguyên" in stage.texts(PERSON)[-1]
    await stage.writes("/codeword")
    await stage.writes(WORD)
    assert "Đã bỏ từ riêng" in stage.texts(PERSON)[-1]
    stage.now += dt.timedelta(minutes=SILENCE_MIN)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    assert stage.texts(PERSON)[-1] == "Bạn có an toàn không?"


@pytest.mark.parametrize("word", ["abc", "xin chào", "x" * 65])
async def test_a_word_that_anybody_would_find_is_not_taken(stage: Scene, word: str) -> None:
    await stage.writes("/codeword")
    await stage.writes(word)
    assert stage.texts(PERSON)[-1].startswith("Từ này không được")
    await stage.writes("/mydata")
    assert "Chưa có từ riêng" in stage.texts(PERSON)[-1]


async def test_whoever_asks_something_in_place_of_the_new_word_is_not_locked_out(
    stage: Scene,
) -> None:
    await stage.writes("/codeword")
    await stage.writes("công ty giữ lương tháng này của em")
    await stage.writes("vậy phải làm sao ạ")
    assert "chưa có từ riêng nào" in stage.texts(PERSON)[-1]
    await stage.writes("/mydata")
    assert "Chưa có từ riêng" in stage.texts(PERSON)[-1]


async def test_danger_in_place_of_the_new_word_alarms(stage: Scene) -> None:
    await stage.writes("/codeword")
    await stage.writes(ALARM)
    assert stage.find(GROUP, "ALARM")


async def test_mydata_names_the_word_which_is_nowhere_in_what_is_kept(stage: Scene) -> None:
    await silent_with_word(stage)
    await stage.writes("/mydata")
    assert "Mã băm của từ riêng" in stage.texts(PERSON)[-1]
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        person = (await tx.connection.execute(select(people))).one()
        kept = [tx.vault.open(person.sealed_state), person.sealed_recent]
    assert WORD not in str(kept)
    assert WORD not in str(stage.texts(GROUP))


async def test_what_is_held_goes_with_the_person_and_after_its_time(stage: Scene) -> None:
    await silent_with_word(stage)
    await stage.volunteer_replies("Hana", "Mình là tình nguyện viên", to="ALARM")
    assert await held(stage) == 1
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        later = stage.clock() + HELD_KEPT
        assert (await purge(tx, later - dt.timedelta(hours=1)))["held messages"] == 0
        await tx.connection.rollback()
    await stage.writes("/forget")
    await stage.presses("Ừ, xoá hết")
    assert await held(stage) == 0


async def test_hiding_drops_what_is_held(stage: Scene) -> None:
    await silent_with_word(stage)
    await stage.volunteer_replies("Hana", "Mình là tình nguyện viên", to="ALARM")
    await stage.writes("/hide")
    await stage.writes("một từ khác")
    await stage.presses("Dọn ngay")
    assert await held(stage) == 0


async def test_after_a_silence_claim_offers_first_to_ask_whether_it_is_safe(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.now += dt.timedelta(minutes=SILENCE_MIN)
    await stage.volunteer_presses("Hana", "Claim")
    stage.news(PERSON)
    message_id, data = stage.button(GROUP, "is it safe to write?")
    await stage.volunteer_presses("Hana", "is it safe to write?")
    (card,) = stage.news(PERSON)
    assert card["text"].startswith("Bây giờ bạn nhắn tin có an toàn không?")
    assert "Ask first" not in str(stage.find(GROUP, "ALARM").get("reply_markup"))
    await stage.telegram.press(GROUP, VOLUNTEERS["Ken"], message_id, data)
    await stage.settled()
    assert stage.telegram.popups[-1]["text"].startswith("Nothing was sent")
    assert stage.news(PERSON) == []


async def test_a_claim_right_after_the_message_does_not_offer_it(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    assert "Ask first" not in str(stage.find(GROUP, "ALARM").get("reply_markup"))
