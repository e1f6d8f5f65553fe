"""A coordinator keeps somebody from the volunteers; the emergency card and danger come through."""

from __future__ import annotations

import pytest

from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene

ALARM = "ông chủ đánh em chảy máu, cứu em với"
QUESTION = "cong ty khong tra luong 3 thang roi"
REASON = "insults, nobody <in need>"


@pytest.fixture
async def blocked(stage: Scene) -> Scene:
    """Hana, a coordinator, has blocked the person; what was said until then has been read."""
    stage.group.administrators.add(VOLUNTEERS["Hana"])
    await stage.writes(ALARM)
    await stage.volunteer_presses("Ken", "Claim")
    await stage.volunteer_notes("Hana", f"/block {REASON}")
    await stage.minutes_pass(11)
    return stage


def read(here: Scene) -> None:
    here.news(GROUP)
    here.news(PERSON)


async def test_whoever_is_blocked_is_told_so_and_the_group_reads_by_whom_and_why(
    blocked: Scene,
) -> None:
    assert f"blocked by Hana: {REASON}" in blocked.texts(GROUP)[-1]
    assert "ngừng nhận tin" in blocked.texts(PERSON)[-1]
    assert "Hana" not in str(blocked.messages(PERSON))
    assert REASON not in str(blocked.messages(PERSON))
    assert "Claim" not in str(blocked.find(GROUP, "ALARM").get("reply_markup"))
    await blocked.volunteer_notes("Ken", "/history")
    assert f"Hana: blocked the person ({REASON})" in blocked.texts(GROUP)[-1]


async def test_what_they_write_reaches_nobody_and_the_bot_still_answers(blocked: Scene) -> None:
    read(blocked)
    await blocked.writes(QUESTION)
    await blocked.sends({"photo": []})
    await blocked.writes("/human")
    assert blocked.news(GROUP) == []
    answers = [each["text"] for each in blocked.news(PERSON)]
    assert "lương" in answers[0]
    assert "ngừng nhận tin" in answers[-1]


async def test_an_earlier_button_opens_no_case_for_them(blocked: Scene) -> None:
    await blocked.writes(QUESTION)
    message_id, _ = blocked.button(PERSON, "🆘")
    read(blocked)
    await blocked.telegram.press(PERSON, PERSON, message_id, "human-yes")
    await blocked.settled()
    assert blocked.news(GROUP) == []
    assert "ngừng nhận tin" in blocked.texts(PERSON)[-1]


async def test_danger_always_shows_the_card_and_alarms_the_group_once_an_hour(
    blocked: Scene,
) -> None:
    read(blocked)
    await blocked.writes(ALARM)
    card, told = blocked.news(PERSON)
    assert "110" in card["text"]
    assert "Mình đã báo cho tình nguyện viên" in told["text"]
    alert, copy = blocked.news(GROUP)
    assert "AGAIN" in alert["text"]
    assert f"Blocked earlier by Hana: {REASON}" in alert["text"]
    assert copy["text"] == ALARM
    for _ in range(3):
        await blocked.writes(ALARM)
        card, told = blocked.news(PERSON)
        assert "110" in card["text"]
        assert "chưa báo lại ngay được" in told["text"]
    assert blocked.news(GROUP) == []
    await blocked.minutes_pass(61)
    read(blocked)
    await blocked.writes(ALARM)
    assert "AGAIN" in blocked.news(GROUP)[0]["text"]


async def test_the_emergency_button_shows_the_card(blocked: Scene) -> None:
    read(blocked)
    await blocked.presses("🆘")
    assert "110" in blocked.texts(PERSON)[-1]


async def test_once_a_volunteer_claims_such_an_alarm_the_two_can_talk(blocked: Scene) -> None:
    await blocked.writes(ALARM)
    read(blocked)
    await blocked.writes("em ở Nagoya")
    assert blocked.news(GROUP) == []
    await blocked.volunteer_replies("Ken", "Bạn ở đâu?", to="AGAIN")
    await blocked.writes("em ở Osaka")
    assert blocked.find(GROUP, "em ở Osaka")
    await blocked.volunteer_presses("Ken", "Close")
    await blocked.volunteer_presses("Ken", "Not needed")
    assert "ngừng nhận tin" in blocked.texts(PERSON)[-1]


async def test_whoever_is_let_through_again_is_told_so_and_heard(blocked: Scene) -> None:
    await blocked.volunteer_notes("Hana", "/unblock")
    assert "lại nhận tin của bạn" in blocked.texts(PERSON)[-1]
    assert "Hana lets them through again" in blocked.texts(GROUP)[-1]
    await blocked.presses("Nhắn lại cho tình nguyện viên")
    await blocked.writes("em ở Nagoya")
    assert blocked.find(GROUP, "em ở Nagoya")


@pytest.mark.parametrize(
    ("who", "what", "told"),
    [
        ("Ken", "/block because", "Only an administrator"),
        ("Hana", "/block", "needs a reason"),
        ("Hana", "/unblock", "is not blocked"),
    ],
)
async def test_it_needs_a_coordinator_and_a_reason(
    stage: Scene, who: str, what: str, told: str
) -> None:
    stage.group.administrators.add(VOLUNTEERS["Hana"])
    await stage.writes(ALARM)
    await stage.volunteer_notes(who, what)
    assert told in stage.texts(GROUP)[-1]
    await stage.writes("em ở Nagoya")
    assert stage.find(GROUP, "em ở Nagoya")


async def test_blocking_names_a_case_and_is_done_once(blocked: Scene) -> None:
    await blocked.volunteer_notes("Hana", "/block again")
    assert "blocked already" in blocked.texts(GROUP)[-1]
    await blocked.telegram.write(GROUP, VOLUNTEERS["Hana"], "/block somebody")
    await blocked.settled()
    assert "need a case" in blocked.texts(GROUP)[-1]


async def test_whoever_hides_is_not_told_and_still_alarms_in_silence(stage: Scene) -> None:
    stage.group.administrators.add(VOLUNTEERS["Hana"])
    await stage.writes(ALARM)
    await stage.writes("/hide")
    await stage.writes("hoa mai vàng")
    await stage.presses("Dọn ngay")
    read(stage)
    await stage.volunteer_notes("Hana", f"/block {REASON}")
    assert stage.news(PERSON) == []
    await stage.writes(ALARM)
    assert stage.find(GROUP, "Blocked earlier by Hana")
    assert "110" not in str(stage.news(PERSON))


async def test_they_see_that_it_is_kept_and_forgetting_erases_it_and_the_reason(
    blocked: Scene,
) -> None:
    await blocked.writes("/mydata")
    assert "đã ngừng nhận tin" in blocked.texts(PERSON)[-1]
    code = blocked.find(GROUP, "ALARM")["text"].split()[2].rstrip(":")
    await blocked.writes("/forget")
    await blocked.presses("Ừ, xoá hết")
    await blocked.volunteer_notes("Ken", f"/history {code}")
    assert REASON not in blocked.texts(GROUP)[-1]
    await blocked.writes("/human")
    assert "ngừng nhận tin" not in blocked.texts(PERSON)[-1]
