"""However many people, cases and messages there are: no query reads a whole table."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from conversation.content import Content
from sandbox.telegram import User
from storage.backlog import read_backlog
from storage.database import Database
from storage.purge import purge
from storage.tables import metadata
from tests.conftest import POSTGRESQL
from tests.contents import photo
from tests.databases import emptied
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url

ALARM = "ông chủ đánh em chảy máu, cứu em với"
ALARM_EN = "my boss beat me and I am bleeding, help me"
ENGLISH = -1005550001111
# All but those with one row, or one for each group or volunteer.
OURS = set(metadata.tables) - {"look_up_key", "staff_chats", "boards", "volunteers"}
READS = re.compile(r"^\s*(SELECT|UPDATE|DELETE)", re.IGNORECASE)
WHOLE_TABLE = re.compile(
    r"Seq Scan on (\w+)|^SCAN (\w+)\b(?! USING (?:COVERING )?INDEX)", re.MULTILINE
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]


async def a_day_passes(here: Scene) -> None:
    """People ask, are in danger, wait, and are forgotten; volunteers claim, release, reply, are
    slow, close, and look things up, also what was asked and figures."""
    await here.volunteer_notes("Hana", "/duty on")
    await here.volunteer_notes("Hana", "/duty off")
    await here.writes("cong ty khong tra luong 3 thang roi")
    await here.writes("how do I adopt a cat")
    await here.writes(ALARM)
    await here.volunteer_presses("Hana", "Claim")
    await here.volunteer_presses("Hana", "Release")
    await here.minutes_pass(5)
    await here.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    written = await here.writes("em ở Nagoya")
    await here.telegram.edit(PERSON, written, "em ở Osaka")
    await here.settled()
    for content in (photo(album="1"), photo(album="1")):
        await here.telegram.write(PERSON, PERSON, content=content)
    await here.settled()
    reply = await here.volunteer_replies("Hana", "Where?", to="em ở Osaka")
    await here.telegram.edit(GROUP, reply, "Where in Osaka?")
    await here.settled()
    await here.volunteer_presses("Hana", "Checklist")
    await here.volunteer_notes("Hana", "/languages vi en")
    await here.minutes_pass(1)
    await here.volunteer_notes("Ken", "/mine")
    await here.volunteer_notes("Hana", "/next")
    await here.volunteer_notes("Hana", "/handover Ken")
    await here.volunteer_presses("Ken", "Not now")
    await here.volunteer_notes("Ken", "/takeover")
    await here.board_is_looked_at()
    await here.minutes_pass(1)
    await here.board_is_looked_at()
    await here.volunteer_notes("Hana", "/say")
    await here.volunteer_presses("Hana", "Is it safe?")
    await here.volunteer_presses("Hana", "Is it safe to write?")
    await here.minutes_pass(30)
    await here.volunteer_presses("Hana", "Claim")
    await here.writes("nghỉ phép có lương được mấy ngày")
    await here.volunteer_presses("Hana", "Send this answer")
    await here.writes("/codeword")
    await here.writes("hoa mai vàng")
    await here.writes("hoa mai vàng")
    await here.minutes_pass(180)
    await here.volunteer_presses("Hana", "Claim")
    await here.volunteer_presses("Hana", "is it safe to write?")
    await here.writes("hoa mai vàng")
    await here.volunteer_closes("Hana")
    await here.presses("Ừ, hỏi mình nhé")
    await here.minutes_pass(24 * 60)
    await here.writes("hoa mai vàng")
    await here.presses("Mình an toàn")
    await here.volunteer_notes("Hana", "/case")
    await here.volunteer_notes("Hana", "/history K7QMW")
    await here.volunteer_notes("Hana", "/search vi")
    await here.volunteer_notes("Hana", "/gaps")
    await here.volunteer_notes("Hana", "/stats")
    await here.writes("how do I adopt a cat", person=here.person("Bình", PERSON + 1))
    await here.writes("/forget", person=PERSON + 1)
    await here.presses("Yes, erase everything", person=PERSON + 1)
    await here.writes("/mydata")
    await here.writes("/forget")
    await here.presses("Ừ, xoá hết")
    assert here.running is not None
    await a_group_goes(here)
    async with here.running.database.begin() as tx:
        await read_backlog(tx, here.clock())
        await purge(tx, here.clock())


async def a_group_goes(here: Scene) -> None:
    """The group for English shuts the bot out, and lets it in again."""
    ann = here.telegram.add_person(User(PERSON + 1, "Ann", "en")).id
    await here.writes(ALARM_EN, person=ann)
    here.telegram.chats[ENGLISH].blocked = True
    await here.writes(ALARM_EN, person=ann)
    here.telegram.chats[ENGLISH].blocked = False
    assert here.running is not None
    await here.running.self_test.look()


async def plans(database: Database, statements: dict[str, Any]) -> dict[str, str]:
    """Return how the database would do each statement when it avoids reading whole tables."""
    found = {}
    async with database.begin() as tx:
        is_sqlite = tx.connection.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        if not is_sqlite:
            # The tables of a test are so small that reading them whole is the quickest.
            await tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, values in statements.items():
            rows = await tx.connection.exec_driver_sql(f"{explain} {statement}", values)
            found[statement] = "\n".join(str(row[-1]) for row in rows)
    return found


async def plans_of_a_day(here: Scene) -> dict[str, str]:
    """Return how the database does each statement that a day brings."""
    statements: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _ctx: Any, many: bool) -> None:
        if READS.match(statement) and not many:
            statements[statement] = values

    assert here.running is not None
    database = here.running.database
    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await a_day_passes(here)
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    ours = {each: values for each, values in statements.items() if "count_1" not in each}
    return await plans(database, ours)


async def test_no_query_of_a_day_reads_a_whole_table(content: Content, url: str) -> None:
    await (await emptied(url)).close()
    async with scene(content, url) as here:
        here.telegram.add_group(ENGLISH, "English", [], forum=True)
        here.config = here.config.model_copy(update={"staff_chats": {"en": ENGLISH}})
        async with here.bot_runs():
            found = await plans_of_a_day(here)
        assert here.find(GROUP, "ALARM")
        assert here.find(GROUP, "comes here from another group")
    assert len(found) > 30
    assert any("held_messages" in each for each in found)
    assert here.find(GROUP, "ALARM")
    whole = {
        statement: tables
        for statement, plan in found.items()
        if (tables := {a or b for a, b in WHOLE_TABLE.findall(plan)} & OURS)
    }
    (budget,) = (plan for each, plan in found.items() if "sent_at >=" in each)
    assert "ix_outbox_lane_sent_at" in budget
    (deadlines,) = (plan for each, plan in found.items() if "due_at <=" in each and "rung" in each)
    assert "ix_cases_due_at" in deadlines
    assert not whole, "\n".join(f"{tables}: {statement}" for statement, tables in whole.items())
