"""What the bot could not answer is listed for the volunteers, and nobody can be found in it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from cases.gaps import GAPS_KEPT, Gap, GapCount, GapKind
from conversation.content import Content
from conversation.gaps import GAPS_OF_A_PERSON_MAX
from storage.database import Database
from storage.gaps import add_gap, erase_gaps, most_frequent_gaps
from storage.keys import rekey
from storage.migrate import migrate
from storage.purge import purge
from storage.tables import gaps
from storage.vault import Vault
from tests.conftest import POSTGRESQL
from tests.databases import BOT, KEY, emptied, run_tool
from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene, scene, sqlite_url
from tests.test_forgetting import raw_files

CAT = "how do I adopt a cat"
MANY = ["how do I adopt a cat", "HOW DO I ADOPT A CAT??", "how do i adopt a cat!"]
LICENCE = "can I drive a car with my licence from home"
FISH = "where can I buy fish sauce"
ALARM = "ông chủ đánh em chảy máu, cứu em với"
OTHER = PERSON + 1
DAY = dt.date(2026, 12, 1)


async def kept(here: Scene) -> int:
    """Return how many gaps the database holds."""
    assert here.running is not None
    async with here.running.database.begin() as tx:
        count = await tx.connection.execute(select(func.count()).select_from(gaps))
        return int(count.scalar_one())


async def asked_for(here: Scene) -> str:
    """A volunteer writes /gaps; return what the group reads."""
    before = len(here.texts(GROUP))
    await here.volunteer_notes("Hana", "/gaps")
    return "\n".join(here.texts(GROUP)[before:])


async def test_what_people_ask_alike_is_counted_together_most_asked_first(stage: Scene) -> None:
    for number, text in enumerate(MANY):
        stage.person("Somebody", OTHER + number)
        await stage.writes(text, person=OTHER + number)
    await stage.writes(FISH)
    shown = await asked_for(stage)
    assert "English" in shown
    assert shown.index("3 × how do i adopt a cat") < shown.index(f"1 × {FISH.lower()}")


async def test_who_asks_again_and_again_is_counted_once(stage: Scene) -> None:
    for text in MANY:
        await stage.writes(text)
    assert "1 × how do i adopt a cat" in await asked_for(stage)


async def test_one_person_cannot_fill_the_list(stage: Scene) -> None:
    names = [f"{a}{b}" for a in "bcdfgh" for b in "klmnpqrs"][: GAPS_OF_A_PERSON_MAX + 2]
    for name in names:
        await stage.writes(f"where can I buy fish sauce {name}ooq")
    assert await kept(stage) == GAPS_OF_A_PERSON_MAX


async def test_none_of_the_suggestions_is_a_gap_in_the_words_that_were_asked(stage: Scene) -> None:
    await stage.writes(LICENCE)
    assert await kept(stage) == 0
    await stage.presses("None of these")
    assert "1 × can i drive a car" in await asked_for(stage)


async def test_an_answer_that_did_not_help_is_listed_with_its_topic_and_the_question(
    stage: Scene,
) -> None:
    await stage.writes("paid leave")
    await stage.presses("Did not help")
    assert "1 × 👎 Paid leave (yukyu): paid leave" in await asked_for(stage)


async def test_a_topic_from_the_menu_that_did_not_help_is_listed_by_its_name(stage: Scene) -> None:
    await stage.writes("/start en-paid-leave")
    await stage.presses("Did not help")
    shown = await asked_for(stage)
    assert "1 × 👎 Paid leave (yukyu)" in shown
    assert "(yukyu):" not in shown


async def test_names_and_numbers_are_in_no_listing_and_no_word_is_in_the_files(
    content: Content, tmp_path: Path
) -> None:
    asked = "where can I buy sentinelfish sauce, ask Sentinelopolis 090 1234 5678 @sentinel_name"
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        await here.writes(asked)
        shown = await asked_for(here)
        assert "sentinelfish" in shown
        raw = raw_files(tmp_path)
    for trace in ("Sentinelopolis", "sentinelopolis", "1234", "sentinel_name"):
        assert trace not in shown
        assert trace.encode() not in raw
    assert b"sentinelfish" not in raw


async def test_a_row_has_nothing_that_leads_to_a_person_and_no_time_but_the_day(
    stage: Scene,
) -> None:
    await stage.writes(CAT)
    assert stage.running is not None
    database = stage.running.database
    async with database.begin() as tx:
        (row,) = (await tx.connection.execute(select(gaps))).all()
    assert set(row._mapping) == {
        "id", "day", "kind", "language", "topic", "words_hash", "sealed_question",
    }  # fmt: skip
    assert row.day == DAY
    assert database.vault.hash(PERSON) not in (row.id, row.words_hash)
    assert database.vault.open(row.sealed_question)[0] == CAT.lower()


async def test_nothing_of_danger_or_need_is_listed(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.writes("I feel so lonely and tired of everything", person=stage.person("B", OTHER))
    await stage.presses("Did not help", person=OTHER)
    assert await kept(stage) == 0


async def test_what_somebody_asked_who_then_cries_for_help_is_listed_no_more(stage: Scene) -> None:
    await stage.writes(CAT)
    assert await kept(stage) == 1
    await stage.writes(ALARM)
    assert await kept(stage) == 0


async def test_who_is_with_the_volunteers_is_not_in_their_list(stage: Scene) -> None:
    await stage.writes("/human")
    await stage.presses("Có")
    await stage.writes(CAT)
    assert await kept(stage) == 0


async def test_who_hides_their_chat_is_not_listed(stage: Scene) -> None:
    await stage.writes("/hide")
    await stage.writes("con mèo tím")
    await stage.presses("Dọn")
    await stage.writes(CAT)
    assert await kept(stage) == 0


async def test_a_code_word_that_was_mistyped_is_not_listed(stage: Scene) -> None:
    await stage.writes("/codeword")
    await stage.writes("con mèo tím")
    await stage.writes("con mèo tím")
    await stage.writes(CAT)
    assert "I do not know this" in stage.texts(PERSON)[-1]
    assert await kept(stage) == 0


async def test_mydata_counts_them_and_forget_erases_them(stage: Scene) -> None:
    stage.person("Somebody", OTHER)
    await stage.writes(CAT, person=OTHER)
    await stage.writes(CAT)
    await stage.writes(FISH)
    await stage.writes("/language")
    await stage.presses("English")
    await stage.writes("/mydata")
    assert "encrypted: 2 from you" in stage.texts(PERSON)[-1]
    await stage.writes("/forget")
    await stage.presses("Yes, erase everything")
    shown = await asked_for(stage)
    assert "1 × how do i adopt a cat" in shown
    assert "fish" not in shown


async def test_after_its_time_a_gap_is_forgotten(stage: Scene) -> None:
    await stage.writes(CAT)
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        assert (await purge(tx, stage.clock() + GAPS_KEPT - dt.timedelta(days=1)))["gaps"] == 0
        assert (await purge(tx, stage.clock() + GAPS_KEPT + dt.timedelta(days=1)))["gaps"] == 1
    assert "Nothing in the last 90 days" in await asked_for(stage)
    # What was forgotten may be asked again.
    stage.now += GAPS_KEPT
    await stage.writes(CAT)
    assert await kept(stage) == 1


async def test_the_longest_list_fits_into_messages_a_language_each(stage: Scene) -> None:
    assert stage.running is not None
    async with stage.running.database.begin() as tx:
        for number in range(60):
            text = f"x{number} " + "<long & wide> " * 21
            language = "vi" if number % 2 else "en"
            row = gap(number, text, language)
            await add_gap(tx, replace(row, kind=GapKind.NOT_HELPFUL, topic="minimum-wage"))
    before = len(stage.texts(GROUP))
    await asked_for(stage)
    vi, en = stage.texts(GROUP)[before:]
    assert (vi.count("1 × "), en.count("1 × ")) == (12, 12)


async def test_only_members_of_the_group_see_the_list(stage: Scene) -> None:
    await stage.writes(CAT)
    stage.group.members.discard(VOLUNTEERS["Ken"])
    await stage.volunteer_notes("Ken", "/gaps")
    assert "only in the staff group, for its members" in stage.texts(GROUP)[-1]


# --- the table and the command


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]
    database = await emptied(url)
    await migrate(database)
    yield database
    await database.close()


def gap(number: int, words: str = "adopt a cat", language: str = "en", day: dt.date = DAY) -> Gap:
    return Gap(f"{number:032}", GapKind.UNKNOWN, language, None, f"{words}?", words, day)


async def test_gaps_are_counted_by_language_and_words_and_the_newest_key_counts_on(
    database: Database,
) -> None:
    later = DAY + dt.timedelta(days=3)
    async with database.begin() as tx:
        for each in (gap(1, day=later), gap(2), gap(2), gap(3, language="vi"), gap(4, "a dog")):
            await add_gap(tx, each)
    vault, database.vault = database.vault, Vault([Fernet.generate_key().decode()])
    async with database.begin() as tx:
        old = type(tx)(tx.connection, vault)
        assert await rekey(old, database.vault) == 4
        await add_gap(tx, gap(5, day=later))
        found = await most_frequent_gaps(tx, DAY)
        cat = GapCount(GapKind.UNKNOWN, "en", None, "adopt a cat?", DAY, 3)
        assert found[0] == cat
        assert {(each.language, each.text, each.count) for each in found[1:]} == {
            ("vi", "adopt a cat?", 1),
            ("en", "a dog?", 1),
        }
        assert [each.count for each in await most_frequent_gaps(tx, later, "en", 1)] == [2]
        await erase_gaps(tx, [f"{number:032}" for number in (1, 2, 5)])
        assert len(await most_frequent_gaps(tx, DAY)) == 2


async def run_gaps(database: Database, folder: Path, *options: str) -> tuple[int, str]:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "ENCRYPTION_KEYS": KEY}
    return await run_tool(sys.executable, str(BOT), "gaps", *options, folder=folder, **settings)


async def test_the_command_writes_them_for_a_spreadsheet_in_which_no_word_is_a_formula(
    database: Database, tmp_path: Path
) -> None:
    today = dt.datetime.now(dt.UTC).date()
    async with database.begin() as tx:
        await add_gap(tx, gap(1, "=cmd|' /c calc'!a", day=today))
        await add_gap(tx, gap(2, day=today - dt.timedelta(days=60)))
        helped = Gap("3", GapKind.NOT_HELPFUL, "vi", "tax", "thuế, 'nenkin'", "thue nenkin", today)
        await add_gap(tx, helped)
    code, printed = await run_gaps(database, tmp_path, "--format", "csv")
    assert code == 0, printed
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert {(row["language"], row["kind"], row["topic"], row["text"]) for row in rows} == {
        ("en", "unknown", "", "'=cmd|' /c calc'!a?"),
        ("en", "unknown", "", "adopt a cat?"),
        ("vi", "not-helpful", "tax", "thuế, 'nenkin'"),
    }
    assert {row["count"] for row in rows} == {"1"}
    assert {row["first_day"] for row in rows} > {today.isoformat()}
    code, printed = await run_gaps(database, tmp_path, "--days", "30")
    assert code == 0, printed
    assert "thuế" in printed
    assert "cat" not in printed
    code, printed = await run_gaps(database, tmp_path, "--days", "91")
    assert (code, printed.strip()) == (1, "--days is 1 to 90: nothing is kept for longer")
