"""The figures of a period: what volunteers see of it, and what donors are given."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import os
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from cases.lifecycle import step
from cases.model import Case, Claim, Event, Origin, Outcome
from cases.statistics import Opening, Statistics, Times, summed_up
from conversation.content import JAPAN, Content
from conversation.statistics import Period, Row, Table, tables_for_others
from desk.picture import FONTS, WIDTH, axis, draw
from storage.cases import open_case, save_step
from storage.database import Database
from storage.migrate import migrate
from storage.people import add_person
from storage.statistics import read_statistics
from tests.conftest import POSTGRESQL
from tests.databases import BOT, KEY, emptied, run_tool
from tests.limits import LIMITS
from tests.scene import GROUP, NOW, VOLUNTEERS, Scene, sqlite_url
from translations.fill import PLACEHOLDER

ALARM = "ông chủ đánh em chảy máu, cứu em với"
HANA = Claim(601, "Hana")
NOON = dt.datetime(2026, 11, 10, 12, tzinfo=JAPAN)
NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]
    database = await emptied(url)
    await migrate(database)
    yield database
    await database.close()


@dataclass
class Story:
    """A case and what happens to it, minute by minute, as the desk would write it."""

    database: Database
    case: Case
    began: dt.datetime

    async def then(
        self,
        minutes: float,
        event: Event,
        kind: str | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        now = self.began + dt.timedelta(minutes=minutes)
        after = step(self.case, event, now=now, limits=LIMITS, urgent_kind=kind, claim=HANA)
        async with self.database.begin() as tx:
            assert await save_step(tx, self.case, after, event, now, outcome=outcome)
        self.case = after


async def opens(
    database: Database,
    number: int,
    kind: str | None = None,
    language: str = "vi",
    at: dt.datetime = NOON,
) -> Story:
    async with database.begin() as tx:
        person = await add_person(tx, number, language, at)
        origin = Origin.ALARM if kind else Origin.REQUEST
        due_at = at + dt.timedelta(minutes=5)
        code = f"C{number:04}"
        case = await open_case(tx, code, person.id, language, origin, kind, at, due_at)
    return Story(database, case, at)


async def november(database: Database) -> Statistics:
    async with database.begin() as tx:
        return await read_statistics(tx, NOVEMBER.start, NOVEMBER.end, ["en", "vi"])


async def test_a_case_counts_by_what_it_was_about_when_a_human_came(database: Database) -> None:
    asks = await opens(database, 1)
    await asks.then(3, Event.RAISE, "violence")
    await asks.then(5, Event.CLIMB)
    await asks.then(10, Event.CLIMB)
    await asks.then(12, Event.CLAIM)
    # What comes later is another story.
    await asks.then(20, Event.RAISE, "immediate-danger")
    await asks.then(60, Event.LAPSE)
    await asks.then(70, Event.CLIMB)
    found = await november(database)
    assert (found.opened, found.by_kind["violence"]) == (1, 1)
    assert found.by_rung == (0, 0, 1, 0)
    assert found.to_human[True] == Times(1, 720.0, 720.0)
    assert found.to_human[False] == Times(0, None, None)
    assert found.waiting["immediate-danger"] == 1


async def test_a_case_opened_again_counts_again_and_one_that_nobody_took_has_no_time(
    database: Database,
) -> None:
    twice = await opens(database, 1, "threats", "en")
    await twice.then(4, Event.STAFF_REPLIES)
    await twice.then(30, Event.CLOSE, outcome=Outcome.HELPED)
    # A word after the close opens nothing.
    await twice.then(31, Event.STAFF_REPLIES)
    await twice.then(90, Event.OPEN)
    alone = await opens(database, 2)
    await alone.then(10, Event.WITHDRAW)
    found = await november(database)
    assert (found.opened, dict(found.by_language)) == (3, {"en": 2, "vi": 1})
    assert found.to_human == {True: Times(1, 240.0, 240.0), False: Times(0, None, None)}
    assert {ending: count for ending, count in found.endings.items() if count} == {
        Outcome.HELPED: 1,
        Event.WITHDRAW: 1,
    }
    assert {kind: count for kind, count in found.waiting.items() if count} == {"threats": 1}


async def test_a_period_has_japanese_days(database: Database) -> None:
    midnight = dt.datetime(2026, 11, 1, tzinfo=JAPAN)
    second = dt.timedelta(seconds=1)
    end = dt.datetime(2026, 12, 1, tzinfo=JAPAN)
    for number, at in enumerate([midnight - second, midnight, end - second, end], start=1):
        await opens(database, number, at=at)
    assert (await november(database)).opened == 2


def test_the_median_and_nine_of_ten_are_waits_that_there_were() -> None:
    waits = [Opening("vi", "violence", 60.0 * minute, 0) for minute in range(1, 11)]
    found = summed_up([*waits, Opening("vi", "violence", None, 4)], ["vi"], {}, {})
    assert found.to_human[True] == Times(10, 330.0, 540.0)
    assert found.by_rung == (10, 0, 0, 1)


# --- in the group


async def test_the_volunteers_see_exact_figures_as_text_and_as_a_picture(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.minutes_pass(5)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.volunteer_notes("Hana", "/stats")
    text, photo = stage.messages(GROUP)[-2:]
    shown = text["text"]
    assert "25 November 2026 to 1 December 2026\nCases opened: 1" in shown
    assert "Beaten or threatened with violence: 1" in shown
    assert "danger: 5 (nine of ten: 5)" in shown
    assert "one: 1" in shown
    assert photo["caption"] == "Cases opened: 1"
    with Image.open(io.BytesIO(base64.b64decode(photo["_png"]))) as picture:
        assert picture.width == WIDTH


async def test_a_month_is_asked_for_by_name_and_anything_else_is_explained(stage: Scene) -> None:
    await stage.volunteer_notes("Hana", "/stats month")
    assert "2 November 2026 to 1 December 2026" in stage.messages(GROUP)[-2]["text"]
    await stage.volunteer_notes("Hana", "/stats year")
    assert stage.texts(GROUP)[-1] == "Write /stats week or /stats month."


async def test_only_members_of_the_group_see_the_figures(stage: Scene) -> None:
    stage.group.members.discard(VOLUNTEERS["Ken"])
    await stage.volunteer_notes("Ken", "/stats")
    assert "only in the staff group, for its members" in stage.texts(GROUP)[-1]
    assert not any("photo" in message for message in stage.messages(GROUP))


# --- the picture


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (39, [0, 10, 20, 30, 40]),
        (41, [0, 20, 40, 60]),
        (1234, [0, 500, 1000, 1500]),
    ],
)
def test_an_axis_has_few_round_numbers_and_no_value_is_beyond_it(
    most: int, ticks: list[int]
) -> None:
    assert axis(most) == ticks


def test_every_letter_that_a_volunteer_may_read_in_the_picture_can_be_drawn(
    content: Content,
) -> None:
    staff = content.translations.staff.values()
    keys = ("no-kind", *(key for key in content.staff_voice(NOW).language.ui if "stats-" in key))
    words = [PLACEHOLDER.sub("", language.ui[key]) for language in staff for key in keys]
    words += [each.name for language in staff for each in language.urgency.kinds.values()]
    words += ["Trường hợp mở, ngữ ỹ Ặ", "相談件数（月別）ボランティアが応答するまで"]
    for weight in ("Regular", "Bold"):
        font = ImageFont.truetype(FONTS / f"NotoSansCJKjp-{weight}.otf", 30)
        unknown = bytes(font.getmask("\uffff"))
        letters = set("".join(words).replace(" ", ""))
        lacking = {each for each in letters if bytes(font.getmask(each)) == unknown}
        assert lacking == set()


def test_a_long_label_a_huge_value_and_none_at_all_can_be_drawn(content: Content) -> None:
    rows = (
        Row("没収された旅券" * 9, 10**8), Row("Không " * 30, 3), Row("x", None, is_time=True),
    )  # fmt: skip
    png = draw(content.staff_voice(NOW), "title", "subtitle", [Table("t", rows), Table("u", ())])
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width == WIDTH


# --- for others


def of_kinds(content: Content, kinds: dict[str | None, int]) -> dict[str, Table]:
    """Return what others get of so many cases, each answered after ten minutes."""
    cases = [Opening("vi", kind, 600.0, 0) for kind, count in kinds.items() for _ in range(count)]
    statistics = summed_up(cases, ["en", "vi"], {}, {})
    voice = content.staff_voice(NOW)
    names = ("kinds", "languages", "times", "rungs", "ends")
    return dict(zip(names, tables_for_others(voice, statistics), strict=True))


def test_others_get_times_only_of_five_and_more_and_only_beside_a_count(content: Content) -> None:
    times = of_kinds(content, {"violence": 5, None: 4})["times"].rows
    assert [(row.value, row.upper) for row in times] == [(10, 10), (None, None)]


async def run_report(database: Database, folder: Path, *options: str) -> tuple[int, str]:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "ENCRYPTION_KEYS": KEY}
    days = ("--from", "2026-11-01", "--to", "2026-11-20") if "--from" not in options else ()
    return await run_tool(
        sys.executable, str(BOT), "report", *days, *options, folder=folder, **settings
    )


async def test_the_report_withholds_small_counts_and_what_would_tell_them(
    database: Database, tmp_path: Path
) -> None:
    for number in range(1, 12):
        story = await opens(database, number, "violence" if number < 9 else None)
        await story.then(7, Event.CLAIM)
    code, printed = await run_report(database, tmp_path)
    assert code == 0, printed
    rows = {
        (row["table"], row["item"]): row["value"] for row in csv.DictReader(io.StringIO(printed))
    }
    few = "fewer than 5, or withheld"
    assert rows["Cases opened, all", ""] == "11"
    about = "Cases opened, by what they are about"
    assert rows[about, "Beaten or threatened with violence"] == "8"
    assert rows[about, "asks for a human"] == few
    # Of two languages the one would tell the other.
    assert rows["Cases opened, by language", "Vietnamese"] == few
    assert rows["Minutes until a volunteer came", "danger, median"] == "7"
    assert rows["Minutes until a volunteer came", "asks for a human, median"] == few
    book = tmp_path / "report.xlsx"
    code, printed = await run_report(database, tmp_path, "--format", "xlsx", "--output", str(book))
    assert (code, printed) == (0, f"{book}: 1 November 2026 to 20 November 2026\n")
    with zipfile.ZipFile(book) as content:
        words = content.read("xl/sharedStrings.xml").decode()
    assert "Cases opened, all" in words
    assert "whose days overlap" in words


async def test_a_report_that_cannot_be_says_why(database: Database, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for options, said in (
        (
            ("--from", "2026-11-20", "--to", "2026-11-01"),
            "--from 2026-11-20 is after --to 2026-11-01",
        ),
        (
            ("--from", "2026-11-20", "--to", "2999-01-01"),
            "--to 2999-01-01 has not been yet in Japan",
        ),
        (("--format", "xlsx"), "a spreadsheet needs a file: --output report.xlsx"),
        (("--output", str(there)), f"{there} exists already: name another file, or remove it"),
        (("--output", "no/such.csv"), "no/such.csv cannot be written: No such file or directory"),
    ):
        assert await run_report(database, tmp_path, *options) == (1, f"{said}\n")
    assert there.read_text() == "mine"
    file = tmp_path / "new.csv"
    assert (await run_report(database, tmp_path, "--output", str(file)))[0] == 0
    assert file.read_bytes().startswith("\ufefftable,item,value\n".encode())
