"""Volunteers who send phrase cards and look at checklists."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from conversation import cards
from conversation.content import Content
from storage.tables import case_events
from tests.scene import GROUP, NOW, PERSON, VOLUNTEERS, Scene, scene, sqlite_url
from tests.test_cases import a_case

ALARM = "ông chủ đánh em chảy máu, cứu em với"
SAFE = "Bây giờ bạn nhắn tin có an toàn không? Có ai khác xem được điện thoại của bạn không?"


async def history(here: Scene) -> list[tuple[str, Any]]:
    """Return the steps of the case, each with the name of the volunteer who took it."""
    assert here.running is not None
    async with here.running.database.begin() as tx:
        query = select(case_events.c.event, case_events.c.sealed_by, case_events.c.at)
        rows = (await tx.connection.execute(query.order_by(case_events.c.id))).all()
        assert all(row.at >= NOW for row in rows)
        return [
            (row.event, tx.vault.open(row.sealed_by)[1] if row.sealed_by else None) for row in rows
        ]


async def test_whoever_sends_a_card_first_has_the_case_and_the_history_says_so(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")
    await stage.volunteer_presses("Hana", "Is it safe to write?")
    assert await history(stage) == [("open", None), ("staff-replies", "Hana")]
    await stage.volunteer_closes("Ken")
    assert stage.find(GROUP, "closed by Ken.")


async def test_the_group_reads_who_sent_which_card_in_place_of_the_list(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")
    shown = stage.find(GROUP, "Cards for")
    assert len(shown["reply_markup"]["inline_keyboard"]) == cards.CARDS_SHOWN_MAX + 1
    assert shown["reply_markup"]["inline_keyboard"][0][0]["text"] == (
        "Is it safe to write? · Is it safe for you to write now? Can…"
    )
    await stage.volunteer_presses("Hana", "Is it safe to write?")
    after = stage.group.messages[shown["message_id"]]
    assert after["text"].endswith(": Hana sent the card “Is it safe to write?”.")
    assert "reply_markup" not in after
    assert after["message_thread_id"] == max(stage.group.topics)


async def test_of_two_who_press_at_once_one_sends_and_the_other_is_told(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")
    message_id, data = stage.button(GROUP, "Is it safe to write?")
    presses = [stage.telegram.press(GROUP, who, message_id, data) for who in VOLUNTEERS.values()]
    await asyncio.gather(*presses)
    await stage.settled()
    assert stage.texts(PERSON).count(SAFE) == 1
    told = [popup["text"] for popup in stage.telegram.popups]
    assert told[0] == "Sent."
    assert told[1].startswith("Nothing was sent")


async def test_a_card_for_a_closed_case_arrives_and_the_case_stays_closed(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_closes("Ken")
    await stage.volunteer_notes("Ken", "/say write again")
    await stage.volunteer_presses("Ken", "You can always write again")
    assert stage.texts(PERSON)[-1].startswith("Lúc nào bạn cũng nhắn lại ở đây được.")
    assert (await history(stage))[-1] == ("staff-replies", "Ken")
    assert stage.find(GROUP, "closed by Ken.")
    await stage.writes("em lại bị ông chủ đánh, cứu em")
    assert stage.find(GROUP, "AGAIN")


async def test_somebody_who_has_left_gets_no_cards_and_sends_none(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")
    stage.news(PERSON)
    stage.group.members.discard(VOLUNTEERS["Ken"])
    await stage.volunteer_presses("Ken", "Is it safe to write?")
    assert stage.telegram.popups[-1]["text"].startswith("This works only in the staff group")
    stage.news(GROUP)
    await stage.volunteer_notes("Ken", "/say doctor")
    (told,) = stage.news(GROUP)
    assert told["text"].startswith("This works only in the staff group")
    assert stage.news(PERSON) == []


async def test_nobody_gets_the_command_itself_though_it_replies_to_an_alert(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.volunteer_replies("Hana", "/say@kakekomi_bot doctor", to="ALARM")
    assert stage.news(PERSON) == []
    assert stage.find(GROUP, "Do you want to see a doctor?")


async def test_a_command_whose_slip_is_mended_asks_again(stage: Scene) -> None:
    await stage.writes(ALARM)
    command = await stage.volunteer_notes("Hana", "/say xyzzy")
    assert stage.find(GROUP, "fits these words")
    stage.news(GROUP)
    await stage.telegram.edit(GROUP, command, "/say doctor")
    await stage.settled()
    assert "Do you want to see a doctor?" in stage.news(GROUP)[0]["text"]


async def test_a_reply_to_a_list_of_cards_reaches_nobody_and_the_group_is_told(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")
    stage.news(PERSON)
    await stage.volunteer_replies("Hana", "which of these is best?", to="Cards for")
    assert stage.news(PERSON) == []
    assert stage.find(GROUP, "so nobody got this reply")


async def test_a_list_left_by_somebody_who_was_forgotten_sends_nothing(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say safe")
    message_id, data = stage.button(GROUP, "Is it safe to write?")
    await stage.writes("/forget")
    await stage.presses("Ừ, xoá hết")
    stage.news(PERSON)
    await stage.telegram.press(GROUP, VOLUNTEERS["Hana"], message_id, data)
    await stage.volunteer_notes("Hana", "/say safe")
    assert stage.telegram.popups[-1]["text"].startswith("Nothing was sent")
    assert "/say needs a case" in stage.texts(GROUP)[-1]
    assert stage.news(PERSON) == []


async def test_a_card_with_a_number_that_holds_no_longer_is_not_sent_and_not_offered(
    content: Content, tmp_path: Path
) -> None:
    police = content.knowledge.contacts["police"].model_copy(update={"until": NOW.date()})
    contacts = {**content.knowledge.contacts, "police": police}
    ends = replace(content, knowledge=replace(content.knowledge, contacts=contacts))
    async with scene(ends, sqlite_url(tmp_path)) as here, here.bot_runs():
        await here.writes(ALARM)
        await here.volunteer_notes("Hana", "/say police")
        here.news(PERSON)
        here.now += dt.timedelta(days=1)
        await here.volunteer_presses("Hana", "Police: call now")
        assert "no checked value for today" in here.telegram.popups[-1]["text"]
        assert here.news(PERSON) == []
        await here.volunteer_notes("Hana", "/say police")
        assert "Police: do you want to?" in here.texts(GROUP)[-1]
        assert "Police: call now" not in here.texts(GROUP)[-1]


async def test_the_checklist_comes_into_the_case_s_topic_once_and_claims_nothing(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Checklist")
    await stage.volunteer_presses("Ken", "Checklist")
    (given,) = [each for each in stage.messages(GROUP) if "quarter of an hour" in each["text"]]
    assert given["message_thread_id"] == max(stage.group.topics)
    assert await history(stage) == [("open", None), ("checklist", "Hana")]
    await stage.volunteer_presses("Ken", "Claim")
    assert stage.telegram.popups[-1]["text"] == "You have it."


async def test_everybody_finds_cards_by_words_of_their_own_language_and_reads_them_in_it(
    stage: Scene,
) -> None:
    stage.telegram.users[VOLUNTEERS["Ken"]].language_code = "vi"
    await stage.writes(ALARM)
    await stage.volunteer_notes("Hana", "/say doctor")
    assert "Do you want to see a doctor?" in stage.news(GROUP)[-1]["text"]
    await stage.volunteer_notes("Ken", "/say bác sĩ")
    assert "Có muốn đi bác sĩ không?" in stage.news(GROUP)[-1]["text"]
    await stage.volunteer_notes("Ken", "/say doctor")
    assert "Có muốn đi bác sĩ không?" in stage.news(GROUP)[-1]["text"]
    await stage.volunteer_presses("Ken", "Các nhóm")
    await stage.volunteer_presses("Ken", "Cảnh sát, bác sĩ")
    await stage.volunteer_presses("Ken", "Cấp cứu: gọi ngay")
    assert stage.telegram.popups[-1]["text"] == "Đã gửi."
    assert stage.find(GROUP, "Ken sent the card “Ambulance: call now”.")


async def test_volunteers_who_read_only_japanese_serve_a_case_from_alarm_to_close(
    content: Content, tmp_path: Path
) -> None:
    japanese = replace(content, staff_language="ja")
    async with scene(japanese, sqlite_url(tmp_path)) as here, here.bot_runs():
        here.telegram.users[VOLUNTEERS["Hana"]].language_code = "ja"
        await here.writes(ALARM)
        alert = here.find(GROUP, "🔴 緊急")
        assert "言語: ベトナム語 (vi)" in alert["text"]
        labels = [each["text"] for row in alert["reply_markup"]["inline_keyboard"] for each in row]
        assert labels == ["担当する", "終了する", "チェックリスト"]
        await here.minutes_pass(6)
        assert here.find(GROUP, "返事がありません")
        await here.volunteer_presses("Hana", "担当する")
        assert here.find(GROUP, "Hanaさんが担当しています。")
        await here.volunteer_presses("Ken", "チェックリスト")
        checklist = here.find(GROUP, "最初の十五分にすること")["text"]
        assert "してはいけないこと" in checklist
        assert "外国人技能実習機構" in checklist
        await here.volunteer_notes("Ken", "/say びょういん")
        await here.volunteer_presses("Ken", "病院：今日行ってください")
        assert here.texts(PERSON)[-1].startswith("Mình nghĩ hôm nay bạn nên đi bác sĩ khám.")
        assert here.find(GROUP, "Kenさんが定型文「病院：今日行ってください」を送りました。")
        await here.volunteer_notes("Hana", "/say 機構")
        assert "外国人技能実習機構（OTIT）です" in here.texts(GROUP)[-1]
        await here.volunteer_presses("Hana", "終了する")
        await here.volunteer_presses("Hana", "引き継いだ")
        await here.volunteer_presses("Hana", "病院")
        assert here.find(GROUP, "Hanaさんが終了しました。結果: 引き継いだ → 病院")
        theirs = "".join(here.texts(GROUP)).replace("Hana", "").replace("Ken", "")
        assert not re.search(r"[a-z]{3,} [a-z]{3,}", theirs), theirs


def test_every_group_of_cards_fits_into_a_message_and_its_data_into_the_buttons(
    content: Content,
) -> None:
    for code in content.translations.staff:
        for name in content.knowledge.cards.groups:
            page = cards.group(content.staff_voice(NOW, code), a_case(), name)
            assert page is not None
            assert len(page.text) <= 4096
            assert all(len(button.data) <= 64 for row in page.buttons for button in row)


def test_the_first_card_of_all_asks_whether_it_is_safe_to_write(content: Content) -> None:
    assert content.knowledge.cards.ids[0] == "safe-to-write"
    assert len(content.knowledge.cards.ids) >= 60
