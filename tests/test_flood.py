"""Whoever writes very much is heard in full, in fewer messages, and holds nobody else up."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from storage.tables import inbox
from tests.contents import photo
from tests.scene import GROUP, PERSON, Scene, no_copy_arrives, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
DANGER = "nó cầm dao dọa giết em"
QUESTION = "cong ty khong tra luong 3 thang roi"


@pytest.fixture
async def claimed(stage: Scene) -> Scene:
    """A case that Hana has; what was said until then has been read."""
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    stage.news(GROUP)
    stage.news(PERSON)
    return stage


async def writes_quickly(here: Scene, *texts: str) -> None:
    """The trainee writes, and every message is understood before this returns."""
    for text in texts:
        await here.telegram.write(PERSON, PERSON, text)
    await _is_understood(here)


async def _is_understood(here: Scene) -> None:
    assert here.running is not None
    undone = select(func.count()).where(inbox.c.state == "waiting")
    while True:
        async with here.running.database.begin() as tx:
            left = (await tx.connection.execute(undone)).scalar_one()
        if not left and not here.telegram.updates:
            return
        await asyncio.sleep(0.02)


def news(here: Scene) -> list[str]:
    return [each.get("text", "photo") for each in here.news(GROUP)]


async def test_of_many_texts_the_first_comes_alone_and_the_rest_together_in_order(
    claimed: Scene,
) -> None:
    async with no_copy_arrives(claimed):
        await writes_quickly(claimed, *[f"chuyện {number}" for number in range(30)])
    single, merged = news(claimed)
    assert single == "chuyện 0"
    head, *lines = merged.split("\n")
    assert head == "29 messages between 12:00 and 12:00:"
    assert lines == [f"• chuyện {number}" for number in range(1, 30)]


async def test_what_is_written_again_and_again_stands_once_with_how_often(claimed: Scene) -> None:
    async with no_copy_arrives(claimed):
        await writes_quickly(claimed, "a1", *["sao không trả lời"] * 20, "alo?")
    merged = news(claimed)[-1]
    assert merged.split("\n")[1:] == ["• sao không trả lời ×20", "• alo?"]


async def test_no_text_that_was_merged_is_longer_than_telegram_takes(claimed: Scene) -> None:
    written = [f"{number} " + "ệ" * 900 for number in range(12)]
    async with no_copy_arrives(claimed):
        await writes_quickly(claimed, *written)
    told = news(claimed)
    assert len(told) < 12
    assert all(text in "\n".join(told) for text in written)


async def test_what_a_trainee_writes_formats_nothing(claimed: Scene) -> None:
    async with no_copy_arrives(claimed):
        await writes_quickly(
            claimed, "b1", "b2", "b3", "<b>x</b> & <a href='tg://user?id=1'>y", "z"
        )
    assert "• <b>x</b> & <a href='tg://user?id=1'>y\n• z" in news(claimed)[-1]


async def test_photos_among_texts_keep_their_place(claimed: Scene) -> None:
    async with no_copy_arrives(claimed):
        await writes_quickly(claimed, "c1", "c2", "c3", "c4", "c5")
        await claimed.telegram.write(PERSON, PERSON, content=photo())
        await writes_quickly(claimed, "c6", "c7")
    told = news(claimed)
    assert [each.split("\n")[-1] for each in told] == ["c1", "• c5", "photo", "• c7"]


async def test_a_cry_for_help_passes_all_that_waits(claimed: Scene) -> None:
    async with no_copy_arrives(claimed):
        await writes_quickly(claimed, *[f"chuyện {number}" for number in range(30)], DANGER)
        await until(lambda: any("AGAIN" in text for text in claimed.texts(GROUP)))
        await until(lambda: any("110" in text for text in claimed.texts(PERSON)[-2:]))
        claimed.news(GROUP)
    told = news(claimed)
    assert told.index(DANGER) <= 1
    assert "chuyện 29" in told[-1]


async def test_a_reply_to_merged_texts_reaches_the_trainee(claimed: Scene) -> None:
    async with no_copy_arrives(claimed):
        await writes_quickly(claimed, "d1", "d2", "d3", "d4", "d5")
    await claimed.volunteer_replies("Hana", "Mình đọc rồi", to="• d5")
    reply = claimed.find(PERSON, "Mình đọc rồi")
    assert reply["reply_to_message"]["text"] == "d5"


async def test_whoever_asks_the_same_again_and_again_is_answered_once(stage: Scene) -> None:
    await stage.writes("xin chào")
    stage.news(PERSON)
    for _ in range(5):
        await stage.writes(QUESTION)
    (answer,) = (each["text"] for each in stage.news(PERSON) if "lương" in each["text"])
    await stage.writes("nghi phep co luong duoc may ngay")
    await stage.writes(QUESTION)
    assert answer in stage.texts(PERSON)[-2:]


async def test_whoever_writes_much_while_they_wait_is_told_now_and_then_that_it_comes_in(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    for number in range(5):
        await stage.writes(f"xyz {number}")
    assert len(stage.news(PERSON)) == 1
    await stage.minutes_pass(2)
    await stage.writes("xyz abc")
    assert len(stage.news(PERSON)) == 1


async def test_the_emergency_card_comes_however_often_it_is_asked_for(stage: Scene) -> None:
    await stage.writes("xin chào")
    stage.news(PERSON)
    for _ in range(4):
        await stage.writes("/emergency")
    assert ["110" in each["text"] for each in stage.news(PERSON)] == [True] * 4
