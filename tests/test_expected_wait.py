"""Out of hours a person is told how long it may take, as honestly as it can be known."""

from __future__ import annotations

import datetime as dt

import pytest

from cases.lifecycle import step
from cases.model import Claim, Event, Origin
from errors import StorageError
from storage.cases import open_case, save_step
from storage.people import add_person
from tests.limits import LIMITS
from tests.scene import GROUP, NOW, PERSON, Scene
from tests.test_dealing import BEATEN, says

NOBODY = "Lúc này không có tình nguyện viên nào đang trực"
UNKNOWN = "Mình không biết sẽ mất bao lâu"


async def lately(here: Scene, count: int, hours: float, kind: str | None = "violence") -> None:
    """So many people waited for so long lately until a volunteer took their case."""
    assert here.running is not None
    hana = Claim(601, "Hana")
    async with here.running.database.begin() as tx:
        for number in range(count):
            begins = NOW - dt.timedelta(days=2 + number)
            ends = begins + dt.timedelta(hours=hours)
            person = await add_person(tx, 90_000 + number, "vi", begins)
            case = await open_case(
                tx, f"OLD{number:02}", person.id, "vi", Origin.ALARM, kind, begins, begins
            )
            for event, at in ((Event.CLAIM, ends), (Event.CLOSE, ends)):
                after = step(case, event, now=at, limits=LIMITS, claim=hana)
                await save_step(tx, case, after, event, at, by=hana)
                case = after


async def nobody_is_there(here: Scene) -> None:
    """The team uses /duty, and nobody is on duty now."""
    await says(here, "Ken", "/duty on")
    await says(here, "Ken", "/duty off")


def told(here: Scene) -> str:
    return str(here.find(PERSON, NOBODY)["text"])


async def test_nobody_knows_how_long_it_takes_where_nothing_is_known(stage: Scene) -> None:
    await nobody_is_there(stage)
    await stage.writes(BEATEN)
    assert UNKNOWN in told(stage)
    assert "110" in told(stage)
    assert "Ken" not in told(stage)
    card = stage.find(PERSON, "🆘")["message_id"]
    assert card < stage.find(PERSON, NOBODY)["message_id"]
    assert stage.find(GROUP, "ALARM")
    stage.news(PERSON)
    await stage.writes("nó vẫn đánh em")
    assert NOBODY not in "".join(each.get("text", "") for each in stage.news(PERSON))


async def test_whoever_waits_is_told_from_when_a_volunteer_plans_to_be_there(stage: Scene) -> None:
    await says(stage, "Ken", "/duty on 18:00-22:00")
    await lately(stage, 5, hours=3)
    await stage.writes(BEATEN)
    assert "từ 18:00 (giờ Nhật)" in told(stage)
    assert "vài tiếng" not in told(stage)


@pytest.mark.parametrize(
    ("hours", "words"), [(0.5, "trong vòng một tiếng"), (3, "vài tiếng"), (50, "hơn một ngày")]
)
async def test_whoever_waits_is_told_how_long_people_in_danger_waited_lately(
    stage: Scene, hours: float, words: str
) -> None:
    await nobody_is_there(stage)
    await lately(stage, 5, hours)
    await stage.writes(BEATEN)
    assert words in told(stage)


async def test_from_few_cases_or_from_others_than_danger_nothing_is_concluded(
    stage: Scene,
) -> None:
    await nobody_is_there(stage)
    await lately(stage, 5, 3, kind=None)
    await stage.writes(BEATEN)
    assert UNKNOWN in told(stage)


@pytest.mark.parametrize("commands", [[], ["/duty on"]])
async def test_nothing_is_said_while_somebody_is_there_or_the_team_never_says_who_is(
    stage: Scene, commands: list[str]
) -> None:
    for command in commands:
        await says(stage, "Ken", command)
    await stage.writes(BEATEN)
    assert all(NOBODY not in text for text in stage.texts(PERSON))


async def test_an_alarm_goes_out_though_the_expected_wait_cannot_be_read(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await nobody_is_there(stage)

    async def fails(*_args: object, **_values: object) -> list[float]:
        raise StorageError("the database refused")

    monkeypatch.setattr("expected_wait.lately_waited_s", fails)
    await stage.writes(BEATEN)
    assert stage.find(GROUP, "ALARM")
    assert "🆘" in "".join(stage.texts(PERSON))
    assert all(NOBODY not in text for text in stage.texts(PERSON))


async def test_whoever_hid_the_chat_when_nobody_answered_is_told_when_they_are_back(
    stage: Scene,
) -> None:
    await stage.writes(BEATEN)
    await stage.writes("/hide")
    await stage.writes("con mèo xanh")
    await stage.presses("Dọn ngay")
    await stage.minutes_pass(5)
    assert all("Chưa có tình nguyện viên" not in text for text in stage.texts(PERSON))
    await stage.writes("con mèo xanh")
    back = stage.find(PERSON, "Chưa có tình nguyện viên nào trả lời bạn")["text"]
    assert "110" in back
