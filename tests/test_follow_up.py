"""After the close: a question a day later, quiet hours, and being heard again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cases.model import Origin
from cases.queue import Queued, by_risk
from conversation.content import Content
from conversation.state import NIGHT, PersonState
from conversation.unasked import quiet_until
from storage.tables import case_events, cases, follow_ups
from tests.scene import GROUP, NOW, PERSON, Scene, scene, sqlite_url
from tests.test_cases import a_case

ALARM = "ông chủ đánh em chảy máu, cứu em với"
ASKS = "bạn có an toàn không?"
DAY_MIN = 24 * 60
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def events(here: Scene) -> list[str]:
    assert here.running is not None
    async with here.running.database.begin() as tx:
        query = select(case_events.c.event).order_by(case_events.c.id)
        return list((await tx.connection.execute(query)).scalars())


async def planned(here: Scene) -> int:
    assert here.running is not None
    async with here.running.database.begin() as tx:
        count = select(func.count()).select_from(follow_ups)
        return int((await tx.connection.execute(count)).scalar_one())


async def agreed(here: Scene) -> None:
    """A trainee's case is closed, and they agree to be asked after a day."""
    await here.writes(ALARM)
    await here.volunteer_closes("Hana")
    await here.presses("Ừ, hỏi mình nhé")
    here.news(PERSON)
    here.news(GROUP)


async def test_whoever_agreed_is_asked_once_after_a_day_and_answers_that_they_are_safe(
    stage: Scene,
) -> None:
    await agreed(stage)
    await stage.minutes_pass(DAY_MIN - 10)
    assert stage.news(PERSON) == []
    await stage.minutes_pass(15)
    (asked,) = stage.news(PERSON)
    assert ASKS in asked["text"]
    assert asked["text"].splitlines()[:2] == ["Có tin mới cho bạn. Chạm vào phần mờ để đọc.", ""]
    await stage.presses("Mình an toàn")
    assert "answered that they are safe" in stage.news(GROUP)[-1]["text"]
    assert "an toàn rồi" in stage.news(PERSON)[-1]["text"]
    await stage.minutes_pass(2 * DAY_MIN)
    assert stage.news(PERSON) == []
    assert (await events(stage))[-2:] == ["ask-later", "is-safe"]


async def test_whoever_needs_somebody_reopens_the_case_in_its_topic(stage: Scene) -> None:
    await agreed(stage)
    await stage.minutes_pass(DAY_MIN + 5)
    await stage.presses("Mình cần người giúp")
    alert = stage.find(GROUP, "says that they need somebody")
    assert alert["message_thread_id"] == max(stage.group.topics)
    assert len(stage.group.topics) == 1
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        case = (await tx.connection.execute(select(cases))).one()
    assert (case.state, case.origin) == ("waiting", Origin.UNSAFE.value)
    await stage.volunteer_presses("Ken", "Claim")
    assert stage.telegram.popups[-1]["text"] == "You have it."


def test_whoever_needs_somebody_comes_first_among_the_requests_but_after_danger() -> None:
    request = replace(a_case(kind=None), id=1, origin=Origin.REQUEST)
    unsafe = replace(request, id=2, origin=Origin.UNSAFE)
    danger = replace(a_case(kind="threats"), id=3)
    queue = [Queued(request, LONG_AGO), Queued(unsafe, NOW), Queued(danger, NOW)]
    assert [queued.case.id for queued in by_risk(queue)] == [3, 2, 1]


@pytest.mark.parametrize("says", ["Không cần đâu", None])
async def test_whoever_says_no_or_nothing_is_not_asked(stage: Scene, says: str | None) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_closes("Hana")
    if says:
        await stage.presses(says)
    stage.news(PERSON)
    await stage.minutes_pass(2 * DAY_MIN)
    assert stage.news(PERSON) == []


async def test_nobody_is_asked_whose_case_was_abuse(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_closes("Hana", "Abuse")
    with pytest.raises(AssertionError, match="there is no button"):
        stage.button(PERSON, "Ừ, hỏi mình nhé")


async def test_nobody_is_asked_who_has_hidden_the_chat_or_was_forgotten(stage: Scene) -> None:
    await agreed(stage)
    await stage.writes("/hide")
    await stage.writes("hoa mai vàng")
    await stage.presses("Dọn ngay")
    stage.news(PERSON)
    await stage.minutes_pass(2 * DAY_MIN)
    assert stage.news(PERSON) == []
    await stage.writes("hoa mai vàng")
    await stage.writes("/forget")
    await stage.presses("Ừ, xoá hết")
    assert await planned(stage) == 0


async def test_forgetting_takes_the_planned_question_away(stage: Scene) -> None:
    await agreed(stage)
    assert await planned(stage) == 1
    await stage.writes("/forget")
    await stage.presses("Ừ, xoá hết")
    assert await planned(stage) == 0


async def test_whoever_is_back_with_the_volunteers_is_not_asked(stage: Scene) -> None:
    await agreed(stage)
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.volunteer_replies("Hana", "Mình đây", to="AGAIN")
    assert await planned(stage) == 0
    await stage.volunteer_closes("Hana")
    stage.news(PERSON)
    await stage.minutes_pass(2 * DAY_MIN)
    assert stage.news(PERSON) == []


async def test_the_question_outlives_a_restart_and_comes_once(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with here.bot_runs():
            await agreed(here)
        here.now += dt.timedelta(days=1)
        async with here.bot_runs() as again:
            await again.follow_ups.look(here.clock())
            await again.follow_ups.look(here.clock())
            await here.settled()
        assert sum(ASKS in text for text in here.texts(PERSON)) == 1


async def test_the_question_waits_for_the_end_of_the_quiet_hours(stage: Scene) -> None:
    stage.now = NOW + dt.timedelta(hours=10, minutes=45)
    await agreed(stage)
    await stage.minutes_pass(DAY_MIN + 5)
    await stage.minutes_pass(8 * 60)
    assert stage.news(PERSON) == []
    await stage.minutes_pass(75)
    assert ASKS in stage.news(PERSON)[-1]["text"]


async def test_that_the_case_is_closed_waits_for_the_morning_but_a_reply_does_not(
    stage: Scene,
) -> None:
    stage.now = NOW + dt.timedelta(hours=10)
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.minutes_pass(60)
    await stage.volunteer_replies("Hana", "Mai mình nhắn tiếp nhé", to="ALARM")
    assert stage.news(PERSON)[-1]["text"] == "Mai mình nhắn tiếp nhé"
    await stage.volunteer_closes("Hana")
    assert stage.news(PERSON) == []
    await stage.minutes_pass(9 * 60 + 5)
    (told,) = stage.news(PERSON)
    assert "đã đóng trường hợp" in told["text"]
    assert "một ngày sau mình hỏi" in told["text"]


async def test_that_nobody_answers_a_danger_is_told_also_at_night(stage: Scene) -> None:
    stage.now = NOW + dt.timedelta(hours=11)
    await stage.writes(ALARM)
    stage.news(PERSON)
    await stage.minutes_pass(60)
    (told, *_) = stage.news(PERSON)
    assert "Chưa có tình nguyện viên nào trả lời" in told["text"]
    assert told["text"].startswith("Có tin mới cho bạn.")


async def test_whoever_switches_the_quiet_hours_off_is_told_at_night(stage: Scene) -> None:
    stage.now = NOW + dt.timedelta(hours=11)
    await stage.writes("/quiet")
    assert "22:00–7:00" in stage.texts(PERSON)[-1]
    await stage.presses("Không có giờ yên lặng")
    await stage.writes(ALARM)
    await stage.volunteer_replies("Hana", "Mình đây", to="ALARM")
    await stage.minutes_pass(20)
    stage.news(PERSON)
    await stage.volunteer_closes("Hana")
    assert "đã đóng trường hợp" in stage.news(PERSON)[-1]["text"]
    await stage.writes("/mydata")
    assert "Giờ yên lặng của bạn: Không có giờ yên lặng" in stage.texts(PERSON)[-1]


async def test_whoever_works_at_night_has_quiet_hours_by_day(stage: Scene) -> None:
    await stage.writes("/quiet")
    await stage.presses("8:00–16:00")
    assert "giờ yên lặng của bạn là 8:00–16:00" in stage.texts(PERSON)[-1]


async def test_a_reply_to_what_a_volunteer_wrote_reopens_the_case(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_replies("Hana", "Bạn giữ gìn nhé", to="ALARM")
    await stage.volunteer_closes("Hana")
    stage.now += dt.timedelta(days=3)
    stage.news(GROUP)
    reply = stage.find(PERSON, "Bạn giữ gìn nhé")["message_id"]
    await stage.telegram.write(PERSON, PERSON, "chị ơi em muốn hỏi thêm", reply_to=reply)
    await stage.settled()
    alert, copied = stage.news(GROUP)
    assert "writes again: the case is open again" in alert["text"]
    assert copied["text"] == "chị ơi em muốn hỏi thêm"
    assert copied["message_thread_id"] == max(stage.group.topics)


async def test_a_reply_to_what_the_bot_wrote_does_not(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_closes("Hana")
    stage.news(GROUP)
    reply = stage.find(PERSON, "đã đóng trường hợp")["message_id"]
    await stage.telegram.write(PERSON, PERSON, "nghỉ phép được mấy ngày", reply_to=reply)
    await stage.settled()
    assert stage.news(GROUP) == []


@pytest.mark.parametrize(
    ("hour", "minute", "ends_day"), [(22, 0, 2), (23, 59, 2), (0, 0, 1), (6, 59, 1)]
)
def test_the_quiet_hours_of_a_night_end_in_its_morning(
    hour: int, minute: int, ends_day: int
) -> None:
    japan = dt.timezone(dt.timedelta(hours=9))
    now = dt.datetime(2026, 12, 1, hour, minute, tzinfo=japan)
    end = quiet_until(PersonState(quiet=NIGHT), LONG_AGO, now)
    assert end == dt.datetime(2026, 12, ends_day, 7, tzinfo=japan)
    assert quiet_until(PersonState(quiet=None), LONG_AGO, now) is None
    assert quiet_until(PersonState(quiet=NIGHT), now - dt.timedelta(minutes=14), now) is None


@pytest.mark.parametrize(("hour", "minute"), [(7, 0), (12, 0), (21, 59)])
def test_by_day_nothing_waits(hour: int, minute: int) -> None:
    now = dt.datetime(2026, 12, 1, hour, minute, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    assert quiet_until(PersonState(), LONG_AGO, now) is None
